"""The facts, the triggers, and what a new vendor starts from: rules and the workflow."""

import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

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
    (events.DealReassigned, _("A deal goes over to another partner"), False),
    (events.DealShared, _("A deal is shared"), False),
    (events.ProtectionEnded, _("A protection is taken away"), False),
    (events.DealCommented, _("Somebody comments on a deal"), False),
)


def workflow() -> Mapping[str, Any]:
    """The shipped deal registration, as a tree of blocks."""
    tree: Mapping[str, Any] = json.loads((files("dealreg") / "workflows" / "deal-registration.json").read_text())
    return tree


registry.register_facts(DEAL)
for _event, _label, _required in TRIGGERS:
    _ends = _event is events.DealWithdrawn
    registry.register_trigger(registry.Trigger(_event.name, _label, "deal", required=_required, ends=_ends))
registry.register_rejudgement(events.DealQuestionSettled.name, "dealreg.check_conflicts")
_ASKED_OF_A_PARTNER = ("dealreg.validate", "dealreg.check_conflicts", "dealreg.route", "dealreg.approval_route")
registry.register_rejudgement(events.DealPartnerChanged.name, *_ASKED_OF_A_PARTNER, interrupts=True)
registry.register_queue_view(
    "conflicts",
    _("Conflicts"),
    *("deal.possible_conflict", "deal.rival_open", "deal.own_duplicate", "deal.rival_unseen"),
    *("deal.other_opportunity", "deal.related_protected", "customer.possibly_marked"),
)
registry.register_rules(eligibility.RULESET, _("Deal eligibility"), "deal", eligibility.document)
registry.register_template(
    "deal-registration",
    _("Deal registration"),
    workflow,
    _("Judges every submitted deal, decides the clear ones and asks a person about the others."),
)

# What the shipped tree asks and offers, as it stands in its JSON: shown in the reader's language.
WORDS = (
    gettext_noop("Answer within"),
    gettext_noop("Business time from the submission until the partner has an answer."),
    gettext_noop("Business time without a decision until those who are told of lateness hear of it."),
    gettext_noop("Business time; then an approver is asked instead. Nothing is decided by time alone."),
    gettext_noop("Business time; then the approvers decide without it."),
    gettext_noop("Channel manager decides within"),
    gettext_noop("Decide on this deal"),
    gettext_noop("Escalate after"),
    gettext_noop("How much of that time is used when people are warned."),
    gettext_noop("It could not be done as decided: look again"),
    gettext_noop("The role that decides what neither the rules nor the channel manager decide."),
    gettext_noop("Wait for an opinion"),
    gettext_noop("Warning points"),
    gettext_noop("What do you think of this deal? Others decide"),
    gettext_noop("Who approves"),
    gettext_noop("Who is told when it is late"),
    gettext_noop("Who is warned"),
)
