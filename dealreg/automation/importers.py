"""Customers from a file, on screen: one row at a time, so that each can be told what is wrong with it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealreg import actions, entry
from dealreg.imports import CUSTOMER_COLUMNS, other_names
from dealreg.models import Customer
from prm.kernel.automation.imports import (
    CREATED,
    UNCHANGED,
    UPDATED,
    ImportColumn,
    Importer,
    ImportProblem,
    register_importer,
)
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Record, normalise


def run(row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    """Bring one customer in: by its id in the CRM, else by its very name, domain, country and city."""
    values = {name: row.get(name) or "" for name in ("name", "domain", "country", "city", "external_id")}
    flags = {name: bool(row.get(name)) for name in ("is_house", "is_blocked")}
    customer, outcome = _held(values), UNCHANGED
    if customer is None:
        customer, outcome = actions.create_customer(**values, **flags, actor=actor, now=now), CREATED
    changes = {name: value for name, value in (values | flags).items() if getattr(customer, name) != value}
    if outcome != CREATED and changes:
        actions.update_customer(customer_id=customer.pk, changes=changes, actor=actor, now=now)
        outcome = UPDATED
    known = set(customer.aliases.values_list("name", flat=True)) if row.get("aliases") else set()
    for name in row.get("aliases") or ():
        if name not in known:
            actions.add_alias(customer_id=customer.pk, name=name, actor=actor, now=now)
            outcome = outcome if outcome == CREATED else UPDATED
    return outcome if not _tied(customer, row, actor, now) or outcome == CREATED else UPDATED


def _tied(customer: Customer, row: Mapping[str, Any], actor: Actor, now: datetime) -> bool:
    """Tie the customer to its parent, which must be in already."""
    parent = row.get("parent")
    if not parent or not customer.external_id:
        return False
    if not Customer.objects.filter(external_id=parent).exists():
        raise ImportProblem(
            _("There is no customer “%(id)s” yet. Bring the parents in first.") % {"id": parent}, "parent"
        )
    return bool(actions.link_parents(links=[(customer.external_id, parent)], actor=actor, now=now))


def _held(values: Mapping[str, str]) -> Customer | None:
    if values["external_id"]:
        return Customer.objects.filter(external_id=values["external_id"]).first()
    return Customer.objects.filter(**values).first()


def _text(longest: int) -> Any:
    def parse(text: str) -> str:
        told = entry.plain(text)
        if len(told) > longest:
            raise ImportProblem(
                _("At most %(most)s characters; this has %(count)s.") % {"most": longest, "count": len(told)}
            )
        return told

    return parse


def _country(text: str) -> str:
    code = normalise(Record("x", country=text)).country
    if not code:
        raise ImportProblem(
            _("“%(text)s” is no country we know. Use its two letters, such as DE.") % {"text": text[:40]}
        )
    return code


def _yes(text: str) -> bool:
    if text.lower() not in _WORDS:
        raise ImportProblem(_("Write yes or no."))
    return _WORDS[text.lower()]


_WORDS = dict.fromkeys(("1", "true", "yes", "y", "x", "ja"), True) | dict.fromkeys(
    ("0", "false", "no", "n", "nein"), False
)

register_importer(
    Importer(
        key="customers",
        label=gettext_lazy("Customers"),
        columns=(
            ImportColumn(
                "name", gettext_lazy("Name"), required=True, aliases=tuple(CUSTOMER_COLUMNS["name"]), parse=_text(300)
            ),
            ImportColumn(
                "domain", gettext_lazy("Web domain"), aliases=tuple(CUSTOMER_COLUMNS["domain"]), parse=_text(255)
            ),
            ImportColumn(
                "country", gettext_lazy("Country"), aliases=tuple(CUSTOMER_COLUMNS["country"]), parse=_country
            ),
            ImportColumn("city", gettext_lazy("City"), aliases=tuple(CUSTOMER_COLUMNS["city"]), parse=_text(160)),
            ImportColumn(
                "external_id",
                gettext_lazy("Id in the CRM"),
                aliases=tuple(CUSTOMER_COLUMNS["external_id"]),
                parse=_text(80),
            ),
            ImportColumn(
                "aliases",
                gettext_lazy("Other names"),
                help=gettext_lazy("Former and trading names, with | between them"),
                aliases=tuple(CUSTOMER_COLUMNS["aliases"]),
                parse=other_names,
            ),
            ImportColumn(
                "parent",
                gettext_lazy("Id of the parent in the CRM"),
                aliases=tuple(CUSTOMER_COLUMNS["parent"]),
                parse=_text(80),
            ),
            ImportColumn(
                "is_house", gettext_lazy("House account"), aliases=tuple(CUSTOMER_COLUMNS["is_house"]), parse=_yes
            ),
            ImportColumn(
                "is_blocked", gettext_lazy("Blackout"), aliases=tuple(CUSTOMER_COLUMNS["is_blocked"]), parse=_yes
            ),
        ),
        run=run,
        order=30,
    )
)
