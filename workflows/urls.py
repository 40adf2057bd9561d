"""The console's pages of workflows: Today, the queue, definitions, runs, incidents."""

from django.urls import path

from workflows.views import deciding, definitions, parameters, proposals, queue, replays, runs, today

app_name = "workflows"
urlpatterns = [
    path("", today.today, name="today"),
    path("queue/", queue.queue, name="queue"),
    path("queue/undo/", deciding.undo, name="undo"),
    path("queue/bulk/", deciding.bulk_preview, name="bulk_preview"),
    path("queue/bulk/run/", deciding.bulk_run, name="bulk_run"),
    path("queue/<uuid:task_id>/", queue.task, name="task"),
    path("queue/<uuid:task_id>/decide/", deciding.decide, name="decide"),
    path("queue/<uuid:task_id>/claim/", deciding.claim, name="claim"),
    path("queue/<uuid:task_id>/release/", deciding.release, name="release"),
    path("queue/<uuid:task_id>/assign/", deciding.assign, name="assign"),
    path("queue/<uuid:task_id>/snooze/", deciding.snooze, name="snooze"),
    path("workflows/", definitions.WorkflowListView.as_view(), name="list"),
    path("workflows/schema.json", definitions.schema, name="schema"),
    path("workflows/upload/", definitions.upload, name="upload"),
    path("workflows/install/", definitions.install, name="install"),
    path("workflows/runs/", runs.RunListView.as_view(), name="runs"),
    path("workflows/runs/<uuid:run_id>/", runs.run, name="run"),
    path("workflows/incidents/", runs.IncidentListView.as_view(), name="incidents"),
    path("workflows/incidents/<uuid:incident_id>/", runs.incident, name="incident"),
    path("workflows/incidents/<uuid:incident_id>/resolve/", runs.resolve, name="resolve"),
    path("workflows/<uuid:workflow_id>/", definitions.workflow, name="workflow"),
    path("workflows/<uuid:workflow_id>/retire/", definitions.retire, name="retire"),
    path("workflows/versions/<uuid:version_id>/", definitions.version, name="version"),
    path("workflows/versions/<uuid:version_id>/download/", definitions.download, name="download"),
    path("workflows/versions/<uuid:version_id>/parameters/", parameters.parameters, name="parameters"),
    path("workflows/versions/<uuid:version_id>/publish/", definitions.publish, name="publish"),
    path("workflows/versions/<uuid:version_id>/replay/", replays.of_version, name="replay_version"),
    path("workflows/versions/<uuid:version_id>/replay/ask/", replays.ask_version, name="replay_ask_version"),
    path("workflows/rules/<uuid:version_id>/replay/", replays.of_rules, name="replay_rules"),
    path("workflows/rules/<uuid:version_id>/replay/ask/", replays.ask_rules, name="replay_ask_rules"),
    path("workflows/replays/<uuid:replay_id>/", replays.replay, name="replay"),
    path("workflows/replays/<uuid:replay_id>/changes/", replays.ChangeListView.as_view(), name="replay_changes"),
    path("workflows/replays/changes/<uuid:change_id>/", replays.change, name="replay_change"),
    path("workflows/proposals/", proposals.ProposalListView.as_view(), name="proposals"),
    path("workflows/proposals/find/", proposals.find, name="proposal_find"),
    path("workflows/proposals/<uuid:proposal_id>/", proposals.proposal, name="proposal"),
    path("workflows/proposals/<uuid:proposal_id>/take-up/", proposals.take_up, name="proposal_take_up"),
    path("workflows/proposals/<uuid:proposal_id>/dismiss/", proposals.dismiss, name="proposal_dismiss"),
]
