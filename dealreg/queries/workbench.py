"""The workbench: one deal beside everything that may be the same, and all that a person needs to settle it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealreg.models import Deal, DealLine, Protection, Saying, Verdict
from dealreg.models.deals import WAITING
from dealreg.queries.verdicts import SAID_SAME, verdicts_on
from prm.kernel.matching.sentences import VERDICTS, verdict_sentence
from prm.kernel.ui import formats


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the five answers, with its key."""

    saying: str
    key: str
    label: Any
    icon: str
    help: Any


ANSWERS = (
    Answer(
        "same_customer",
        "s",
        gettext_lazy("Same customer"),
        "check",
        gettext_lazy("And one opportunity; the spelling becomes an alias"),
    ),
    Answer(
        "other_opportunity",
        "p",
        gettext_lazy("Other opportunity"),
        "git-branch",
        gettext_lazy("Same customer, but another project: both can be protected"),
    ),
    Answer("not_same", "n", gettext_lazy("Not the same"), "x", gettext_lazy("Two customers; never asked again")),
    Answer(
        "related",
        "g",
        gettext_lazy("Parent or subsidiary"),
        "network",
        gettext_lazy("One group, two customers; the link is kept"),
    ),
    Answer(
        "duplicate",
        "d",
        gettext_lazy("Duplicate of it"),
        "copy",
        gettext_lazy("The deal is declined; its partner is told that the customer is registered"),
    ),
)
LEANS = {
    "review.parent_child": Saying.RELATED,
    "review.number_differs": Saying.NOT_SAME,
    "review.own_words_on_both_sides": Saying.NOT_SAME,
    "review.same_name_elsewhere": Saying.RELATED,
}
LIKELY = 0.6
STRONG, SOME = 1.0, 0.3  # in log-odds: a tenth of what the model can say is strong, half of it weak


def workbench_of(evidence: Mapping[str, Any], chosen: UUID | None = None) -> dict[str, Any]:
    """What the page shows, from the evidence of a deal (`rivals_of`); the chosen candidate in full."""
    deal: Deal = evidence["deal"]
    said = verdicts_on(deal.pk)
    found = [_candidate(place, finding, said) for place, finding in enumerate(evidence["findings"], 1)]
    every = _deals(deal, [candidate["finding"] for candidate in found])
    current = _chosen(found, chosen)
    rival = every.get(current["finding"].get("deal_id", "")) if current else None
    project = opportunity_of(every[str(deal.pk)], rival, current["finding"]) if current else None
    return {
        "deal": deal,
        "candidates": found,
        "current": current,
        "opportunity": project,
        "leaning": _leaning(current["finding"], project) if current else None,
        "answers": ANSWERS,
        "first": _who_was_first(deal, every, _protections([candidate["finding"] for candidate in found])),
        "said": said,
        "left": sum(1 for candidate in found if not candidate["said"]),
        "pending": any(verdict.status == Verdict.Status.PENDING for verdict in said),
        "waits": deal.status in WAITING,
    }


def opportunity_of(deal: Deal, rival: Deal | None, finding: Mapping[str, Any]) -> dict[str, Any] | None:
    """The second question as the rules see it, with what the two deals say beside each line."""
    judged, said = finding.get("judged"), finding.get("opportunity")
    if not judged or not said or rival is None:
        return None
    beside = _beside(deal, rival)
    lines = [
        {
            **dict(zip(("label", "left", "right"), beside[about], strict=True)),
            "text": line["text"],
            "same": None if not line["weight"] else line["weight"] > 0,
        }
        for (about, *_rest), line in zip(judged["lines"], said["lines"], strict=True)
    ]
    return {"label": said["label"], "outcome": said["outcome"], "lines": lines}


def _candidate(place: int, finding: Mapping[str, Any], said: Sequence[Verdict]) -> dict[str, Any]:
    verdict = next((v for v in said if finding["id"] in (str(v.customer_id), str(v.other_deal_id))), None)
    heaviest = max((abs(line["weight"]) for line in finding["speaks"]), default=1.0) or 1.0
    return {
        "place": place,
        "id": finding["id"],
        "finding": finding,
        "said": verdict,
        "percent": round(finding["share"] * 100),
        "weights": [_bar(line, heaviest) for line in finding["speaks"]],
    }


def _bar(line: Mapping[str, Any], heaviest: float) -> dict[str, Any]:
    """A signed bar: from the middle to the right for the same, to the left against."""
    length = round(50 * abs(line["weight"]) / heaviest, 1)
    start = 50.0 if line["same"] else round(50 - length, 1)
    points = ("+" if line["same"] else "−") + formats.number(abs(line["weight"]), 1)
    return {**line, "length": length, "start": start, "points": points, "strength": strength(line["weight"])}


def strength(weight: float) -> str:
    """How much a line says, in a word."""
    size = abs(weight)
    return _("strong") if size >= STRONG else _("some") if size >= SOME else _("weak")


def _chosen(found: Sequence[dict[str, Any]], chosen: UUID | None) -> dict[str, Any] | None:
    """The one asked for; else the likeliest that nobody has settled."""
    named = next((candidate for candidate in found if candidate["id"] == str(chosen)), None)
    return named or next((candidate for candidate in found if not candidate["said"]), found[0] if found else None)


def _leaning(finding: Mapping[str, Any], project: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the rules would say, and why."""
    rule, share = str(finding["rule"]), float(finding["share"])
    if rule == SAID_SAME:
        return {"saying": Saying.SAME_CUSTOMER, "why": _("A person has said so before.")}
    why = verdict_sentence(rule, share) if rule in VERDICTS else ""
    saying = LEANS.get(rule) or (Saying.SAME_CUSTOMER if share >= LIKELY else Saying.NOT_SAME)
    if saying == Saying.SAME_CUSTOMER and project and project["outcome"] == "other":
        return {"saying": Saying.OTHER_OPPORTUNITY, "why": f"{why} {project['label']}."}
    return {"saying": saying, "why": why}


def _deals(deal: Deal, findings: Iterable[Mapping[str, Any]]) -> dict[str, Deal]:
    """The deal itself, and those that candidates are or that hold the customer, with what is compared."""
    ids = {str(finding["deal_id"]) for finding in findings if finding.get("deal_id")} | {str(deal.pk)}
    rows = Deal.objects.filter(pk__in=ids).select_related("partner")
    lines = Prefetch("lines", DealLine.objects.select_related("product_line"))
    return {str(one.pk): one for one in rows.prefetch_related(lines)}


def _protections(findings: Iterable[Mapping[str, Any]]) -> list[Protection]:
    ids = [finding["id"] for finding in findings if finding["kind"] == "customer"]
    rows = Protection.objects.filter(customer_id__in=ids, released_at=None)
    return list(rows.select_related("deal", "partner", "customer").order_by("granted_on")[:20]) if ids else []


def _who_was_first(deal: Deal, every: Mapping[str, Deal], held: Iterable[Protection]) -> list[dict[str, Any]]:
    """Who registered when, the earliest first; and until when somebody is protected."""
    until = {row.deal_id: row for row in held}
    ordered = sorted(
        (one for one in every.values() if one.submitted_at), key=lambda one: (one.submitted_at, one.number)
    )
    return [_registered(one, deal, place, until.get(one.pk)) for place, one in enumerate(ordered)]


def _registered(one: Deal, deal: Deal, place: int, held: Protection | None) -> dict[str, Any]:
    mine = one.pk == deal.pk
    name = _("This deal") if mine else one.number
    text = _("Protected until %(day)s") % {"day": formats.day(held.until)} if held else str(one.get_status_display())
    return {
        "at": one.submitted_at,
        "title": f"{one.partner.name} · {name}",
        "text": f"{one.customer_name} · {text}",
        "icon": "shield-check" if held else ("flag" if place == 0 else "file-check"),
        "tone": "good" if held else ("info" if mine else "neutral"),
        "first": place == 0,
    }


def _beside(deal: Deal, rival: Deal) -> dict[str, tuple[str, str, str]]:
    """What each thing that is judged is called, and what the two deals say of it."""
    both = (deal, rival)
    products = [", ".join(sorted(line.product_line.name for line in one.lines.all())) for one in both]
    amounts = [formats.money(one.amount, one.currency) for one in both]
    closes = [formats.day(one.expected_close_on) if one.expected_close_on else "–" for one in both]
    contacts = [one.contact_email or one.contact_name or "–" for one in both]
    places = [one.customer_city or "–" for one in both]
    return {
        "product": (_("Products"), products[0], products[1]),
        "amount": (_("Amount"), amounts[0], amounts[1]),
        "close": (_("Expected close"), closes[0], closes[1]),
        "contact": (_("Contact"), contacts[0], contacts[1]),
        "centre": (_("Who buys"), places[0], places[1]),
    }
