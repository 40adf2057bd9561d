"""One registration, however many ways the same deal comes in: what comes later joins what came first."""

from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from dealreg import queries
from dealreg.actions.base import note, save
from dealreg.intake import rules
from dealreg.models import Deal, DealComment, DealFile
from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import tenant_id

COMPARED = ("name", "customer_name", "customer_domain", "customer_city", "amount", "currency", "expected_close_on")


def join_first(deal: Deal, actor: Actor, now: datetime) -> Decision | None:
    """The decision "already registered", with the draft joined to its partner's first deal; None for a new one.

    Runs as the vendor, on a locked draft that could be handed in. A partner's deals come in one after another,
    so that of two that arrive at the same moment one is the first.
    """
    policy = queries.policy()
    if not policy.same_deal_days:
        return None
    _one_at_a_time(deal)
    candidates = queries.own_open_matches(deal, queries.line_ids(deal), now, policy)
    if not candidates:
        return None
    decision = rules.decide_same({"way": deal.way, "days": policy.same_deal_days, "candidates": candidates})
    if decision.allowed:
        return None
    first = Deal.objects.get(pk=rules.first_of(decision)["id"])
    _keep_evidence(deal, first, actor, now)
    before = str(deal.status)
    deal.withdraw(reason=decision.reasons[0].text[:300])
    save(deal, now)
    note(
        "deal.joined",
        deal,
        actor=actor,
        now=now,
        before={"status": before},
        after={"status": str(deal.status), "first": first.number},
    )
    audit.record(
        "deal.came_again",
        target=first,
        actor=actor,
        at=now,
        decision=decision,
        after={"way": deal.way, "number": deal.number},
    )
    return decision


def _one_at_a_time(deal: Deal) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [f"{tenant_id()}:{deal.partner_id}:hand in"]
        )


def _keep_evidence(deal: Deal, first: Deal, actor: Actor, now: datetime) -> None:
    """The files of the later one, and what it says otherwise, go to the first."""
    DealFile.objects.filter(deal=deal).update(deal=first)
    DealComment.objects.create(
        deal=first,
        audience="partner",
        author_id=actor.membership_id,
        author_name=actor.signature,
        by_partner=not actor.is_vendor,
        body=_told(deal, first),
        at=now,
    )


def _told(deal: Deal, first: Deal) -> str:
    came = _("This deal came in again by another way (%(way)s, %(number)s). It stays one registration: %(first)s.") % {
        "way": deal.get_way_display(),
        "number": deal.number,
        "first": first.number,
    }
    lines = [
        f"{Deal._meta.get_field(name).verbose_name}: {getattr(deal, name)} ({getattr(first, name) or '–'})"  # type: ignore[union-attr]
        for name in COMPARED
        if getattr(deal, name) not in (None, "", getattr(first, name))
    ]
    said = deal.notes[:1_000]
    return "\n".join([came, *([_("It said otherwise:"), *lines] if lines else []), *([said] if said else [])])
