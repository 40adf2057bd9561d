from django.urls import path

from prm.kernel.audit import views

app_name = "audit"

urlpatterns = [
    path("audit/", views.EntriesView.as_view(), name="entries"),
    path("audit/<uuid:pk>/", views.entry, name="entry"),
]
