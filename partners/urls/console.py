"""Partners in the console."""

from django.urls import URLPattern

app_name = "partners_console"
urlpatterns: list[URLPattern] = []
