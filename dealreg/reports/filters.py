"""What the reports narrow deals by besides the usual choices."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from dealreg import queries
from dealreg.models import DealAssessment, DealLine, DealStatus
from dealreg.models.deals import WAITING
from prm.kernel.clock import local_date
from prm.kernel.ui import formats
from prm.kernel.ui.lists import Choice

RATES = (("known", _("With an exchange rate")), ("unknown", _("Without an exchange rate")))


class Rate(Choice):
    """Whether the deal's currency has a rate today; without one it is in no total."""

    def __init__(self) -> None:
        super().__init__("rate", _("Currency"), options=RATES)

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(worth__isnull=value[0] == "unknown")


class Line(Choice):
    """Deals with a line of one product line."""

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return Q(Exists(DealLine.objects.filter(deal=OuterRef("pk"), product_line_id=value[0])))


class Lapsing(Choice):
    """Protections that end within so many days, by the distances at which partners are reminded."""

    def __init__(self) -> None:
        super().__init__("lapsing", _("Protection ends"), options=self._distances)

    @staticmethod
    def _distances(request: HttpRequest) -> list[tuple[str, Any]]:
        return [(str(days), _within(days)) for days in distances()]

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return lapsing_within(int(value[0]), request)


def _within(days: int) -> str:
    words = ngettext_lazy("within %(count)d day", "within %(count)d days", "count")
    return str(words % {"count": days})


def distances() -> list[int]:
    """The nearest last, as a reader goes through them: 30, 14, 3."""
    return sorted({days for days in queries.policy().reminder_days if days > 0}, reverse=True)


def lapsing_within(days: int, request: Any) -> Q:
    today = local_date(request.now)
    return Q(protected_until__gte=today, protected_until__lte=today + timedelta(days=days))


# --- what became of a registration --------------------------------------------------------------

DECIDED = Q(decided_at__isnull=False)
APPROVED = DECIDED & ~Q(status=DealStatus.REJECTED)
REJECTED = Q(status=DealStatus.REJECTED)
WON = Q(status=DealStatus.WON)
IN_CONFLICT = Q(Exists(DealAssessment.objects.filter(deal=OuterRef("pk"), outcome="conflict")))
OUTCOMES: dict[str, tuple[Any, Q]] = {
    "decided": (_("Decided"), DECIDED),
    "approved": (_("Approved"), APPROVED),
    "rejected": (_("Declined"), REJECTED),
    "won": (_("Won"), WON),
    "conflict": (_("In conflict with another"), IN_CONFLICT),
}


class Outcome(Choice):
    """What became of a registration."""

    def __init__(self) -> None:
        super().__init__("outcome", _("Outcome"), options=[(key, label) for key, (label, _q) in OUTCOMES.items()])

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return OUTCOMES[value[0]][1]


# --- how long something stands ------------------------------------------------------------------

STANDING = (*WAITING, DealStatus.ACTION_REQUIRED, DealStatus.APPROVED)
SINCE = Case(
    When(status=DealStatus.APPROVED, then=Coalesce("decided_at", "submitted_at")),  # the other part of a sale: shared
    When(status__in=WAITING, then=F("submitted_at")),
    default=F("changed_at"),
)
AGES: tuple[tuple[str, int, int | None, Any], ...] = (  # from and to in days
    ("1d", 0, 1, _("under a day")),
    ("3d", 1, 3, _("1–3 days")),
    ("7d", 3, 7, _("3–7 days")),
    ("14d", 7, 14, _("7–14 days")),
    ("30d", 14, 30, _("14–30 days")),
    ("more", 30, None, _("over 30 days")),
)


class Age(Choice):
    """How long a deal has been where it is."""

    def __init__(self) -> None:
        super().__init__("age", _("Since"), options=[(key, label) for key, _from, _to, label in AGES])

    def q(self, value: tuple[str, ...], request: HttpRequest) -> Q:
        return aged(value[0], formats.now(request))


def aged(key: str, now: datetime) -> Q:
    """The deals of one bucket; a bucket begins with its first moment and ends before its last."""
    low, high = next((low, high) for one, low, high, _label in AGES if one == key)
    young = Q(since__lte=now - timedelta(days=low)) if low else Q()
    return young & Q(since__gt=now - timedelta(days=high)) if high else young
