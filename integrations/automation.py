"""What connections offer to workflows: a trigger when one breaks, steps that write now and switch on, a panel."""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from integrations import actions, queries, rules
from integrations.events import ConnectionBroke, ConnectionMended
from integrations.models import Connection
from prm.kernel.automation.outcomes import register_outcomes
from prm.kernel.automation.registry import (
    ActionSpec,
    Outcome,
    Panel,
    Trigger,
    register_action,
    register_facts,
    register_panel,
    register_template,
    register_trigger,
)
from prm.kernel.conditions import Fact, FactSchema
from prm.kernel.identity.actors import Actor

register_facts(
    FactSchema(
        name="connection",
        label=_("connections"),
        facts=(
            Fact("connection.name", _("Connection"), "text"),
            Fact("connection.kind", _("Kind of connection"), "choice", choices=Connection.Kind.choices),
            Fact("connection.status", _("Status"), "choice", choices=Connection.Status.choices),
            Fact("connection.reason", _("Kind of trouble"), "text"),
            Fact("connection.waiting", _("Changes that wait"), "number"),
        ),
    )
)
register_trigger(Trigger(ConnectionBroke.name, _("A connection broke"), "connection", required=True))
register_trigger(Trigger(ConnectionMended.name, _("A connection works again"), "connection"))


def sync_now(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
    decision = actions.sync_now(subject="deal", subject_id=subject_id, actor=actor, now=now)
    return Outcome("queued" if decision.allowed else "nowhere")


def switch_on(connection_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> Outcome:
    decision = actions.switch_connection(connection_id=connection_id, to="active", actor=actor, now=now)
    return Outcome("done" if decision.allowed else "refused")


register_outcomes({"queued": _("On its way"), "nowhere": _("No system takes it")})
register_action(
    ActionSpec(
        "integrations.sync_now",
        _("Write the deal to the other systems now"),
        sync_now,
        outcomes=("queued", "nowhere"),
        subject="deal",
    )
)
register_action(
    ActionSpec(
        "integrations.switch_on",
        _("Switch the connection on again"),
        switch_on,
        outcomes=("done", "refused"),
        subject="connection",
    )
)


def rows(ids: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    return {
        one.pk: {
            "title": one.name,
            "url": reverse("integrations:connection", args=[one.pk]),
            "status": one.status,
        }
        for one in Connection.objects.filter(pk__in=list(ids))
    }


def evidence(connection_id: UUID) -> Mapping[str, Any]:
    found = Connection.objects.get(pk=connection_id)
    words = {"words": rules.plain_words(found.broken_because), "fixer": rules.who_can_fix(found.broken_because)}
    return {"evidence": {"standing": queries.standing_of(found), **words}}


def facts(connection_id: UUID) -> Mapping[str, Any]:
    found = Connection.objects.filter(pk=connection_id).first()
    return actions.connection_facts(found) if found else {}


register_panel(Panel("connection", _("Connection"), rows, evidence, "integrations/evidence.html", facts))


def tree() -> Mapping[str, Any]:
    """What happens when a connection breaks, as shipped."""
    found: Mapping[str, Any] = json.loads((files("integrations") / "shipped" / "connection-broke.json").read_text())
    return found


register_template(
    "connection-broke",
    _("Broken connections"),
    tree,
    _("Asks one person to set a broken connection right; the question goes away when it works again by itself."),
)

# What the shipped tree asks, as it stands in its JSON: shown in the reader's language.
WORDS = (
    gettext_noop("A connection to another system is broken: what happens?"),
    gettext_noop("Broken connections"),
)
