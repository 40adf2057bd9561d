"""The map of addresses. The prefix decides the audience (settings.AUDIENCES)."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("prm.kernel.identity.urls")),
    path("account/", include("allauth.urls")),
    path("", include("prm.kernel.ui.urls")),
    path("console/conditions/", include("prm.kernel.ui.condition_urls")),
    path("", include("prm.api")),
    path("console/", include("workflows.urls")),
    path("console/", include("partners.urls.console")),
    path("portal/", include("partners.urls.portal")),
    path("console/", include("dealreg.urls.console")),
    path("portal/", include("dealreg.urls.portal")),
    path("hand-in/", include("dealreg.urls.intake")),
    path("console/", include("integrations.urls")),
    path("", include("prm.kernel.messages.urls")),
    path("console/", include("prm.kernel.events.urls")),
    path("console/", include("prm.kernel.audit.urls")),
    path("admin/", admin.site.urls),
]

handler403 = "prm.kernel.identity.views.errors.forbidden"
handler400 = "prm.kernel.identity.views.errors.bad_request"
