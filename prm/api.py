"""The addresses of the REST API; each app's `api.py` adds its own to the router."""

from django.urls import include, path
from django.utils.module_loading import autodiscover_modules
from drf_spectacular.views import SpectacularAPIView

from prm.kernel.api import router

autodiscover_modules("api")

urlpatterns = [
    path("api/v1/", include((router.urls, "api"))),
    path("api/schema", SpectacularAPIView.as_view(authentication_classes=[], permission_classes=[]),
         name="api_schema"),
]
