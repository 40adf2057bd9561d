from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "prm.kernel.identity"
    label = "identity"

    def ready(self) -> None:
        from prm.kernel.identity import receivers

        receivers.connect()
