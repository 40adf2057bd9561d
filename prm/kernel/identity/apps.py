from django.apps import AppConfig


class IdentityConfig(AppConfig):
    name = "prm.kernel.identity"
    label = "identity"
