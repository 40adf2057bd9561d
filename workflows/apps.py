from django.apps import AppConfig


class WorkflowsConfig(AppConfig):
    name = "workflows"

    def ready(self) -> None:
        from prm.kernel.events.tasks import after_deliveries
        from workflows import engine

        after_deliveries(lambda each: engine.drain(limit=1, each=each, most=2 * each + 16))
