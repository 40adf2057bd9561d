"""The facts, the triggers, and what a new vendor starts from: rules and the workflow."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext_lazy as _

from dealreg import eligibility, events
from dealreg.facts import DEAL
from prm.kernel.automation import registry

TRIGGERS = (
    (events.DealSubmitted, _("A deal is submitted"), True),
    (events.DealInReview, _("A deal goes to a person"), False),
    (events.DealApproved, _("A deal is approved"), False),
    (events.DealRejected, _("A deal is declined"), False),
    (events.DealReturned, _("A deal goes back to its partner"), False),
    (events.DealWithdrawn, _("A deal is withdrawn"), False),
    (events.DealWon, _("A deal is won"), False),
    (events.DealLost, _("A deal is lost"), False),
    (events.DealExpired, _("A protection has ended"), False),
    (events.DealExpiring, _("A protection ends soon"), False),
    (events.DealExtended, _("A protection is extended"), False),
    (events.StageChanged, _("A deal's stage changes"), False),
    (events.DealCommented, _("Somebody comments on a deal"), False),
)


def workflow() -> Mapping[str, Any]:
    """The shipped deal registration, as a tree of blocks."""
    tree: Mapping[str, Any] = json.loads((files("dealreg") / "workflows" / "deal-registration.json").read_text())
    return tree


registry.register_facts(DEAL)
for _event, _label, _required in TRIGGERS:
    registry.register_trigger(registry.Trigger(_event.name, _label, "deal", required=_required))
registry.register_rules(eligibility.RULESET, _("Deal eligibility"), "deal", eligibility.document)
registry.register_template(
    "deal-registration",
    _("Deal registration"),
    workflow,
    _("Judges every submitted deal, decides the clear ones and asks a person about the others."),
)
