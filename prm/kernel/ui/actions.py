"""The only writers: saved views, exports asked for, and the vendor's brand."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from prm.kernel import audit
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.models import Tenant
from prm.kernel.ui import branding
from prm.kernel.ui.models import Export, SavedView


def save_view(*, owner_id: UUID, partner_id: UUID | None, list_key: str, name: str, query: str) -> SavedView:
    """Keep a list's state under a name; the same name again replaces it. A preference, so not audited."""
    view, _made = SavedView.objects.update_or_create(
        owner_id=owner_id, list_key=list_key, name=name, defaults={"query": query, "partner_id": partner_id}
    )
    return view


def delete_view(*, view_id: UUID) -> None:
    """Forget a saved view; one that is gone already is fine."""
    SavedView.objects.filter(pk=view_id).delete()


def ask_for_export(
    *,
    member_id: UUID,
    address: str,
    title: str,
    format: str,
    expected_rows: int,
    language: str,
    token_id: UUID | None = None,
    actor: Actor,
    now: datetime,
) -> Export:
    """Have a page's table written as a file, for a member or their key. Whoever takes data out stands in the audit."""
    from prm.celery import nudge

    row = Export.objects.create(
        asked_by_id=member_id,
        partner_id=actor.partner_id,
        token_id=token_id,
        address=address,
        title=title[:200],
        format=format,
        language=language,
        expected_rows=expected_rows,
        asked_at=now,
    )
    told = {"address": address, "format": format, "rows": expected_rows}
    audit.record("export.asked", target=row, actor=actor, at=now, after=told)
    transaction.on_commit(lambda: nudge("prm.kernel.ui.tasks.write_exports"), robust=True)
    return row


def note_fetched(*, export: Export, actor: Actor, now: datetime) -> None:
    """Write down that somebody took the file."""
    audit.record("export.fetched", target=export, actor=actor, at=now, after={"rows": export.rows})


def set_branding(*, name: str, colour: str, logo: str | None, actor: Actor, now: datetime) -> Tenant:
    """Change the vendor's name, colour and (unless None) logo.

    `colour` is #rrggbb; ValueError for anything else. What readers see is the accessible palette made of it.
    """
    tenant = Tenant.objects.get(pk=tenant_id())
    before = {"name": tenant.name, "brand_color": tenant.brand_color, "logo": _named(tenant.logo)}
    tenant.name, tenant.brand_color = name, branding.palette(colour).colour
    if logo is not None:
        tenant.logo = logo
    tenant.save(update_fields=["name", "brand_color", "logo"])
    after = {"name": tenant.name, "brand_color": tenant.brand_color, "logo": _named(tenant.logo)}
    audit.record("branding.changed", target=tenant, actor=actor, at=now, before=before, after=after)
    return tenant


def _named(logo: str) -> str:
    return branding.fingerprint(logo) if logo else ""
