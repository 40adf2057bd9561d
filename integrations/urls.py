from django.urls import path

from integrations.views import connections, jobs, mapping

app_name = "integrations"

urlpatterns = [
    path("integrations/", connections.ConnectionsView.as_view(), name="connections"),
    path("integrations/new/", connections.choose, name="new"),
    path("integrations/new/salesforce/", connections.new_salesforce, name="new_salesforce"),
    path("integrations/new/webhook/", connections.new_webhook, name="new_webhook"),
    path("integrations/<uuid:pk>/", connections.connection, name="connection"),
    path("integrations/<uuid:pk>/edit/", connections.edit, name="edit"),
    path("integrations/<uuid:pk>/mapping/", mapping.mapping, name="mapping"),
    path("integrations/<uuid:pk>/secret", connections.renew, name="secret"),
    path("integrations/<uuid:pk>/existing/", connections.existing, name="existing"),
    path("integrations/<uuid:pk>/check", connections.check, name="check"),
    path("integrations/<uuid:pk>/on", connections.switch, {"to": "active"}, name="switch_on"),
    path("integrations/<uuid:pk>/off", connections.switch, {"to": "paused"}, name="pause"),
    path("integrations/changes/", jobs.JobsView.as_view(), name="jobs"),
    path("integrations/changes/<uuid:pk>/", jobs.job, name="job"),
    path("integrations/changes/<uuid:pk>/retry", jobs.retry, name="retry"),
    path("integrations/changes/<uuid:pk>/skip", jobs.skip, name="skip"),
    path("integrations/deals/<uuid:pk>/", jobs.why, name="why"),
    path("integrations/deals/<uuid:pk>/sync", jobs.sync_now, name="sync_now"),
]
