from django.apps import AppConfig


class MessagesConfig(AppConfig):
    name = "prm.kernel.messages"
    label = "prm_messages"
