"""The console's pages of workflows: Today, the queue, definitions, runs, incidents."""

from django.urls import path

from workflows.views import deciding, definitions, queue, runs, today

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
    path("workflows/versions/<uuid:version_id>/publish/", definitions.publish, name="publish"),
]
