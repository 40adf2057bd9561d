"""The partner's own company in the portal."""

from django.urls import path

from partners.views import company

app_name = "partners_portal"
urlpatterns = [
    path("company/", company.company, name="company"),
    path("tier/", company.tier, name="tier"),
]
