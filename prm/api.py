"""The addresses of the REST API; each app's `api.py` adds its own to the router."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.utils.module_loading import autodiscover_modules
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from prm.kernel.api import not_found, router

autodiscover_modules("api")

View = Callable[..., HttpResponse]


def gated(view: View) -> View:
    """The documentation is for people who sign in, unless PRM_API_DOCS_OPEN says otherwise."""
    behind = login_required(view)

    def shown(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        return (view if settings.API_DOCS_OPEN else behind)(request, *args, **kwargs)

    return shown


schema = SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[])
docs = SpectacularSwaggerSplitView.as_view(
    url_name="api_schema", template_name="api/docs.html", authentication_classes=[], permission_classes=[]
)

urlpatterns = [
    path("api/v1/", include((router.urls, "api"))),
    path("api/v1/<path:rest>", not_found, name="api_not_found"),
    path("api/schema", gated(schema), name="api_schema"),
    path("api/docs", gated(docs), name="api_docs"),
]
