"""Asking several questions of facts: every one that doesn't hold is a reason, and any reason refuses."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from prm.kernel.decisions import Check, Decision, Reason

Question = tuple[str, bool, Callable[[], str]]


def judge(rule: str, done: str, facts: Any, questions: list[Question]) -> Decision:
    """The Decision of a rule: `done`, or refused with what to say for each question that doesn't hold."""
    reasons = tuple(Reason(key, told(), "vendor") for key, held, told in questions if not held)
    checks = tuple(Check(label=key, passed=held) for key, held, _told in questions)
    return Decision(
        rule=rule,
        outcome="refused" if reasons else done,
        allowed=not reasons,
        reasons=reasons,
        facts=asdict(facts),
        checks=checks,
    )
