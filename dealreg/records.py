"""How the audit tells of deals and customers: where their pages are, and what a deal's fields are called."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from dealreg.actions.base import standing
from dealreg.models import Deal, DealStatus, PipelineStage
from partners.queries import names_of
from prm.kernel.audit.records import Field, Record, register_record
from prm.kernel.identity.models import Membership
from prm.kernel.ui import formats


def _now(deal_id: UUID) -> Mapping[str, Any] | None:
    deal = Deal.objects.filter(pk=deal_id).first()
    return standing(deal) if deal else None


def _status(value: Any) -> Any:
    return dict(DealStatus.choices).get(value, value)


def _stage(value: Any) -> Any:
    return dict(PipelineStage.choices).get(value, value)


def _amount(value: Any) -> str:
    return formats.number(Decimal(str(value)))


def _day(value: Any) -> str:
    return formats.day(value if isinstance(value, date) else date.fromisoformat(value))


def _member(value: Any) -> str:
    found = Membership.objects.filter(pk=value).values_list("name", flat=True).first()
    return found or str(value)


def _partner(value: Any) -> str:
    return names_of([UUID(str(value))]).get(UUID(str(value)), str(value))


register_record(
    Record(
        "dealreg.deal",
        _("Deal"),
        "dealreg_console:deal",
        fields=(
            Field("status", _("Status"), _status),
            Field("deal_amount", _("Amount"), _amount),
            Field("currency", _("Currency")),
            Field("protected_until", _("Protected until"), _day),
            Field("owner", _("Channel manager"), _member),
            Field("reseller", _("Registered for"), _partner),
            Field("pipeline_stage", _("Stage"), _stage),
            Field("actual_amount", _("Actual amount"), _amount),
        ),
        now=_now,
    )
)
register_record(Record("dealreg.customer", _("Customer"), "dealreg_console:customer"))
register_record(Record("dealreg.dispute", _("Dispute"), "dealreg_console:dispute"))
register_record(Record("dealreg.dealbatch", _("Many deals at once"), "dealreg_console:batch"))
