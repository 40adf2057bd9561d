from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UiConfig(AppConfig):
    name = "prm.kernel.ui"
    label = "ui"

    def ready(self) -> None:
        from prm.kernel.ui.navigation import register_nav

        register_nav(
            "console",
            section="setup",
            label=_("Branding"),
            url_name="ui:console_branding",
            icon="palette",
            roles=frozenset({"admin"}),
            order=80,
        )
