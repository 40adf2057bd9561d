from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "prm.kernel.audit"
    label = "audit"
