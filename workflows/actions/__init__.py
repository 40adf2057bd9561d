"""What people, and programs in their name, do to workflows, tasks and incidents."""

from workflows.actions.analytics import ask_for_log, note_download, set_minutes_by_hand
from workflows.actions.assignment import keep_assignment_rule, move_assignment_rule, remove_assignment_rule
from workflows.actions.calls import deliver_again, give_up_call, renew_webhook_key
from workflows.actions.definitions import (
    discard_draft,
    install_template,
    publish_version,
    retire_workflow,
    save_draft,
    use_template,
)
from workflows.actions.designing import begin_draft, migrate_runs, save_design, undo_migration
from workflows.actions.ending import end_run
from workflows.actions.incidents import cancel_incident, retry_incident, skip_incident
from workflows.actions.intents import decide_task, judge_task, undo_intent
from workflows.actions.parameters import set_parameters
from workflows.actions.proposals import (
    dismiss_proposal,
    find_proposals,
    find_proposals_everywhere,
    take_up_proposal,
)
from workflows.actions.replays import replay_rules, replay_version, run_replays
from workflows.actions.starting import start_workflow
from workflows.actions.tasks import (
    assign_task,
    claim_task,
    hand_over_tasks,
    judge_assignment,
    release_task,
    snooze_task,
)

__all__ = [
    "ask_for_log",
    "assign_task",
    "begin_draft",
    "cancel_incident",
    "claim_task",
    "decide_task",
    "deliver_again",
    "discard_draft",
    "dismiss_proposal",
    "end_run",
    "find_proposals",
    "find_proposals_everywhere",
    "give_up_call",
    "hand_over_tasks",
    "install_template",
    "judge_assignment",
    "judge_task",
    "keep_assignment_rule",
    "migrate_runs",
    "move_assignment_rule",
    "note_download",
    "publish_version",
    "release_task",
    "remove_assignment_rule",
    "renew_webhook_key",
    "replay_rules",
    "replay_version",
    "retire_workflow",
    "retry_incident",
    "run_replays",
    "save_design",
    "save_draft",
    "set_minutes_by_hand",
    "set_parameters",
    "skip_incident",
    "snooze_task",
    "start_workflow",
    "take_up_proposal",
    "undo_intent",
    "undo_migration",
    "use_template",
]
