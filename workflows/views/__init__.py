"""The console's faces: they parse, call an action, and show what came of it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest

from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership

EVERYBODY = ("admin", "ops", "approver", "cam", "finance", "legal", "sales", "auditor")
WORKERS = EVERYBODY[:-1]  # an auditor reads all and changes nothing
DISPATCHERS = ("admin", "ops")


class Asking(HttpRequest):
    """A request as the middleware hands it on: who asks, as whom, and at what business time."""

    actor: Actor
    membership: Membership
    now: datetime
    htmx: Any
