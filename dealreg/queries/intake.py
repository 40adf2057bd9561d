"""Readers of what comes in beside the portal: links on the identity plane, own deals, own customers, figures."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, Q, QuerySet, When
from django.db.models.functions import Now

from dealreg.models import (
    Deal,
    DealPolicy,
    DealStatus,
    IntakeConfirmation,
    IntakeLink,
    MatchKey,
)
from dealreg.models.deals import OPEN
from dealreg.opportunity import Side, judge
from dealreg.queries.rivals import limits_of
from dealreg.queries.words import token_weights
from prm.kernel.identity.models import Membership
from prm.kernel.identity.secrets import hash_of
from prm.kernel.matching import Normal, Record, decide, keys, normalise, score
from prm.kernel.messages.models import Message

COMPARED = 100
ANSWERS = ("intake.incomplete", "intake.registered", "intake.already")


def open_link(secret: str) -> IntakeLink | None:
    """The link of a secret, on the identity plane; None once revoked or expired, as for one that never was."""
    found = IntakeLink.objects.filter(
        secret_hash=hash_of(secret), revoked_at=None, expires_at__gt=Now(), tenant__status="active"
    )
    return found.select_related("tenant").first()


def open_confirmation(secret: str) -> IntakeConfirmation | None:
    """The question of a secret, on the identity plane; None once answered or expired, or its link revoked."""
    found = IntakeConfirmation.objects.filter(
        secret_hash=hash_of(secret),
        confirmed_at=None,
        expires_at__gt=Now(),
        link__revoked_at=None,
        tenant__status="active",
    )
    return found.select_related("tenant", "link").first()


def uses_of(link_id: UUID) -> int:
    """How many deals have come by a link, those that wait for their confirmation included."""
    return IntakeConfirmation.objects.filter(
        Q(confirmed_at__isnull=False) | Q(expires_at__gt=Now()), link_id=link_id
    ).count()


def own_open_matches(deal: Deal, lines: set[UUID], now: datetime, policy: DealPolicy) -> list[dict[str, Any]]:
    """The partner's own open deals of the last days that may be this very one, the earliest first."""
    found = _sharing_keys(deal, now - timedelta(days=policy.same_deal_days))
    if not found:
        return []
    normal, limits, weights = Normal.from_json(deal.normal), limits_of(policy), token_weights()
    rows = []
    for other in found:
        scored = score(normal, Normal.from_json(other.normal), weights)
        theirs = {line.product_line_id for line in other.lines.all()}
        one, two = (Side.of(side, frozenset(map(str, ids))) for side, ids in ((deal, lines), (other, theirs)))
        rows.append(
            {
                "id": str(other.pk),
                "number": other.number,
                "way": other.way,
                "verdict": decide(scored, limits).outcome,
                "probability": f"{scored.probability:.4f}",
                "same_lines": theirs == lines,
                "opportunity": judge(one, two)["outcome"],
            }
        )
    return rows


def _sharing_keys(deal: Deal, since: datetime) -> list[Deal]:
    asked = [key.value for key in keys(Normal.from_json(deal.normal))]
    again = {} if deal.way == "email" else {"way": deal.way}
    own = Deal.objects.filter(
        partner_id=deal.partner_id, program_id=deal.program_id, status__in=OPEN, submitted_at__gte=since
    )
    if again:
        own = own.exclude(**again)
    alike = MatchKey.objects.filter(kind=MatchKey.Kind.DEAL, key__in=asked).values("record_id")
    found = own.exclude(pk=deal.pk).filter(pk__in=alike).prefetch_related("lines")
    return list(found.order_by("submitted_at", "number")[:COMPARED])


@dataclass(frozen=True, slots=True)
class OwnCustomer:
    """A customer as the partner itself has written it before."""

    name: str
    country: str
    city: str


def own_customer(domain: str) -> OwnCustomer | None:
    """What the partner's own latest deal says of the customer at a domain: nobody else's record is read.

    Call it in the partner's audience: row-level security sees to that. None for a domain that tells nothing.
    """
    known = normalise(Record("x", domain)).domain if domain.strip() else ""
    if not known:
        return None
    own = Deal.objects.filter(normal__d=known).exclude(status__in=(DealStatus.DRAFT, DealStatus.WITHDRAWN))
    row = own.order_by("-submitted_at").values_list("customer_name", "customer_country", "customer_city").first()
    return OwnCustomer(*row) if row else None


def sellers_at(address: str) -> list[Membership]:
    """The people of partners who have an e-mail address."""
    people = Membership.objects.filter(email__iexact=address, ended_at=None, partner__isnull=False)
    return list(people.select_related("partner").order_by("pk"))


def answers_within_the_hour(address: str) -> int:
    """How many answers to mails went to an address within the last hour, by the machine's clock."""
    return Message.objects.filter(
        template__in=ANSWERS, address__iexact=address, recorded_at__gt=Now() - timedelta(hours=1)
    ).count()


def links_in_sight() -> QuerySet[IntakeLink]:
    """The links that the open context may see: a partner's own, or all of the vendor's."""
    over = Case(When(expires_at__lte=Now(), then=True), default=False, output_field=BooleanField())
    return IntakeLink.objects.select_related("partner", "program").annotate(is_over=over).order_by("-created_at")


def used(links: Iterable[IntakeLink]) -> dict[UUID, int]:
    """How many deals were handed in by each link."""
    done = IntakeConfirmation.objects.filter(link__in=list(links), confirmed_at__isnull=False)
    counts: dict[UUID, int] = {}
    for link_id in done.values_list("link_id", flat=True):
        counts[link_id] = counts.get(link_id, 0) + 1
    return counts
