"""What disputes offer to workflows: their facts and events, the steps, the panel of the queue, who is told."""

import json
from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from dealreg import actions, events
from dealreg.automation import people
from dealreg.automation.actions import REASON
from dealreg.facts import DEAL
from dealreg.models import Dispute
from dealreg.queries.disputes import COPIED, dispute_evidence, dispute_rows, facts_of_dispute
from prm.kernel.automation import registry
from prm.kernel.automation.registry import ActionSpec, Outcome
from prm.kernel.conditions import Fact, FactSchema
from prm.kernel.decisions import Reason
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.wording import said

OPEN_STILL = gettext_noop(
    "The workflow ended, and the dispute about %(number)s is still open. Its page says why. Mend the workflow if it is "
    "to blame, then ask again."
)
ANSWERS = {"uphold": "upheld", "overturn": "overturned", "share": "shared"}
_ORM = {
    "deal.amount": "deal__amount_vendor",
    "partner.name": "partner__name",
    "deal.number": "deal__number",
    "deal.country": "deal__customer_country",
    "deal.customer_name": "deal__customer_name",
}


def _copied(key: str) -> Fact:
    fact = DEAL.fact(key)
    return Fact(fact.key, fact.label, fact.type, choices=fact.choices, orm=_ORM.get(key))


DISPUTE = FactSchema(
    name="dispute",
    label=_("disputes"),
    model="dealreg.Dispute",
    facts=(
        Fact("dispute.about", _("About"), "choice", choices=Dispute.About.choices, orm="about"),
        Fact("dispute.status", _("Status"), "choice", choices=Dispute.Status.choices, orm="status"),
        Fact("dispute.outcome", _("Outcome"), "choice", choices=Dispute.Outcome.choices, orm="outcome"),
        Fact("dispute.answer_due_at", _("Answer due"), "datetime", orm="answer_due_at"),
        *(_copied(key) for key in COPIED),
    ),
)


def workflow() -> Mapping[str, Any]:
    """The shipped way of a dispute, as a tree of blocks."""
    tree: Mapping[str, Any] = json.loads((files("dealreg") / "workflows" / "deal-dispute.json").read_text())
    return tree


def look(dispute: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
    """Look for rivals anew, and say in one sentence why a person is asked."""
    found = actions.look_into_dispute(dispute_id=dispute, now=now)
    text = (
        _now("The partner contests that another is protected.")
        if found.about == Dispute.About.PROTECTION
        else _now("The partner contests a refusal.")
    )
    return Outcome("done", {"reasons": [{"key": f"dispute.{found.about}", "text": text}]})


def decide(dispute: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
    decision = actions.decide_dispute(
        dispute_id=dispute,
        outcome=ANSWERS.get(str(params.get("outcome")), ""),
        reason=str(params.get("reason") or ""),
        percent=params.get("percent"),
        actor=actor,
        now=now,
    )
    reasons = [{"key": r.key, "text": r.text} for r in decision.reasons if r.seen_by("vendor")]
    return Outcome("decided" if decision.allowed else "refused", {"rule": decision.rule, "reasons": reasons})


def report_undecided(dispute: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
    """Say in the story that it can't be decided as asked. The end of the run then is an incident of its own."""
    told = said(gettext_noop("What was decided could not be carried out."))
    return Outcome("done", {"reasons": [Reason("dispute.undecided", told, "vendor").told()]})


def undecided(dispute_id: UUID) -> str:
    """What to do about a dispute that no workflow has on its way; nothing once it is over."""
    dispute = Dispute.objects.select_related("deal").filter(pk=dispute_id).first()
    if dispute is None or not dispute.is_open:
        return ""
    return said(OPEN_STILL) % {"number": dispute.deal.number}


def ask_again(dispute_id: UUID, actor: Actor, now: datetime) -> None:
    actions.ask_again(dispute_id=dispute_id, actor=actor, now=now)


def raiser(dispute_id: UUID) -> list[UUID]:
    """Who contested, or the partner's admins where that person has left."""
    dispute = Dispute.objects.get(pk=dispute_id)
    here = Membership.objects.filter(pk=dispute.raised_by_id, partner=dispute.partner_id, ended_at=None)
    return list(here.values_list("pk", flat=True)) or people.admins_of(dispute.partner_id)


registry.register_facts(DISPUTE)
for _event, _label, _required in (
    (events.DisputeRaised, _("A partner contests an answer"), True),
    (events.DisputeWithdrawn, _("A dispute is taken back"), False),
    (events.DisputeDecided, _("A dispute is decided"), False),
):
    _ends = _event is events.DisputeWithdrawn
    registry.register_trigger(registry.Trigger(_event.name, _label, "dispute", required=_required, ends=_ends))
registry.register_action(
    ActionSpec("dealreg.look_into_dispute", _("Look for rivals of a contested deal"), look, subject="dispute")
)
registry.register_action(
    ActionSpec(
        "dealreg.decide_dispute",
        _("Decide a dispute"),
        decide,
        (
            Fact("outcome", _("Outcome: uphold, overturn or share"), "text"),
            REASON,
            Fact("percent", _("The partner's share in percent"), "text"),
        ),
        outcomes=("decided", "refused"),
        subject="dispute",
    )
)
registry.register_action(
    ActionSpec("dealreg.report_undecided", _("Report an undecided dispute"), report_undecided, subject="dispute")
)
registry.register_unfinished(registry.Unfinished("dispute", undecided, ask_again))
registry.register_panel(
    registry.Panel(
        subject="dispute",
        label=_("Dispute"),
        rows=dispute_rows,
        evidence=dispute_evidence,
        template="dealreg/dispute_evidence.html",
        facts=facts_of_dispute,
    )
)
registry.register_recipients(registry.Recipients("dispute.raiser", _("Who contested"), raiser, "dispute"))
registry.register_template(
    "deal-dispute",
    _("Disputes"),
    workflow,
    _("Brings every dispute before a person with a promise, and carries out what they decide."),
)

# What the shipped tree asks and offers, as it stands in its JSON: shown in the reader's language.
WORDS = (
    gettext_noop("Business time from the dispute until the partner has a decision."),
    gettext_noop("Decide on this dispute"),
    gettext_noop("The role that decides disputes."),
    gettext_noop("Who decides"),
)
