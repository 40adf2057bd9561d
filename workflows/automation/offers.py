"""Workflows about workflows: an incident, a late promise and a failed call can start one, which may set it right."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from prm.kernel.automation.registry import (
    ActionSpec,
    Outcome,
    Trigger,
    register_action,
    register_facts,
    register_trigger,
)
from prm.kernel.conditions import Fact, FactSchema
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from workflows import actions
from workflows.definition.triggers import VENDOR
from workflows.events import IncidentOpened, IncidentResolved, SlaBreached, SlaWarned, WebhookFailed
from workflows.models import Incident

register_facts(FactSchema(name=VENDOR, label=_("the vendor"), facts=()))
register_facts(
    FactSchema(
        name="incident",
        label=_("incidents"),
        facts=(
            Fact("incident.kind", _("Kind of incident"), "choice", choices=Incident.Kind.choices, orm="kind"),
            Fact("incident.message", _("What is wrong"), "text", orm="message"),
            Fact("incident.workflow", _("Workflow (key)"), "text", orm="workflow__key"),
            Fact("incident.block", _("Block"), "text", orm="block"),
            Fact("incident.about", _("What it is about"), "text", orm="subject_name"),
            Fact("incident.status", _("Status"), "choice", choices=Incident.Status.choices, orm="status"),
        ),
        model="workflows.Incident",
    )
)
register_facts(
    FactSchema(
        name="sla",
        label=_("promised times"),
        facts=(
            Fact("sla.clock", _("Clock"), "text"),
            Fact("sla.point", _("Percent used"), "number"),
            Fact("sla.workflow", _("Workflow (key)"), "text"),
            Fact("sla.about", _("What it is about"), "text"),
            Fact("sla.subject", _("Kind of subject"), "text"),
        ),
    )
)
register_facts(
    FactSchema(
        name="call",
        label=_("webhook calls"),
        facts=(
            Fact("call.host", _("Host"), "text"),
            Fact("call.status", _("Answer (HTTP status)"), "number"),
            Fact("call.attempts", _("Tries"), "number"),
            Fact("call.workflow", _("Workflow (key)"), "text"),
            Fact("call.about", _("What it is about"), "text"),
        ),
    )
)
register_trigger(Trigger(IncidentOpened.name, _("An incident is opened"), "incident"))
register_trigger(Trigger(IncidentResolved.name, _("An incident is resolved"), "incident"))
register_trigger(Trigger(SlaWarned.name, _("A promised time runs out soon"), "sla", subject="sla.subject"))
register_trigger(Trigger(SlaBreached.name, _("A promised time is over"), "sla", subject="sla.subject"))
register_trigger(Trigger(WebhookFailed.name, _("A webhook could not be delivered"), "call"))


def _resolve(how: Any) -> Any:
    def run(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
        return _told(how(incident_id=subject_id, actor=actor, now=now), "resolved")

    return run


def deliver_again(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
    return _told(actions.deliver_again(call_id=subject_id, actor=actor, now=now), "on_its_way")


def _told(decision: Decision, done: str) -> Outcome:
    reasons = [reason.told() for reason in decision.reasons]
    return Outcome(done if decision.allowed else "refused", {"rule": decision.rule, "reasons": reasons})


for _key, _label, _run, _subject, _done in (
    ("workflows.retry_incident", _("Try again what failed"), _resolve(actions.retry_incident), "incident", "resolved"),
    ("workflows.skip_incident", _("Go on without the step"), _resolve(actions.skip_incident), "incident", "resolved"),
    ("workflows.cancel_incident", _("End the run"), _resolve(actions.cancel_incident), "incident", "resolved"),
    ("workflows.deliver_again", _("Deliver the webhook again"), deliver_again, "call", "on_its_way"),
):
    register_action(ActionSpec(_key, _label, _run, outcomes=(_done, "refused"), subject=_subject))
