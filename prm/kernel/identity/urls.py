"""The addresses of identity: who am I, for which organisation, with which people and keys."""

from django.urls import path

from prm.kernel.identity import views

app_name = "identity"
urlpatterns = [
    path("", views.root, name="root"),
    path("account/choose/", views.choose, name="choose"),
]
