"""Addresses of the condition builder, below /console/conditions/."""

from django.urls import path

from prm.kernel.ui import conditions

app_name = "conditions"
urlpatterns = [
    path("<str:schema>/<str:name>/edit", conditions.edit, name="edit"),
    path("<str:schema>/<str:name>/preview", conditions.preview, name="preview"),
]
