"""The last app to load: it wires the others together."""

import gc
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
        _spare_the_program()


GARBAGE_AT = 20_000  # new objects since the last look for garbage; Python's own 700 come with every other query


def _spare_the_program() -> None:
    """Let the search for garbage leave out what has been loaded, which stays as long as the process does.

    Processes that a web server forks share those pages, too: nothing writes to them any more.
    """
    gc.set_threshold(GARBAGE_AT, 20, 20)
    gc.freeze()


def _lay_the_wall(using: str, **kwargs: Any) -> None:
    from prm.kernel.tenancy import wall

    if using == "owner":
        wall.apply(using)
