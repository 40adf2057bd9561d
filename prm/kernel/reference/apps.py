from django.apps import AppConfig


class ReferenceConfig(AppConfig):
    name = "prm.kernel.reference"
    label = "reference"
