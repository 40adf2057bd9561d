"""Questions that need no person: an approval's own `answers`, written by people and published by a second one.

`[{"id", "reasons": [keys], "when": condition, "outcome", "note"?}]`: where every reason for which somebody
would be asked is among `reasons` and the condition holds, the approval answers by itself.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from prm.kernel.conditions import ConditionError, compile_python
from workflows.definition import BrokenDefinition
from workflows.engine.step import Result, Step


def known_answer(step: Step, reasons: Iterable[Mapping[str, str]]) -> Result | None:
    """What the block says by itself; None where a person is asked."""
    asked = {reason.get("key") or reason.get("text") for reason in reasons}
    for answer in step.block.get("answers") or ():
        if asked <= set(answer["reasons"]) and _holds(answer["when"], step):
            return Result(answer["outcome"], _detail(answer, step.workflow_name), actor_name=step.workflow_name)
    return None


def _holds(when: Any, step: Step) -> bool:
    try:
        return compile_python(when, step.program.schema)(step.facts())
    except ConditionError as error:
        raise BrokenDefinition(str(error)) from error


def _detail(answer: Mapping[str, Any], who: str) -> dict[str, Any]:
    note = str(answer.get("note") or "")
    return {"outcome": answer["outcome"], "note": note, "decided_by": who, "rule": str(answer.get("id") or "")}
