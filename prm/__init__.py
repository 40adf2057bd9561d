"""The composition root: settings, URLs, Celery, and the start of the program."""

from prm.celery import app as celery_app

__all__ = ["celery_app"]
