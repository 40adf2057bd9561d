"""What happened to a partner, in words, from its audit."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners.models import Partner, Tier
from prm.kernel.audit.models import AuditEntry
from prm.kernel.audit.words import word_of
from prm.kernel.reference.models import Program, Territory

WORDS: Mapping[str, tuple[Any, str, str]] = {
    "partner.created": (gettext_lazy("Added"), "plus", "brand"),
    "partner.updated": (gettext_lazy("Profile changed"), "pencil", "neutral"),
    "partner.enrolled": (gettext_lazy("Enrolled"), "award", "good"),
    "partner.tier_changed": (gettext_lazy("Tier changed"), "award", "info"),
    "partner.tier_change_refused": (gettext_lazy("Tier change refused"), "ban", "warn"),
    "partner.cam_assigned": (gettext_lazy("Channel manager changed"), "user-check", "neutral"),
    "partner.cam_refused": (gettext_lazy("Channel manager refused"), "ban", "warn"),
    "partner.suspended": (gettext_lazy("Suspended"), "pause", "bad"),
    "partner.suspended_refused": (gettext_lazy("Suspension refused"), "ban", "warn"),
    "partner.active": (gettext_lazy("Works again"), "play", "good"),
    "partner.active_refused": (gettext_lazy("Reactivation refused"), "ban", "warn"),
    "partner.terminated": (gettext_lazy("Relationship ended"), "circle-x", "bad"),
    "partner.terminated_refused": (gettext_lazy("Ending refused"), "ban", "warn"),
    "partner.watched": (gettext_lazy("Put on watch"), "eye", "warn"),
    "partner.unwatched": (gettext_lazy("Watch taken off"), "eye-off", "neutral"),
}
FIELDS: Mapping[str, Any] = {
    "name": gettext_lazy("name"),
    "legal_name": gettext_lazy("legal name"),
    "kind": gettext_lazy("kind"),
    "domain": gettext_lazy("e-mail domain"),
    "website": gettext_lazy("website"),
    "country": gettext_lazy("country"),
    "city": gettext_lazy("city"),
    "external_id": gettext_lazy("your reference"),
    "tier": gettext_lazy("tier"),
    "parent_id": gettext_lazy("distributor"),
    "territories": gettext_lazy("territories"),
    "program": gettext_lazy("program"),
    "status": gettext_lazy("status"),
    "cam": gettext_lazy("channel manager"),
}


def story_of(partner_id: UUID, most: int = 50) -> list[dict[str, Any]]:
    """The latest entries, newest first, as the timeline shows them."""
    entries = AuditEntry.objects.filter(target_id=partner_id).order_by("-at", "-id")[:most]
    names = _names()
    return [_told(entry, names) for entry in entries]


Names = Mapping[str, Mapping[str, str]]


def _names() -> Names:
    """What codes are called, by the field that holds them."""
    kinds = {"tier": Tier, "program": Program, "territories": Territory}
    coded: dict[str, Mapping[str, str]] = {
        field: dict(model._default_manager.values_list("code", "name")) for field, model in kinds.items()
    }
    chosen = {"status": Partner.Status.choices, "kind": Partner.Kind.choices}
    return coded | {field: {str(key): str(label) for key, label in choices} for field, choices in chosen.items()}


def _told(entry: AuditEntry, names: Names) -> dict[str, Any]:
    title, icon, tone = WORDS.get(entry.action, (word_of(entry.action), "circle-dot", "neutral"))
    actor = f"{entry.impersonator} {_('as')} {entry.actor_name}" if entry.impersonator else entry.actor_name
    return {"at": entry.at, "title": title, "icon": icon, "tone": tone, "actor": actor, "text": _changes(entry, names)}


def _changes(entry: AuditEntry, names: Names) -> str:
    """What changed, from what to what; a reason is told as it was given."""
    if entry.action == "partner.created":
        return ""
    reason = str(entry.after.get("reason", ""))
    moved = [
        f"{FIELDS[name]}: {_plain(entry.before.get(name), names.get(name, {}))} → {_plain(value, names.get(name, {}))}"
        for name, value in entry.after.items()
        if name in FIELDS and entry.before.get(name) != value
    ]
    return " · ".join([*moved, *([reason] if reason else [])])


def _plain(value: Any, called: Mapping[str, str]) -> str:
    parts = value if isinstance(value, list) else [value] if value else []
    return ", ".join(called.get(str(part), str(part)) for part in parts) or "–"
