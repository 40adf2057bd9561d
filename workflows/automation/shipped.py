"""The templates that come with the engine itself: what to do when something goes wrong, fails or is late."""

import json
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext_lazy as _

from prm.kernel.automation.registry import register_template


def tree(key: str) -> Mapping[str, Any]:
    """A shipped tree of blocks."""
    found: Mapping[str, Any] = json.loads((files("workflows") / "shipped" / f"{key}.json").read_text())
    return found


for _key, _label, _why in (
    (
        "incident-handling",
        _("Incident handling"),
        _("Gives every incident to the operations person with least to do, and escalates what stays open."),
    ),
    (
        "sla-escalation",
        _("SLA escalation"),
        _("Sees to it that somebody takes charge of what is late, and that an admin hears when nobody does."),
    ),
    (
        "sync-error",
        _("Sync errors"),
        _("Asks what happens when a hand-over to another system has failed for good: again, or leave it."),
    ),
):
    register_template(_key, _label, partial(tree, _key), _why, from_start=False)
