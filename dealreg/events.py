"""What deal registration tells the rest: facts of the schema "deal" and, for money, a snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Self

from dealreg.models import Deal, Dispute
from prm.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class DealEvent(Event):
    """Something about one deal. `detail` holds what is peculiar to the event."""

    detail: Mapping[str, Any]

    @classmethod
    def of(cls, deal: Deal, facts: Mapping[str, Any], before: Mapping[str, Any] | None = None, **detail: Any) -> Self:
        return cls(subject_id=deal.pk, partner_id=deal.partner_id, facts=facts, before=before or {}, detail=detail)


@dataclass(frozen=True, kw_only=True)
class DealSubmitted(DealEvent):
    """Handed in, for the first time or again (`deal.submission`)."""

    name: ClassVar[str] = "dealreg.deal.submitted"


@dataclass(frozen=True, kw_only=True)
class DealInReview(DealEvent):
    name: ClassVar[str] = "dealreg.deal.in_review"


@dataclass(frozen=True, kw_only=True)
class DealApproved(DealEvent):
    name: ClassVar[str] = "dealreg.deal.approved"


@dataclass(frozen=True, kw_only=True)
class DealRejected(DealEvent):
    name: ClassVar[str] = "dealreg.deal.rejected"


@dataclass(frozen=True, kw_only=True)
class DealReturned(DealEvent):
    name: ClassVar[str] = "dealreg.deal.returned"


@dataclass(frozen=True, kw_only=True)
class DealWithdrawn(DealEvent):
    name: ClassVar[str] = "dealreg.deal.withdrawn"


@dataclass(frozen=True, kw_only=True)
class DealWon(DealEvent):
    """`detail` carries the money: amount, currency, amount_vendor, closed_on, product_lines."""

    name: ClassVar[str] = "dealreg.deal.won"


@dataclass(frozen=True, kw_only=True)
class DealLost(DealEvent):
    name: ClassVar[str] = "dealreg.deal.lost"


@dataclass(frozen=True, kw_only=True)
class DealExpired(DealEvent):
    name: ClassVar[str] = "dealreg.deal.expired"


@dataclass(frozen=True, kw_only=True)
class DealExpiring(DealEvent):
    """`detail.days` before the protection ends."""

    name: ClassVar[str] = "dealreg.deal.expiring"


@dataclass(frozen=True, kw_only=True)
class DealExtended(DealEvent):
    name: ClassVar[str] = "dealreg.deal.extended"


@dataclass(frozen=True, kw_only=True)
class StageChanged(DealEvent):
    name: ClassVar[str] = "dealreg.deal.stage_changed"


@dataclass(frozen=True, kw_only=True)
class DealCommented(DealEvent):
    """`detail`: audience, by_partner, author_name, excerpt."""

    name: ClassVar[str] = "dealreg.deal.commented"


@dataclass(frozen=True, kw_only=True)
class DealReassigned(DealEvent):
    """The deal is another partner's now. `detail.former` is what the old one keeps."""

    name: ClassVar[str] = "dealreg.deal.reassigned"


@dataclass(frozen=True, kw_only=True)
class DealShared(DealEvent):
    """The deal is one of two parts of a sale; `detail.share` is its own, in percent."""

    name: ClassVar[str] = "dealreg.deal.shared"


@dataclass(frozen=True, kw_only=True)
class ProtectionEnded(DealEvent):
    """By a decision, before its day."""

    name: ClassVar[str] = "dealreg.deal.protection_ended"


@dataclass(frozen=True, kw_only=True)
class DisputeEvent(Event):
    """Something about one dispute, with facts of the schema "dispute"."""

    detail: Mapping[str, Any]

    @classmethod
    def of(cls, dispute: Dispute, facts: Mapping[str, Any], **detail: Any) -> Self:
        return cls(subject_id=dispute.pk, partner_id=dispute.partner_id, facts=facts, detail=detail)


@dataclass(frozen=True, kw_only=True)
class DisputeRaised(DisputeEvent):
    name: ClassVar[str] = "dealreg.dispute.raised"


@dataclass(frozen=True, kw_only=True)
class DisputeWithdrawn(DisputeEvent):
    name: ClassVar[str] = "dealreg.dispute.withdrawn"


@dataclass(frozen=True, kw_only=True)
class DisputeDecided(DisputeEvent):
    """`detail.outcome`: upheld, overturned or shared."""

    name: ClassVar[str] = "dealreg.dispute.decided"


@dataclass(frozen=True, kw_only=True)
class DealQuestionSettled(DealEvent):
    """A person's verdict has changed what the conflict check says of a waiting deal. `detail`: why, by."""

    name: ClassVar[str] = "dealreg.deal.question_settled"


@dataclass(frozen=True, kw_only=True)
class DealPartnerChanged(DealEvent):
    """A deal that waits is another partner's: what was asked about it is asked anew. `detail`: why, by."""

    name: ClassVar[str] = "dealreg.deal.partner_changed"


@dataclass(frozen=True, kw_only=True)
class VerdictGiven(Event):
    """Somebody compared two records; delivered when it can be undone no more. The subject is the verdict."""

    name: ClassVar[str] = "dealreg.verdict.given"


def money_snapshot(deal: Deal) -> dict[str, Any]:
    """The money of a deal as others need it: in its own and in the vendor's currency."""
    return {
        "amount": deal.actual_amount or deal.amount,
        "currency": deal.currency,
        "registered_amount": deal.amount,
        "amount_vendor": deal.amount_vendor or Decimal(0),
        "closed_on": deal.closed_on,
    }


@dataclass(frozen=True, kw_only=True)
class ConfirmationAsked(Event):
    """A deal has come by a link and its contact is to be asked by e-mail. The subject is the question."""

    name: ClassVar[str] = "dealreg.intake.confirmation_asked"
