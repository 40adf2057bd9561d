"""Clear deals and rivalled ones, handed in by one partner and gone to people: what of that the partner can see.

The test compares a few dozen of each; bench/bench_telling.py five hundred, and the time they take.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

from django.test import Client

from dealreg import actions
from dealreg.imports import CustomerRow
from dealreg.models import Customer, Deal, Protection
from prm.kernel.clock import local_date
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Normal, Record, Thresholds, TokenWeights, decide, normalise, score
from prm.kernel.messages.models import Message
from prm.kernel.reference.models import ProductLine

HEADS = ("Ahr", "Bruns", "Cors", "Dern", "Elst", "Fehl", "Gest", "Harz", "Iser", "Jagst", "Kyll", "Lenne", "Murg",
         "Nidda", "Oker", "Prims", "Queich", "Rems", "Saale", "Tauber", "Unstrut", "Vechte", "Wupper", "Zschopau",
         "Aller", "Bode", "Chiem", "Dill", "Enz", "Fulda", "Glan", "Hunte", "Neckar", "Spree", "Vils",
         "Zwickau")  # fmt: skip
TAILS = ("hagen", "brück", "furt", "wald", "moor", "stedt", "kirch", "tal", "rode", "heim", "burg", "sund",
         "leben", "büttel", "scheid", "weiler", "loh", "born", "reuth", "kamp", "beck", "dorf", "mark", "stein",
         "au", "ried", "horst", "werder", "koog", "grund", "holm", "see", "fels", "wiese", "hain", "bach", "wörth",
         "quell", "zell", "münster", "hafen", "forst", "lage", "trop", "beuren", "singen", "siel", "ufer")  # fmt: skip
CLEAR, RIVALLED = "clear", "rivalled"


def words() -> Iterator[str]:
    """Words for names of one making, none of which is taken for another: which of them the vendor knows can't be told
    from them."""
    made: list[Normal] = []
    weights, limits = TokenWeights.shipped(), Thresholds()
    for shift, head in product(range(len(TAILS)), range(len(HEADS))):
        word = HEADS[head] + TAILS[(head + shift) % len(TAILS)]
        normal = normalise(Record(name=typed(word), domain="", country="DE", city=""))
        if all(decide(score(normal, other, weights), limits).outcome == "clear" for other in made):
            made.append(normal)
            yield word


@dataclass(frozen=True)
class Handed:
    """One deal of the experiment."""

    deal: UUID
    kind: str
    name: str
    number: str


def protect(names: Iterable[str], holder: UUID, now: Any) -> None:
    """Customers of these names, all protected by one deal of the rival's."""
    deal, lines = Deal.objects.get(pk=holder), list(ProductLine.objects.all())
    rows = [CustomerRow(name=name, country="DE", external_id=name) for name in names]
    actions.import_customers(records=rows, actor=Actor.system("telling"), now=now)
    today = local_date(now)
    Protection.objects.bulk_create(
        Protection(
            customer=customer, product_line=line, deal=deal, partner_id=deal.partner_id, granted_on=today,
            until=deal.protected_until,
        )
        for customer in Customer.objects.exclude(external_id="")
        for line in lines
    )  # fmt: skip


def typed(word: str) -> str:
    return f"{word} Logistik Holding AG"


def on_file(word: str) -> str:
    return f"{word} Logistik GmbH"


def pairs(count: int) -> list[tuple[str, str]]:
    """(kind, word), clear and rivalled by turns."""
    made = words()
    return [(kind, next(made)) for _number in range(count) for kind in (CLEAR, RIVALLED)]


def mails_of(deal: UUID) -> list[tuple[str, str, str, str]]:
    found = Message.objects.filter(subject_id=deal).order_by("at", "channel")
    return list(found.values_list("template", "channel", "subject", "body"))


def promise(deal: UUID) -> tuple[str, str, str]:
    """The status, and what is promised: a day and an hour, or the minutes until then."""
    row = Deal.objects.get(pk=deal)
    assert row.answer_due_at is not None and row.submitted_at is not None
    return str(row.status), row.answer_due_at.strftime("%Y-%m-%d %H"), str(row.changed_at == row.submitted_at)


_VOLATILE = (
    (re.compile(r'nonce="[^"]*"'), "NONCE"),
    (re.compile(r'(csrfmiddlewaretoken"? value=|X-CSRFToken[^:]*: ?)"[^"]*"'), "CSRF"),
    (re.compile(r"&quot;X-CSRFToken&quot;: ?&quot;[^&]*&quot;"), "CSRF"),
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?"), "MOMENT"),
    (re.compile(r"\d{1,2}:\d\d(?::\d\d)?(?:\s?[ap]\.?m\.?)?", re.IGNORECASE), "CLOCK"),
    (re.compile(r"\b(\d+ (seconds?|minutes?) ago|in \d+ (seconds?|minutes?|hours?)|just now|now)\b"), "SPAN"),
    (re.compile(r"\d+ (h|min|hours?|minutes?)( \d+ (min|minutes?))?\b"), "SPAN"),
)


def masked(text: str, handed: Handed) -> str:
    """The text without what is every deal's own: its ids, its number, its customer, moments, tokens."""
    for own, word in ((handed.name, "NAME"), (handed.number, "NUMBER"), (handed.deal.hex, "ID")):
        text = text.replace(own, word)
    for pattern, word in _VOLATILE:
        text = pattern.sub(word, text)
    return text


def looks(handed: Handed, portal: Client, key: str) -> dict[str, str]:
    """All that a partner gets to see of one deal, masked."""
    page = portal.get(f"/portal/deals/{handed.deal}/")
    api = Client().get(f"/api/v1/deals/{handed.deal}", headers={"Authorization": f"Bearer {key}"})
    listed = portal.get(f"/portal/deals/?q={handed.number}")
    return {
        "page": f"{page.status_code} {sorted(page.headers)} {masked(page.content.decode(), handed)}",
        "list": f"{listed.status_code} {masked(listed.content.decode(), handed)}",
        "api": f"{api.status_code} {masked(api.content.decode(), handed)}",
    }


def differences(seen: dict[str, dict[str, Counter[str]]]) -> list[str]:
    """Where the looks of clear deals are not those of rivalled ones, with the first line that differs."""
    found = []
    for what, kinds in seen.items():
        clear, rivalled = kinds[CLEAR], kinds[RIVALLED]
        if clear == rivalled:
            continue
        one, other = next(iter(clear - rivalled), ""), next(iter(rivalled - clear), "")
        at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
        found.append(f"{what}: …{one[max(0, at - 80) : at + 80]}… / …{other[max(0, at - 80) : at + 80]}…")
    return found
