"""The templates that come with the engine itself: what to do when something goes wrong, fails or is late."""

import json
from collections.abc import Mapping
from functools import partial
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

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

# What the shipped trees ask and offer, as it stands in their JSON: shown in the reader's language.
WORDS = (
    gettext_noop("A hand-over to another system has failed: again?"),
    gettext_noop("Business time without an answer until every admin is told and one is asked."),
    gettext_noop("Business time without an answer until somebody else is asked instead."),
    gettext_noop("Business time without an answer until they are reminded."),
    gettext_noop("Business time without an answer."),
    gettext_noop("Escalate after"),
    gettext_noop("Pass on after"),
    gettext_noop("People of this role, in turn."),
    gettext_noop("Remind after"),
    gettext_noop("Something needs help: what happens?"),
    gettext_noop("The incident could not be resolved as decided: see to it"),
    gettext_noop("The one of this role who has least to do."),
    gettext_noop("This is late, and operations have passed it on"),
    gettext_noop("This is late: who takes charge?"),
    gettext_noop("Who is asked first"),
    gettext_noop("Who is asked instead"),
    gettext_noop("Who is asked"),
    gettext_noop("Who is told then"),
    gettext_noop("Who takes charge"),
)
