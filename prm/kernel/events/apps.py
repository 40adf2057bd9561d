from django.apps import AppConfig


class EventsConfig(AppConfig):
    name = "prm.kernel.events"
    label = "events"
