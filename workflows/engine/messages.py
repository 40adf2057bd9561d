"""The seam to messages: what a wording may use, and one call to send."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from prm.kernel import messages
from prm.kernel.decisions import jsonable
from prm.kernel.money import Money
from prm.kernel.wording import Said
from workflows.engine.people import subject_facts, subject_row
from workflows.engine.step import Step


def send(
    step: Step, *, template: str, to: Iterable[UUID], context: Mapping[str, Any], cause: str, url: str = ""
) -> int:
    """Record a message for each recipient, once for the cause; says how many were new."""
    to = list(to)
    if not to:
        return 0
    return len(
        messages.send(
            template=template,
            to=to,
            context=dict(context),
            cause=cause,
            at=step.now,
            subject_id=step.subject_id,
            url=url,
        )
    )


def context_of(step: Step) -> dict[str, Any]:
    """Plain dicts only: the facts by their parts (`deal.amount`), the saved steps, the subject's row.

    Days, moments and money stay what they are: each reader gets them in their own zone and writing.
    """
    facts = {**step.context.get("facts", {}), **subject_facts(step)}
    context = nested({key: _plain(value) for key, value in facts.items() if not key.startswith("@")})
    context["steps"] = {name: {"value": saved["value"], **saved["detail"]} for name, saved in step.steps.items()}
    context["subject"] = jsonable(subject_row(step.subject_type, step.subject_id))
    return context


def _plain(value: Any) -> Any:
    return value if isinstance(value, (date, Money, Said)) else jsonable(value)


def nested(facts: Mapping[str, Any]) -> dict[str, Any]:
    """`{"deal.amount": 5}` as `{"deal": {"amount": 5}}`."""
    tree: dict[str, Any] = {}
    for key in sorted(facts):
        *way, last = key.split(".")
        node = tree
        for part in way:
            found = node.setdefault(part, {})
            node = found if isinstance(found, dict) else node.setdefault(f"{part}_", {})
        node[last] = facts[key]
    return tree
