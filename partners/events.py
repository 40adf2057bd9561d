"""What this app publishes. Facts are those of the schema "partner" (partners/automation.py)."""

from dataclasses import dataclass
from typing import Any, ClassVar

from partners.models import Enrolment, Partner
from prm.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class PartnerEvent(Event):
    """Something about one partner."""

    @classmethod
    def of(cls, partner: Partner, **before: Any) -> "PartnerEvent":
        return cls(subject_id=partner.pk, partner_id=partner.pk, facts=partner_snapshot(partner), before=before)


@dataclass(frozen=True, kw_only=True)
class PartnerCreated(PartnerEvent):
    name: ClassVar[str] = "partners.partner.created"


@dataclass(frozen=True, kw_only=True)
class PartnerUpdated(PartnerEvent):
    name: ClassVar[str] = "partners.partner.updated"


@dataclass(frozen=True, kw_only=True)
class PartnerEnrolled(PartnerEvent):
    name: ClassVar[str] = "partners.partner.enrolled"


@dataclass(frozen=True, kw_only=True)
class TierChanged(PartnerEvent):
    name: ClassVar[str] = "partners.partner.tier_changed"


@dataclass(frozen=True, kw_only=True)
class CamAssigned(PartnerEvent):
    name: ClassVar[str] = "partners.partner.cam_assigned"


@dataclass(frozen=True, kw_only=True)
class PartnerSuspended(PartnerEvent):
    name: ClassVar[str] = "partners.partner.suspended"


@dataclass(frozen=True, kw_only=True)
class PartnerReactivated(PartnerEvent):
    name: ClassVar[str] = "partners.partner.reactivated"


@dataclass(frozen=True, kw_only=True)
class PartnerTerminated(PartnerEvent):
    name: ClassVar[str] = "partners.partner.terminated"


def partner_snapshot(partner: Partner) -> dict[str, Any]:
    """The partner as conditions see it: its row, and the best tier it holds."""
    best = (
        Enrolment.objects.filter(partner=partner, status=Enrolment.Status.ACTIVE)
        .select_related("tier", "program")
        .order_by("-tier__rank")
        .first()
    )
    return {
        "partner.name": partner.name,
        "partner.kind": partner.kind,
        "partner.status": partner.status,
        "partner.country": partner.country,
        "partner.domain": partner.domain,
        "partner.has_cam": partner.cam_id is not None,
        "partner.tier": best.tier.code if best else None,
        "partner.tier_rank": best.tier.rank if best else None,
        "partner.program": best.program.code if best else None,
    }
