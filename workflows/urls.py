"""The console's pages of workflows: Today, the queue, definitions, runs, incidents."""

app_name = "workflows"
urlpatterns: list[object] = []
