from django.apps import AppConfig


class AutomationConfig(AppConfig):
    name = "prm.kernel.automation"
    label = "automation"
