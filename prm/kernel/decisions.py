"""What a rule concludes, with everything needed to say why and to check it again.

A Decision is a value. A refusal is an outcome like any other: returned, audited and shown with its
reasons; exceptions are for faults.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from prm.kernel import wording


@dataclass(frozen=True, slots=True)
class Reason:
    """Why. `key` is `noun.problem`; `audience` says who may read it: partner, vendor or both.

    `said` is what the text is made of (wording.py), so that it can be read in other languages.
    """

    key: str
    text: str = ""
    audience: str = "both"
    said: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        if self.said is None:
            object.__setattr__(self, "said", wording.kept(self.text))

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Reason":
        """A stored reason, in the language of whoever reads it."""
        text = wording.shown(stored["text"], stored.get("said"))
        return cls(stored["key"], text, stored["audience"], stored.get("said"))

    def told(self) -> dict[str, Any]:
        """The reason for somebody else to keep: key, words, and what those are made of."""
        found = {"key": self.key, "text": str(self.text)}
        return {**found, "said": dict(self.said)} if self.said else found

    def seen_by(self, audience: str) -> bool:
        return self.audience in ("both", audience)


@dataclass(frozen=True, slots=True)
class Check:
    """One condition of a rule: what was asked, whether it held, and the value that it met."""

    label: str
    passed: bool
    actual: str = ""
    path: str = ""
    said: Mapping[str, Any] | None = None  # what the label is made of
    met: Mapping[str, Any] | None = None  # what the value is made of

    def __post_init__(self) -> None:
        if self.said is None:
            object.__setattr__(self, "said", wording.kept(self.label))
        if self.met is None:
            object.__setattr__(self, "met", wording.kept(self.actual))

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Check":
        """A stored check, in the language of whoever reads it; a value that is a code stays as it is."""
        label = wording.shown(stored["label"], stored.get("said"))
        return cls(**{**stored, "label": label, "actual": again(stored["actual"], stored.get("met")) or ""})


@dataclass(frozen=True, slots=True)
class Decision:
    """The outcome of one rule over one set of facts.

    `rule` names the rule and its version (`deal-eligibility/3`); `allowed` says whether what was asked
    for may be done; `nearest` is the smallest change that would have turned it, as a sentence.
    """

    rule: str
    outcome: str
    allowed: bool
    reasons: tuple[Reason, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    nearest: str | None = None

    @property
    def refused(self) -> bool:
        return not self.allowed

    @property
    def reason_keys(self) -> tuple[str, ...]:
        return tuple(reason.key for reason in self.reasons)

    def for_partner(self) -> "Decision":
        """What may leave the wall: no facts, no checks, and the partner's reasons only."""
        seen = tuple(reason for reason in self.reasons if reason.seen_by("partner"))
        return replace(self, reasons=seen, facts={}, checks=(), nearest=None)

    def document(self) -> dict[str, Any]:
        """The decision as JSON: Decimal and dates as text, so that it reads back exactly."""
        document: dict[str, Any] = jsonable(self)
        for one in (*document["reasons"], *document["checks"]):
            for part in ("said", "met"):
                if part in one and one[part] is None:
                    del one[part]
        if made_of := wording.kept(self.nearest or ""):
            document["nearest_said"] = dict(made_of)
        return document

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Decision":
        """The decision that `document()` wrote."""
        return cls(
            rule=document["rule"],
            outcome=document["outcome"],
            allowed=document["allowed"],
            reasons=tuple(map(Reason.of, document["reasons"])),
            facts=document["facts"],
            checks=tuple(map(Check.of, document["checks"])),
            nearest=again(document["nearest"], document.get("nearest_said")),
        )


def again(text: str | None, made_of: Mapping[str, Any] | None) -> str | None:
    """A stored value or sentence in the reader's language; codes and names, made of nothing else, as they are."""
    return wording.shown(text, made_of) if text and made_of else text


PLAIN = frozenset({str, int, bool, type(None)})


def jsonable(value: Any) -> Any:
    """Plain JSON for what facts hold; a float is a fault, since money and thresholds are exact."""
    if type(value) in PLAIN:
        return value
    if isinstance(value, Mapping):
        return {str(key): jsonable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        items = sorted(value, key=str) if isinstance(value, (set, frozenset)) else value
        return [jsonable(item) for item in items]
    if is_dataclass(value):
        return {part.name: jsonable(getattr(value, part.name)) for part in fields(value)}
    if isinstance(value, Enum):
        return jsonable(value.value)
    if isinstance(value, (Decimal, UUID)):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return str(Decimal(repr(value)))
    return str(value)
