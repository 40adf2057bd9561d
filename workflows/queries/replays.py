"""The replay that whoever publishes a draft should have read."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse

from prm.kernel.automation.models import RuleVersion
from workflows.definition import checksum
from workflows.models import Replay, WorkflowVersion
from workflows.replay import words


def latest_replay(version: WorkflowVersion) -> Mapping[str, Any] | None:
    """The newest replay of a version that is done: what it says, where it is, whether the draft has changed."""
    found = Replay.objects.filter(version=version, state="done").first()
    return _told(found, version.checksum) if found else None


def replay_of_rules(version_id: UUID) -> dict[str, Any] | None:
    """The same for a draft of rules, as the page of its rule set shows it."""
    version = RuleVersion.objects.filter(pk=version_id).first()
    if version is None:
        return None
    found = Replay.objects.filter(rule_version_id=version_id, state="done").first()
    page = reverse("workflows:replay_rules", args=[version_id])
    return {"latest": _told(found, checksum(version.document)) if found else None, "page": page}


def _told(replay: Replay, now: str) -> Mapping[str, Any]:
    return {
        "told": words.summary(replay.result),
        "url": reverse("workflows:replay", args=[replay.pk]),
        "stale": replay.checksum != now,
    }
