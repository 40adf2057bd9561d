"""Trying many incidents again at once, each by the action that one takes: after a workflow was mended, say."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy, ngettext

from prm.kernel.ui.lists import BulkAction, Plan
from workflows import actions
from workflows.models import Incident


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
    failing: Counter[str] = Counter()
    for row in sorted(rows, key=lambda one: one.opened_at):
        decision = actions.retry_incident(incident_id=row.pk, actor=request.actor, now=request.now)
        if decision.refused:
            failing[decision.reasons[0].text] += 1
    done = len(rows) - failing.total()
    told = ngettext("%(n)d incident is tried again.", "%(n)d incidents are tried again.", done) % {"n": done}
    return " ".join([told, *(f"{count} × {why}" for why, count in failing.most_common())])


RETRY = BulkAction(
    "retry",
    gettext_lazy("Try again"),
    run=retry,
    preview=plan,
    icon="refresh-cw",
    roles=frozenset({"admin", "ops"}),
)
