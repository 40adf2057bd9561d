"""Today, the queue and the workflows' own pages in the console, and the words for their states."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from prm.kernel.audit.areas import register_area
from prm.kernel.audit.records import Record, register_record
from prm.kernel.audit.words import register_actions
from prm.kernel.ui.counts import count_of, register_count
from prm.kernel.ui.navigation import register_nav
from prm.kernel.ui.slots import Slot, register_slot
from prm.kernel.ui.states import register_states
from workflows.audited import ACTIONS


def replay_of_rules(version_id: UUID) -> dict[str, Any] | None:
    """What a replay said of a draft of rules, for the page on which it is published."""
    from workflows.queries.replays import replay_of_rules as found

    return found(version_id)


def _open_tasks(request: Any) -> Any:
    from workflows.queries.tasks import open_tasks

    return open_tasks(request.now)


def _open_incidents(_request: Any) -> Any:
    from workflows.queries.tasks import open_incidents

    return open_incidents()


def _waiting(request: HttpRequest) -> int | None:
    return count_of(request, "tasks") or None


def _incidents(request: HttpRequest) -> int | None:
    return count_of(request, "incidents") or None


register_count("tasks", _open_tasks)
register_count("incidents", _open_incidents)

register_nav("console", section="top", label=_("Today"), url_name="workflows:today", icon="house", order=1, phone=True)
register_nav(
    "console",
    section="top",
    label=_("Queue"),
    url_name="workflows:queue",
    icon="inbox",
    badge=_waiting,
    order=2,
    phone=True,
)
register_nav("console", section="workflows", label=_("Workflows"), url_name="workflows:list", icon="workflow", order=10)
register_nav(
    "console", section="workflows", label=_("Templates"), url_name="workflows:gallery", icon="book-open", order=15
)
register_nav(
    "console",
    section="top",
    label=_("Workload"),
    url_name="workflows:workload",
    icon="gauge",
    roles=frozenset({"ops", "admin", "auditor"}),
    order=3,
)
register_nav(
    "console",
    section="workflows",
    label=_("Analytics"),
    url_name="workflows:analytics_overview",
    icon="chart-column",
    order=40,
)
register_nav("console", section="workflows", label=_("Runs"), url_name="workflows:runs", icon="activity", order=20)
register_nav(
    "console",
    section="workflows",
    label=_("Incidents"),
    url_name="workflows:incidents",
    icon="triangle-alert",
    badge=_incidents,
    order=30,
)

register_nav(
    "console",
    section="workflows",
    label=_("Proposed rules"),
    url_name="workflows:proposals",
    icon="lightbulb",
    order=40,
)

register_nav(
    "console",
    section="workflows",
    label=_("Assignment rules"),
    url_name="workflows:assignment",
    icon="user-plus",
    order=42,
)

register_slot(
    "rule_draft",
    Slot(
        "replay",
        _("On the past"),
        "workflows/replay_summary.html",
        context=lambda _request, version_id: replay_of_rules(version_id),
    ),
)

register_states(
    "replay",
    {
        "queued": ("neutral", _("Waiting")),
        "running": ("info", _("Running")),
        "done": ("good", _("Done")),
        "failed": ("bad", _("Failed")),
    },
)
register_states(
    "replay_change",
    {
        "decision": ("warn", _("Another decision")),
        "people": ("info", _("Others are asked")),
        "unknown": ("neutral", _("Nobody can know")),
        "way": ("neutral", _("Another way to the same")),
    },
)
register_states(
    "proposal",
    {
        "open": ("info", _("Open")),
        "taken_up": ("good", _("Taken up")),
        "dismissed": ("neutral", _("Dismissed")),
    },
)
register_nav(
    "console",
    section="workflows",
    label=_("Webhooks"),
    url_name="workflows:webhooks",
    icon="webhook",
    roles=frozenset({"admin", "ops", "auditor"}),
    order=45,
)

register_states(
    "webhook_call",
    {
        "waiting": ("info", _("On its way")),
        "delivered": ("good", _("Delivered")),
        "failed": ("bad", _("Given up")),
        "withdrawn": ("neutral", _("No longer needed")),
    },
)
register_states(
    "workflow_version",
    {
        "draft": ("neutral", _("Draft")),
        "published": ("good", _("In force")),
        "retired": ("neutral", _("Retired")),
    },
)
register_states(
    "run",
    {
        "running": ("info", _("On its way")),
        "ended": ("good", _("Ended")),
        "cancelled": ("neutral", _("Ended early")),
    },
)
register_states(
    "incident",
    {
        "open": ("bad", _("Open")),
        "retried": ("good", _("Tried again")),
        "skipped": ("neutral", _("Skipped")),
        "cancelled": ("neutral", _("Run ended")),
    },
)
register_states(
    "task",
    {
        "open": ("info", _("Open")),
        "deciding": ("warn", _("Being decided")),
        "decided": ("good", _("Decided")),
        "cancelled": ("neutral", _("No longer needed")),
    },
)

register_actions(ACTIONS)
register_area("workflow", _("Workflows"))
register_area("incident", _("Incidents"))
register_area("task", _("Tasks"))
register_area("assignment", _("Assignment rules"))
register_area("replay", _("Replays"))
register_area("proposal", _("Proposed rules"))
register_area("webhook", _("Webhooks"))

for kind, label, page in (
    ("workflows.humantask", _("Task"), "workflows:task"),
    ("workflows.incident", _("Incident"), "workflows:incident"),
    ("workflows.workflow", _("Workflow"), "workflows:workflow"),
    ("workflows.assignmentrule", _("Assignment rule"), "workflows:assignment_rule"),
    ("workflows.workflowversion", _("Workflow version"), "workflows:version"),
):
    register_record(Record(kind, label, page))
