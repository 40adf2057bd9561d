"""Definitions apart from runs, runs apart from the people who are asked, and the clocks over both."""

from workflows.models.analytics import EventLog, RollUp, RunHour
from workflows.models.assignment import AssignmentRule
from workflows.models.definitions import Workflow, WorkflowVersion
from workflows.models.incidents import Incident
from workflows.models.outside import Timetable, WebhookCall, WebhookKey
from workflows.models.people import HumanTask, Intent, Vote
from workflows.models.proposals import RuleProposal
from workflows.models.replays import Replay, ReplayChange
from workflows.models.runs import Run, RunEvent, Scope, Work
from workflows.models.sla import SlaClock, SlaPolicy, SlaSegment

__all__ = [
    "AssignmentRule",
    "EventLog",
    "HumanTask",
    "Incident",
    "Intent",
    "Replay",
    "ReplayChange",
    "RollUp",
    "RuleProposal",
    "Run",
    "RunEvent",
    "RunHour",
    "Scope",
    "SlaClock",
    "SlaPolicy",
    "SlaSegment",
    "Timetable",
    "Vote",
    "WebhookCall",
    "WebhookKey",
    "Work",
    "Workflow",
    "WorkflowVersion",
]
