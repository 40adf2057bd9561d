"""Partners in the console."""

from django.urls import path

from partners.views import directory, imports, setup

app_name = "partners_console"
urlpatterns = [
    path("partners/", directory.DirectoryView.as_view(), name="list"),
    path("partners/new/", directory.new, name="new"),
    path("partners/<uuid:partner_id>/", directory.partner, name="partner"),
    path("partners/<uuid:partner_id>/edit/", directory.edit, name="edit"),
    path("partners/<uuid:partner_id>/enrol/", directory.enrol, name="enrol"),
    path("partners/<uuid:partner_id>/tier/<uuid:program_id>/", directory.tier, name="tier"),
    path("partners/<uuid:partner_id>/cam/", directory.cam, name="cam"),
    path("partners/<uuid:partner_id>/suspend/", directory.suspend, name="suspend"),
    path("partners/<uuid:partner_id>/reactivate/", directory.reactivate, name="reactivate"),
    path("partners/<uuid:partner_id>/terminate/", directory.terminate, name="terminate"),
    path("partners/<uuid:partner_id>/watch/", directory.watch, name="watch"),
    path("tiers/", setup.tiers, name="tiers"),
    path("setup/", setup.setup, name="setup"),
    path("setup/import/", imports.ImportsView.as_view(), name="imports"),
    path("setup/import/upload/", imports.upload, name="import_upload"),
    path("setup/import/sample/<slug:kind>.csv", imports.sample, name="import_sample"),
    path("setup/import/<uuid:batch_id>/", imports.one, name="import"),
    path("setup/import/<uuid:batch_id>/progress/", imports.progress, name="import_progress"),
    path("setup/import/<uuid:batch_id>/problems.csv", imports.errors, name="import_errors"),
]
