"""Without a login: a link's form, and the yes to what came by it."""

from django.urls import path

from dealreg.views import links

app_name = "dealreg_intake"

urlpatterns = [
    path("", links.form, name="form"),
    path("yes/", links.confirm, name="confirm"),
    path("yes/<str:secret>/", links.open_question, name="open_question"),
    path("<str:secret>/", links.open_by_link, name="open"),
]
