"""Deals from a file, on screen: the vendor's people for any partner, a partner's people for their own."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealreg import actions, entry
from dealreg.imports import DEAL_COLUMNS, Row
from partners import queries as partners
from prm.kernel.automation.imports import (
    CREATED,
    UNCHANGED,
    ImportColumn,
    Importer,
    ImportProblem,
    Later,
    register_importer,
)
from prm.kernel.identity.actors import Actor

OWN = "own-deals"
LABELS = {
    "customer_name": gettext_lazy("Customer"),
    "customer_domain": gettext_lazy("Website"),
    "customer_country": gettext_lazy("Country"),
    "customer_city": gettext_lazy("City"),
    "contact_name": gettext_lazy("Contact"),
    "contact_email": gettext_lazy("Contact's e-mail"),
    "name": gettext_lazy("Deal name"),
    "amount": gettext_lazy("Amount"),
    "currency": gettext_lazy("Currency"),
    "expected_close_on": gettext_lazy("Expected close"),
    "vertical": gettext_lazy("Industry"),
    "product_lines": gettext_lazy("Products"),
    "notes": gettext_lazy("Notes"),
    "deal_type": gettext_lazy("Deal type"),
    "program": gettext_lazy("Program"),
    "reseller": gettext_lazy("Reseller"),
    "external_id": gettext_lazy("Your reference"),
}


def run_own(row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    """One row of a partner's own file. What is over the hourly number waits; so does all behind it."""
    if actor.partner_id is None:
        raise ImportProblem(_("This kind of file is a partner's own."))
    return _bring_in(actor.partner_id, row, actor, now)


def run_for_partner(row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    found = partners.partner_by_external_id(row["partner"]) or partners.partner_named(row["partner"])
    if found is None:
        raise ImportProblem(_("There is no partner “%(name)s”.") % {"name": row["partner"][:80]}, "partner")
    return _bring_in(found.pk, {key: text for key, text in row.items() if key != "partner"}, actor, now)


def _bring_in(partner_id: UUID, row: Mapping[str, Any], actor: Actor, now: datetime) -> str:
    values = {key: text for key, text in row.items() if text}
    decision = actions.import_deal(partner_id=partner_id, row=Row(0, values), actor=actor, now=now)
    if decision.allowed:
        return CREATED if decision.outcome == "submitted" else UNCHANGED
    if decision.outcome == "already_registered":
        return UNCHANGED
    if "deal.throttled" in decision.reason_keys:
        raise Later
    problems: dict[str, list[str]] = {}
    for reason in decision.reasons:
        field = reason.key.partition(".")[0]
        problems.setdefault(field if field in entry.FIELDS else "", []).append(reason.text)
    raise ValidationError(problems)  # type: ignore[arg-type]


def _columns() -> tuple[ImportColumn, ...]:
    """What can't be read is told by the deal's own reader, as in the form: here every cell is text."""
    needed = ("customer_name", "customer_country", "amount", "expected_close_on", "product_lines")
    return tuple(
        ImportColumn(name, LABELS[name], required=name in needed, aliases=tuple(aliases))
        for name, aliases in DEAL_COLUMNS.items()
    )


register_importer(
    Importer(
        key=OWN,
        label=gettext_lazy("Deals"),
        columns=_columns(),
        run=run_own,
        roles=frozenset({"seller", "partner_admin"}),
        order=40,
        chunk=20,
    )
)
register_importer(
    Importer(
        key="deals",
        label=gettext_lazy("Deals"),
        help=gettext_lazy("Registrations of partners, each handed in as if it came by the portal."),
        columns=(
            ImportColumn(
                "partner",
                gettext_lazy("Partner"),
                True,
                aliases=("partnername",),
                help=gettext_lazy("Your reference of the partner, or its name."),
            ),
            *_columns(),
        ),
        run=run_for_partner,
        order=40,
        chunk=20,
    )
)
