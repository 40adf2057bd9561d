"""Addresses of the design system: the style guide, a brand's colours, logos, the branding page."""

from django.urls import path
from django.views.i18n import set_language

from prm.kernel.ui import search, styleguide, views
from prm.kernel.ui.exports import views as exports

app_name = "ui"
urlpatterns = [
    path("branding/<str:colour>.css", views.brand_css, name="branding"),
    path("portal/logo", views.logo, name="portal_logo"),
    path("console/logo", views.logo, name="console_logo"),
    path("console/setup/branding", views.BrandingView.as_view(), name="console_branding"),
    path("console/setup/branding/preview", views.preview, name="branding_preview"),
    path("language", set_language, name="language"),
    path("portal/search", search.show, name="portal_search"),
    path("console/search", search.show, name="console_search"),
    path("portal/exports/", exports.exports, name="portal_exports"),
    path("portal/exports/<uuid:export_id>/", exports.export_file, name="portal_export_file"),
    path("console/exports/", exports.exports, name="console_exports"),
    path("console/exports/<uuid:export_id>/", exports.export_file, name="console_export_file"),
    path("styleguide", styleguide.show, name="styleguide"),
]
