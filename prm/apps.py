"""The last app to load: it wires the others together."""

from typing import Any

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class PrmConfig(AppConfig):
    name = "prm"

    def ready(self) -> None:
        autodiscover_modules("automation", "handlers", "navigation")
        last = [config for config in apps.get_app_configs() if config.models_module][-1]
        post_migrate.connect(_lay_the_wall, sender=last)


def _lay_the_wall(using: str, **kwargs: Any) -> None:
    from prm.kernel.tenancy import wall

    if using == "owner":
        wall.apply(using)
