from django.urls import path

from prm.kernel.events import views

app_name = "events"

urlpatterns = [
    path("integrations/events/", views.DeliveriesView.as_view(), name="deliveries"),
    path("integrations/events/<uuid:pk>/", views.delivery, name="delivery"),
    path("integrations/events/<uuid:pk>/retry", views.settle, {"what": "retry"}, name="retry"),
    path("integrations/events/<uuid:pk>/skip", views.settle, {"what": "skip"}, name="skip"),
]
