"""What partners offer: facts, triggers, actions and recipients for workflows; importers."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from partners import actions, events, queries
from partners.checklist import STEPS
from partners.events import partner_snapshot
from partners.imports import PARTNERS, PEOPLE
from partners.models import Partner, Tier, TierBenefit
from prm.kernel.automation import registry
from prm.kernel.automation.checklist import register_step
from prm.kernel.automation.imports import register_importer
from prm.kernel.automation.outcomes import register_outcomes
from prm.kernel.automation.parts import Trouble, register_part
from prm.kernel.conditions import Fact, FactSchema
from prm.kernel.identity.actors import Actor
from prm.kernel.money import currency_codes
from prm.kernel.reference.models import Program
from prm.kernel.reference.records import RecordPart, Rows


def tier_choices() -> list[tuple[str, str]]:
    return [(tier.code, tier.name) for tier in Tier.objects.order_by("-rank")]


def program_choices() -> list[tuple[str, str]]:
    return [(program.code, program.name) for program in Program.objects.order_by("name")]


SCHEMA = FactSchema(
    name="partner",
    label=_("partners"),
    model="partners.Partner",
    facts=(
        Fact("partner.name", _("Name"), "text", orm="name"),
        Fact("partner.kind", _("Kind"), "choice", choices=tuple(Partner.Kind.choices), orm="kind"),
        Fact("partner.status", _("Status"), "choice", choices=tuple(Partner.Status.choices), orm="status"),
        Fact("partner.country", _("Country"), "text", orm="country"),
        Fact("partner.domain", _("E-mail domain"), "text", orm="domain"),
        Fact("partner.has_cam", _("Has a channel manager"), "bool"),
        Fact("partner.tier", _("Best tier"), "choice", choices=tier_choices),
        Fact("partner.tier_rank", _("Rank of the best tier"), "number"),
        Fact("partner.program", _("Program"), "choice", choices=program_choices),
    ),
)


def suspend(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> registry.Outcome:
    reason = str(params.get("reason", ""))
    decision = actions.suspend_partner(partner_id=subject_id, reason=reason, actor=actor, now=now)
    return registry.Outcome(decision.outcome, {"reasons": [r.told() for r in decision.reasons]})


def reactivate(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> registry.Outcome:
    decision = actions.reactivate_partner(partner_id=subject_id, actor=actor, now=now)
    return registry.Outcome(decision.outcome, {"reasons": [r.told() for r in decision.reasons]})


def watch(subject_id: UUID, params: Mapping[str, Any], actor: Actor, now: datetime) -> registry.Outcome:
    actions.watch_partner(partner_id=subject_id, reason=str(params.get("reason", "")), actor=actor, now=now)
    return registry.Outcome("watched")


def facts_of(partner_id: UUID) -> Mapping[str, Any]:
    return partner_snapshot(Partner.objects.get(pk=partner_id))


def _people(*roles: str) -> Any:
    def find(partner_id: UUID) -> Iterable[UUID]:
        return [person.pk for person in queries.people_of(partner_id, *roles)]

    return find


def _cam(partner_id: UUID) -> Iterable[UUID]:
    cam = queries.cam_of(partner_id)
    return [cam.pk] if cam else []


REASON = Fact("reason", _("Reason"), "text")
TRIGGERS = (
    (events.PartnerCreated, _("A partner is added")),
    (events.PartnerUpdated, _("A partner's profile changes")),
    (events.PartnerEnrolled, _("A partner is enrolled")),
    (events.TierChanged, _("A partner's tier changes")),
    (events.CamAssigned, _("A partner's channel manager changes")),
    (events.PartnerSuspended, _("A partner is suspended")),
    (events.PartnerReactivated, _("A partner works again")),
    (events.PartnerTerminated, _("A partner's relationship ends")),
)

registry.register_facts(SCHEMA)
for event, label in TRIGGERS:
    registry.register_trigger(registry.Trigger(event.name, label, "partner"))
register_outcomes({"active": _("Works again"), "suspended": _("Suspended"), "watched": _("Put on watch")})
registry.register_action(
    registry.ActionSpec(
        "partners.suspend", _("Suspend the partner"), suspend, (REASON,), ("suspended", "refused"), "partner"
    )
)
registry.register_action(
    registry.ActionSpec(
        "partners.reactivate", _("Let the partner work again"), reactivate, (), ("active", "refused"), "partner"
    )
)
registry.register_action(
    registry.ActionSpec("partners.watch", _("Watch the partner"), watch, (REASON,), ("watched",), "partner")
)
registry.register_recipients(registry.Recipients("partner.cam", _("Channel manager"), _cam, "partner"))
registry.register_recipients(
    registry.Recipients("partner.admins", _("Partner's admins"), _people("partner_admin"), "partner")
)
registry.register_recipients(registry.Recipients("partner.people", _("Partner's people"), _people(), "partner"))
register_importer(PARTNERS)
register_importer(PEOPLE)
for step in STEPS:
    register_step(step)


def _program(program: Any) -> Iterator[Trouble]:
    if program.currency not in currency_codes():
        yield "currency", _("{code} is no ISO 4217 currency.").format(code=program.currency)


register_part(
    RecordPart(
        "programs",
        30,
        Program,
        "code",
        fields=(
            "code",
            "name",
            "currency",
            "calendar",
            "starts_on",
            "protection_days",
            "answer_within_minutes",
            "quality_share",
            "is_active",
        ),
        refers={"calendar": "code"},
        rows=(
            Rows(
                "tiers",
                Tier,
                "program",
                "code",
                ("code", "name", "rank", "protection_days", "discount", "auto_approve_limit", "colour"),
                order=("-rank",),
                ranked="rank",
                rows=(
                    Rows(
                        "benefits",
                        TierBenefit,
                        "tier",
                        "text",
                        order=("position", "text"),
                        text="text",
                        position="position",
                    ),
                ),
            ),
        ),
        check=_program,
    )
)
