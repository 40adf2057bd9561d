"""Asking for a file and taking it: what the pages and the API have in common."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.cache import cache
from django.core.files.storage import default_storage
from django.http import FileResponse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from prm.kernel.decisions import Decision, Reason
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.models import Tenant
from prm.kernel.ui import actions
from prm.kernel.ui.exports import files, links
from prm.kernel.ui.exports.pages import NoTable, Reader, table_of
from prm.kernel.ui.models import Export

RULE = "export/1"
PER_MINUTE = 10
LONGEST = 2000  # characters of an address
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def ask(request: Any, address: str, kind: str) -> tuple[Decision, Export | None]:
    """Have the page at `address` written as a file, or say why not. `request` is whoever asks."""
    member: Membership | None = request.membership or _of_token(request.token)
    if member is None:
        return _refused("address.nobody", _("This key belongs to nobody any more. Make a new one.")), None
    if kind not in Export.Format.values or not 0 < len(address) <= LONGEST:
        return _refused("address.unknown", _("There is no table to export at that address.")), None
    if not _may(member):
        return _refused(
            "export.throttled", _("That was many exports at once. Please wait a minute and try again.")
        ), None
    reader = Reader(member, request.actor, request.tenant, request.now, get_language() or "en")
    try:
        table = table_of(address, reader)
    except NoTable:
        return _refused("address.unknown", _("There is no table to export at that address.")), None
    count = table.count()
    if count > files.LIMIT:
        return _refused("export.too_many", str(Export.Problem.TOO_MANY.label)), None
    row = actions.ask_for_export(
        member_id=member.pk,
        address=address,
        title=table.title,
        format=kind,
        expected_rows=count,
        language=reader.language,
        token_id=request.token.pk if request.token else None,
        actor=request.actor,
        now=request.now,
    )
    return Decision(rule=RULE, outcome="asked", allowed=True, facts={"rows": count}), row


def _refused(key: str, text: str) -> Decision:
    return Decision(rule=RULE, outcome="refused", allowed=False, reasons=(Reason(key, text, audience="both"),))


def _of_token(token: Any) -> Membership | None:
    if token is None or token.membership_id is None:
        return None
    return Membership.objects.filter(pk=token.membership_id, ended_at=None).first()


def _may(member: Membership) -> bool:
    """So many a minute each."""
    key = f"{member.tenant_id}:exports:{member.pk}"
    cache.add(key, 0, timeout=60)
    return bool(cache.incr(key) <= PER_MINUTE)


def mine(member_id: UUID | None) -> Any:
    """What this member asked for, the newest first."""
    return Export.objects.filter(asked_by_id=member_id).order_by("-pk")


def fetch(row: Export, key: str, request: Any) -> FileResponse | None:
    """The file, as an attachment that no browser opens in our name; None where the link is no good."""
    over = row.expires_at is None or row.expires_at <= request.now
    if row.state != Export.State.READY or over or not links.fits(row, key):
        return None
    actions.note_fetched(export=row, actor=request.actor, now=request.now)
    name = f"{_slug(row.title)}-{_day(row.asked_at, request.tenant)}.{row.format}"
    response = FileResponse(
        default_storage.open(row.stored_name), as_attachment=True, filename=name, content_type=TYPES[row.format]
    )
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _slug(title: str) -> str:
    return slugify(title) or "export"


def _day(moment: datetime, tenant: Tenant) -> str:
    return moment.astimezone(ZoneInfo(tenant.time_zone)).date().isoformat()
