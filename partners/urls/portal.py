"""The partner's own company in the portal."""

from django.urls import URLPattern

app_name = "partners_portal"
urlpatterns: list[URLPattern] = []
