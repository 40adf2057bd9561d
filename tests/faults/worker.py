"""The product's Celery application with what the campaign has planted: `celery -A tests.faults.worker`."""

import os

import django

from prm.celery import app as celery

django.setup()

from tests.faults import planted  # noqa: E402  needs Django

planted.register()
planted.take_away(os.environ.get(planted.BREAK, ""))
app = celery
