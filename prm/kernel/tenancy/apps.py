from django.apps import AppConfig


class TenancyConfig(AppConfig):
    name = "prm.kernel.tenancy"
    label = "tenancy"
