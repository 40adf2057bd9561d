"""Many incidents tried again, many webhook calls delivered again or given up, each by the action that one takes."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from prm.kernel.decisions import Decision
from prm.kernel.ui.lists import BulkAction, Plan
from workflows import actions
from workflows.models import Incident, WebhookCall


def plan(request: Any, rows: Sequence[Incident]) -> Plan:
    """Those that are open and can be tried; a broken rule is mended, not tried."""
    will, skipped = [], []
    for row in rows:
        if row.status != Incident.Status.OPEN:
            skipped.append((row, gettext_lazy("This incident has been resolved already.")))
        elif row.kind == Incident.Kind.RULE_BROKEN:
            skipped.append((row, gettext_lazy("A rule has to be mended first.")))
        else:
            will.append(row)
    return Plan(will, skipped)


def retry(request: Any, rows: Sequence[Incident]) -> str:
    """The oldest first; what fails as before stays open and says why."""
    ordered = sorted(rows, key=lambda one: one.opened_at)
    done, failing = _each(
        ordered, lambda row: actions.retry_incident(incident_id=row.pk, actor=request.actor, now=request.now)
    )
    told = ngettext("%(n)d incident is tried again.", "%(n)d incidents are tried again.", done) % {"n": done}
    return " ".join([told, *failing])


def _each(rows: Sequence[Any], act: Callable[[Any], Decision]) -> tuple[int, list[str]]:
    """How many went, and for which reasons the others did not, the most frequent first."""
    failing: Counter[str] = Counter()
    for row in rows:
        decision = act(row)
        if decision.refused:
            failing[decision.reasons[0].text] += 1
    return len(rows) - failing.total(), [f"{count} × {why}" for why, count in failing.most_common()]


RETRY = BulkAction(
    "retry",
    gettext_lazy("Try again"),
    run=retry,
    preview=plan,
    icon="refresh-cw",
    roles=frozenset({"admin", "ops"}),
)


def plan_again(request: Any, rows: Sequence[WebhookCall]) -> Plan:
    """Those that were given up."""
    return _in_state(rows, WebhookCall.State.FAILED, gettext_lazy("This call has not been given up."))


def deliver_again(request: Any, rows: Sequence[WebhookCall]) -> str:
    """The oldest first, as they were made."""
    done, failing = _each(
        sorted(rows, key=lambda one: one.made_at),
        lambda row: actions.deliver_again(call_id=row.pk, actor=request.actor, now=request.now),
    )
    told = ngettext("%(n)d call is on its way again.", "%(n)d calls are on their way again.", done) % {"n": done}
    return " ".join([told, *failing])


def plan_giving_up(request: Any, rows: Sequence[WebhookCall]) -> Plan:
    """Those that still wait for their next try."""
    return _in_state(rows, WebhookCall.State.WAITING, gettext_lazy("It is not waiting for another try."))


def give_up(request: Any, rows: Sequence[WebhookCall]) -> str:
    """Each run is locked before its call, in one order for everybody."""
    done, failing = _each(
        sorted(rows, key=lambda one: one.run_id),
        lambda row: actions.give_up_call(call_id=row.pk, actor=request.actor, now=request.now),
    )
    told = ngettext("%(n)d call is given up; its run goes on.", "%(n)d calls are given up; their runs go on.", done)
    return " ".join([told % {"n": done}, *failing])


def _in_state(rows: Sequence[WebhookCall], state: WebhookCall.State, otherwise: Any) -> Plan:
    will = [row for row in rows if row.state == state]
    return Plan(will, [(row, otherwise) for row in rows if row.state != state])


DISPATCHERS = frozenset({"admin", "ops"})
CALLS = (
    BulkAction(
        "again",
        gettext_lazy("Deliver again"),
        run=deliver_again,
        preview=plan_again,
        icon="refresh-cw",
        roles=DISPATCHERS,
        warning=gettext_lazy(
            "What has been sent can't be taken back. Receivers can tell a repeat by its webhook-id, which stays."
        ),
    ),
    BulkAction(
        "give_up",
        gettext_lazy("Give up"),
        run=give_up,
        preview=plan_giving_up,
        icon="x",
        roles=DISPATCHERS,
        danger=True,
        warning=gettext_lazy("The runs go on at once as after a call that failed; this can't be taken back."),
    ),
)
