from tests.workflows.conftest import forward

__all__ = ["forward"]
