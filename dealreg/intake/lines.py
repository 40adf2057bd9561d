"""A deal as labelled lines, `Customer: Nordwind Logistik GmbH`: how a mail says it, and how we ask for it."""

import re
from collections.abc import Iterable, Mapping

from django.utils.text import slugify

from dealreg.imports import DEAL_COLUMNS
from prm.kernel.money import currency_codes

# The labels that a mail may use beside the headings of a file, in either language.
MORE = {
    "customer_name": ("kundenname", "firma", "endcustomer", "endkunde"),
    "customer_domain": ("web", "webseite", "customerswebsite", "url"),
    "expected_close_on": ("expectedclosedate", "abschluss", "erwarteterabschluss"),
    "product_lines": ("produkte", "produkt"),
    "amount": ("summe", "wert", "expectedamount"),
    "contact_name": ("ansprechpartner",),
    "contact_email": ("contactsemail",),
    "notes": ("remarks", "anmerkung", "hinweis"),
}
# What a template asks for, in this order.
ASKED = {
    "customer_name": "Customer",
    "customer_domain": "Website",
    "customer_country": "Country",
    "customer_city": "City",
    "product_lines": "Products",
    "amount": "Amount",
    "currency": "Currency",
    "expected_close_on": "Expected close",
    "notes": "Notes",
}
_LABELLED = re.compile(r"^\s*[*•\-–]?\s*\**([^:：*]{2,40}?)\**\s*[:：]\s*\**\s*(.*?)\s*\**\s*$")
_QUOTED = re.compile(r"^\s*(?:>\s?)+")
_CURRENCY = re.compile(r"\b([A-Z]{3})\b")
_SIGNS = {"€": "EUR", "£": "GBP", "$": "USD"}
_FIGURES = re.compile(
    r"(?P<whole>\d{1,3}(?P<group>[.,’' ])\d{3}(?:(?P=group)\d{3})*|\d+)(?:(?P<point>[.,])(?P<cents>\d{1,2}))?"
)
_LINK = re.compile(r"\s*<(?:https?://|mailto:)[^>]*>")  # what mail programs put behind an address


def read_lines(text: str, *, quoted: bool = False) -> dict[str, str]:
    """The fields that the text gives, as typed: the first of each; a quoted line counts only where asked for.

    Notes go on until the next label. The signature and what was written before are not read.
    """
    found: dict[str, str] = {}
    running = ""
    for line in _own_lines(text, quoted):
        label = _LABELLED.match(line)
        field = _FIELDS.get(_folded(label.group(1))) if label else None
        if label and field:
            running = ""
            value = _LINK.sub("", label.group(2)).strip()
            if value and field not in found:
                found[field] = value
                running = field if field == "notes" else ""
        elif running and line.strip():
            found[running] = f"{found[running]}\n{line.strip()}"
    found.pop("external_id", None)
    return _with_currency(found)


def template(known: Mapping[str, object], problems: Iterable[str] = ()) -> str:
    """The lines to fill in, with what we know already; what is wrong stays empty."""
    wrong = {key.partition(".")[0] for key in problems}
    return "\n".join(
        f"{label}: {'' if name in wrong else _one_line(known.get(name))}".rstrip() for name, label in ASKED.items()
    )


def _own_lines(text: str, quoted: bool) -> list[str]:
    own, before = [], []
    for line in text.split("\n"):
        if line.rstrip() == "--":  # a signature begins ("-- ")
            break
        if _QUOTED.match(line):
            before.append(_QUOTED.sub("", line))
        else:
            own.append(line)
    return [*own, *before] if quoted else own


def _with_currency(found: dict[str, str]) -> dict[str, str]:
    """An amount may name its currency: `12,000 EUR` or `€ 12,000`."""
    amount = found.get("amount", "")
    named = [code for code in _CURRENCY.findall(amount) if code in currency_codes()]
    signs = [code for sign, code in _SIGNS.items() if sign in amount]
    if "currency" not in found and (given := [*named, *signs]):
        found["currency"] = given[0]
    if amount:
        for word in (*named, *_SIGNS):
            amount = amount.replace(word, "")
        found["amount"] = _plain(amount.strip())
    return found


def _plain(amount: str) -> str:
    """12.000,50 and 12,000.50 are one amount: three digits behind a sign are thousands, one or two are cents.

    What is neither stays as it is and is asked about.
    """
    figures = _FIGURES.fullmatch(amount)
    if figures is None or (figures["group"] == figures["point"] and figures["point"]):
        return amount
    whole = re.sub(r"\D", "", figures["whole"])
    return f"{whole}.{figures['cents'].ljust(2, '0')}" if figures["cents"] else whole


def _one_line(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")
    return " ".join(text.split())[:300]


def _folded(label: str) -> str:
    return slugify(label.replace("_", "").replace("'", "").replace("’", "")).replace("-", "")


_FIELDS = {
    _folded(alias): field
    for field, aliases in DEAL_COLUMNS.items()
    for alias in (field, *aliases, *MORE.get(field, ()))
}
