from django.urls import path

from prm.kernel.audit import views

app_name = "audit"

urlpatterns = [
    path("audit/", views.EntriesView.as_view(), name="entries"),
    path("audit/<uuid:pk>/", views.entry, name="entry"),
    path("audit/records/<str:target_type>/<uuid:target_id>/", views.as_of, name="as_of"),
]
