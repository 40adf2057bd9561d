from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "prm.kernel.audit"
    label = "audit"

    def ready(self) -> None:
        from prm.kernel.audit import metrics

        metrics.register()
