"""The vendor's end customers: made, changed, imported; and what people's verdicts teach about them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from dealreg import entry
from dealreg.actions.base import write_keys
from dealreg.models import Customer, CustomerAlias, CustomerWords, Deal, MatchKey, NotSame, Saying, Verdict
from dealreg.queries.rivals import spelling_of
from dealreg.queries.verdicts import anything_said
from dealreg.queries.words import counted_crowds, counted_words, words_are_stale
from prm.kernel import audit
from prm.kernel.audit.undoing import cause_of, just_done
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Record, normalise
from prm.kernel.tenancy.ids import uuid7
from prm.kernel.tenancy.models import Tenant

CHANGEABLE = ("name", "domain", "country", "city", "external_id", "parent_id", "is_house", "is_blocked")
MARKS = ("is_house", "is_blocked")


def create_customer(
    *,
    name: str,
    actor: Actor,
    now: datetime,
    domain: str = "",
    country: str = "",
    city: str = "",
    external_id: str = "",
    is_house: bool = False,
    is_blocked: bool = False,
) -> Customer:
    """A customer of the vendor, found from now on by the conflict check.

    Raises ValidationError when another customer has that external id.
    """
    _still_free(external_id)
    customer = Customer(
        name=entry.plain(name)[:300],
        domain=entry.plain(domain)[:255],
        city=entry.plain(city)[:160],
        country=normalise(Record("x", country=country)).country,
        external_id=entry.plain(external_id)[:80],
        is_house=is_house,
        is_blocked=is_blocked,
    )
    _save(customer)
    audit.record("customer.created", target=customer, actor=actor, at=now, after={"name": customer.name})
    return customer


def update_customer(*, customer_id: UUID, changes: Mapping[str, Any], actor: Actor, now: datetime) -> Customer:
    """Change a customer.

    Raises ValueError for a field that can't be changed here, ValidationError for another customer's external id.
    """
    if unknown := set(changes) - set(CHANGEABLE):
        raise ValueError(f"not changeable: {', '.join(sorted(unknown))}")
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    _still_free(changes.get("external_id", ""), customer_id)
    before = {name: getattr(customer, name) for name in changes}
    for name, value in changes.items():
        setattr(customer, name, value)
    _save(customer)
    audit.record("customer.updated", target=customer, actor=actor, at=now, before=before, after=dict(changes))
    return customer


def mark_customers(
    *, customer_ids: Sequence[UUID], mark: str, value: bool, batch: UUID, actor: Actor, now: datetime
) -> int:
    """Set one mark on many customers, each with its row of audit under `batch`; returns how many had it otherwise.

    Names and keys stay as they are, so nothing is compared anew. Raises ValueError for what is no mark.
    """
    if mark not in MARKS:
        raise ValueError(f"not a mark: {mark}")
    found = Customer.objects.select_for_update().filter(pk__in=customer_ids, **{mark: not value})
    customers = list(found.only("pk", "name").order_by("pk"))
    Customer.objects.filter(pk__in=[customer.pk for customer in customers]).update(**{mark: value})
    for customer in customers:
        audit.record(
            "customer.updated",
            target=customer,
            actor=actor,
            at=now,
            before={mark: not value},
            after={mark: value},
            cause=cause_of(batch),
        )
    return len(customers)


def unmark_customers(*, batch: UUID, actor: Actor, now: datetime) -> int:
    """Take back what the actor has just marked under `batch`: a correction of its own, audited as one."""
    done = just_done("customer.updated", batch, actor, now)
    marks = {(mark, bool(was)) for entry in done for mark, was in entry.before.items()}
    ids = [entry.target_id for entry in done]
    return sum(
        mark_customers(customer_ids=ids, mark=mark, value=was, batch=uuid7(), actor=actor, now=now)
        for mark, was in sorted(marks)
    )


def _still_free(external_id: str, customer_id: UUID | None = None) -> None:
    wanted = entry.plain(external_id)[:80]
    other = Customer.objects.filter(external_id=wanted).first() if wanted else None
    if other and other.pk != customer_id:
        raise ValidationError({"external_id": _("%(name)s has this reference already.") % {"name": other.name}})


def add_alias(*, customer_id: UUID, name: str, actor: Actor, now: datetime, domain: str = "") -> CustomerAlias:
    """Another name by which the customer is known."""
    customer = Customer.objects.select_for_update().get(pk=customer_id)
    alias = _alias(customer, entry.plain(name)[:300], entry.plain(domain)[:255], None)
    audit.record("customer.alias_added", target=customer, actor=actor, at=now, after={"alias": alias.name})
    return alias


def customer_from(deal: Deal) -> Customer:
    """A new customer from what a deal says, under its parent where a person named one."""
    normal = deal.normal
    customer = Customer(
        name=deal.customer_name,
        domain=normal.get("d", ""),
        country=deal.customer_country,
        city=deal.customer_city,
        source=Customer.Source.DEAL,
        parent=parent_of(deal),
    )
    _save(customer)
    return customer


def parent_of(deal: Deal) -> Customer | None:
    """The customer that a person has called the deal's parent."""
    if not anything_said(deal):
        return None
    said = Verdict.objects.filter(deal=deal, saying=Saying.RELATED, status=Verdict.Status.IN_FORCE)
    found = said.exclude(customer=None).order_by("-probability").first()
    return (found.customer.parent or found.customer) if found and found.customer else None


def set_parent(customer: Customer, parent: Customer, actor: Actor, now: datetime) -> None:
    """Both belong to one group; a parent that is there already stays."""
    if customer.parent_id is None and parent.parent_id != customer.pk:
        update_customer(customer_id=customer.pk, changes={"parent_id": parent.pk}, actor=actor, now=now)


def learn_alias(customer: Customer, deal: Deal, verdict: Verdict) -> None:
    """A person said that the deal is for this customer: the spelling is never asked about again."""
    NotSame.objects.filter(customer=customer, spelling=spelling_of(deal.normal)).delete()
    if deal.customer_name != customer.name:
        _alias(customer, deal.customer_name, deal.normal.get("d", ""), deal.pk, verdict)


def learn_not_same(customer: Customer, verdict: Verdict, now: datetime, spelling: str = "") -> None:
    """A person said that the deal is not for this customer."""
    NotSame.objects.get_or_create(
        customer=customer,
        spelling=spelling or verdict.spelling,
        defaults={"said_by": verdict.said_by, "deal_id": verdict.deal_id, "at": now, "verdict": verdict},
    )


def forget(verdict: Verdict) -> None:
    """What a verdict taught is known no more."""
    NotSame.objects.filter(verdict=verdict).delete()
    CustomerAlias.objects.filter(verdict=verdict).delete()
    if verdict.customer is not None:
        _save(verdict.customer)
        if verdict.saying == Saying.RELATED:
            Customer.objects.filter(parent=verdict.customer, assessments__deal=verdict.deal_id).update(parent=None)


def count_words(*, actor: Actor, now: datetime) -> CustomerWords | None:
    """Count in how many customers each word stands, for what words weigh, and which keys say too little.

    None where little has changed since.
    """
    if not words_are_stale():
        return None
    records, counts = counted_words()
    words, _made = CustomerWords.objects.update_or_create(
        defaults={"records": records, "counts": counts, "crowded": counted_crowds(), "counted_at": now}
    )
    told = {"customers": records, "words": len(counts)}
    audit.record("words.counted", target=Tenant.objects.get(), actor=actor, at=now, after=told)
    return words


def refresh_keys(customers: Iterable[Customer]) -> int:
    """Make normal forms and keys anew, as after a new version of the matcher. Returns how many."""
    known = list(customers)
    for customer in known:
        _save(customer)
    return len(known)


def _alias(
    customer: Customer, name: str, domain: str, deal_id: UUID | None, verdict: Verdict | None = None
) -> CustomerAlias:
    alias, _made = CustomerAlias.objects.get_or_create(
        customer=customer, name=name, domain=domain, defaults={"learned_from_id": deal_id, "verdict": verdict}
    )
    _save(customer)
    return alias


def _save(customer: Customer) -> None:
    """The row, its normal form and its keys belong together."""
    aliases = [] if customer._state.adding else list(customer.aliases.order_by("name").values_list("name", flat=True))
    record = Record(customer.name, customer.domain, customer.country, customer.city, aliases=aliases)
    customer.normal = normalise(record).to_json()
    customer.save()
    write_keys(MatchKey.Kind.CUSTOMER, customer.pk, customer.normal)
