"""Comments and files on a deal: for the vendor's people alone, or for the partner too."""

from datetime import datetime
from hashlib import sha256
from secrets import token_hex
from uuid import UUID

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from dealreg import entry, filekinds, queries, rules
from dealreg.actions.base import deciding_on, note, tell
from dealreg.events import DealCommented
from dealreg.models import Deal, DealComment, DealFile
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import tenant_id
from prm.kernel.tenancy.lines import stand_in_line

LONGEST_COMMENT = 4_000
MOST_FILES = 30


def add_comment(*, deal_id: UUID, body: str, audience: str, actor: Actor, now: datetime) -> Decision:
    """Say something. What a partner says is always for both sides."""
    with deciding_on(deal_id) as deal:
        text, seen_by = entry.paragraphs(body), _audience(audience, actor)
        problems = [] if text else [["body.missing", _("Write something first.")]]
        if len(text) > LONGEST_COMMENT:
            problems.append(["body.too_long", _("At most %(most)s characters.") % {"most": LONGEST_COMMENT}])
        decision = rules.decide_note({"problems": problems, "audience": seen_by})
        if decision.allowed:
            comment = DealComment.objects.create(deal=deal, audience=seen_by, body=text, at=now, **_author(actor))
            tell(
                DealCommented,
                deal,
                now=now,
                comment=comment.pk,
                audience=seen_by,
                author_name=actor.signature,
                author=actor.membership_id,
                by_partner=comment.by_partner,
                excerpt=text[:200],
            )
        note("deal.commented", deal, actor=actor, now=now, decision=decision, after={"audience": seen_by})
    return decision


def attach_file(
    *,
    deal_id: UUID,
    name: str,
    content: bytes,
    audience: str,
    actor: Actor,
    now: datetime,
    as_evidence: bool = False,
) -> Decision:
    """Keep a file, if it is what its name says, under a random name; `as_evidence` in the deal's open dispute."""
    with deciding_on(deal_id) as deal:
        shown, seen_by = _file_name(name), _audience(audience, actor)
        content_type, problems = _look_at(deal, shown, content, actor)
        dispute = deal.disputes.filter(status__in=["open", "in_review"]).first() if as_evidence else None
        if as_evidence and dispute is None:
            problems = [["dispute.not_open", _("This dispute is closed.")]]
        decision = rules.decide_note({"problems": problems, "audience": seen_by, "name": shown, "size": len(content)})
        if decision.allowed:
            stored = _store(deal, content)
            DealFile.objects.create(
                deal=deal,
                dispute=dispute,
                audience=seen_by,
                name=shown,
                size=len(content),
                stored_name=stored,
                content_type=content_type,
                sha256=sha256(content).hexdigest(),
                at=now,
                **_author(actor),
            )
        note("deal.file_attached", deal, actor=actor, now=now, decision=decision, after={"name": shown})
    return decision


def _look_at(deal: Deal, name: str, content: bytes, actor: Actor) -> tuple[str, list[list[str]]]:
    """The content type, or why the file is not taken."""
    if not content:
        return "", [["file.empty", _("The file is empty.")]]
    if len(content) > settings.FILE_UPLOAD_MAX_SIZE:
        return "", [["file.too_big", _("At most %(most)s MB.") % {"most": settings.FILE_UPLOAD_MAX_SIZE // 2**20}]]
    if full := _is_full(deal, len(content), actor):
        return "", [full]
    if deal.files.count() >= MOST_FILES:
        return "", [["file.too_many", _("A deal takes %(most)s files.") % {"most": MOST_FILES}]]
    try:
        return filekinds.kind_of(name, content), []
    except filekinds.WrongKind as why:
        return "", [["file.wrong_kind", str(why)]]


def _is_full(deal: Deal, size: int, actor: Actor) -> list[str]:
    """Why there is no room for it; nothing where there is. One file of a vendor at a time: two that come at once
    would both find the last of it free."""
    policy = queries.policy()
    stand_in_line("dealreg.files")
    if not queries.has_room_for(size, policy):
        return ["file.quota", _("There is no room left for files. Please tell your channel manager.")]
    room = queries.room_of(deal.partner_id, policy)
    if actor.is_vendor or room.has_room_for(size):
        return []
    text = _(
        "There is no room left for your company's files: %(used)s of %(most)s are taken, by %(files)s files of at most "
        "%(most_files)s. Send a smaller file, or ask your channel manager for more room."
    )
    return ["file.partner_quota", text % room.told]


def _store(deal: Deal, content: bytes) -> str:
    """Write the file; if the transaction fails afterwards nothing points to it."""
    stored = default_storage.save(f"{tenant_id()}/deals/{deal.pk}/{token_hex(16)}", ContentFile(content))
    return str(stored)


def _file_name(name: str) -> str:
    """The last part of the name, without a path, signs of direction or control characters."""
    return entry.plain(name.replace("\\", "/").rpartition("/")[2])[-200:] or "file"


def _audience(wanted: str, actor: Actor) -> str:
    return "vendor" if wanted == "vendor" and actor.is_vendor else "partner"


def _author(actor: Actor) -> dict[str, object]:
    return {"author_id": actor.membership_id, "author_name": actor.signature, "by_partner": not actor.is_vendor}
