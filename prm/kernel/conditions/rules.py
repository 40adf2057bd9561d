"""Rule documents: conditions with an outcome and a reason each, judged together into one Decision.

`{"rules": [{"key", "name", "when": condition, "outcome": "refuse" | "review" | "allow" | …,
"reason": {"key", "partner", "vendor"}, "active": true}], "otherwise": "allow"}`

Every active rule is judged, so that all reasons are told at once. The strongest outcome wins: error, then
refuse, then review, then the first other one in order, then `otherwise`. A rule that can't be judged gives
"error" and names itself: a broken rule never allows anything.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from prm.kernel.conditions.explaining import Turn, explain, nearest
from prm.kernel.conditions.facts import FactSchema, choices_read_once
from prm.kernel.conditions.python import Facts, Judge, compile_python
from prm.kernel.conditions.retelling import condition
from prm.kernel.conditions.tree import ConditionError, Problem
from prm.kernel.conditions.validation import validate
from prm.kernel.decisions import Check, Decision, Reason, jsonable
from prm.kernel.wording import joined
from prm.kernel.wording import said as _

ERROR, REFUSE, REVIEW, ALLOW = "error", "refuse", "review", "allow"
_STRENGTH = (ERROR, REFUSE, REVIEW)
_PARTS = {"key", "name", "when", "outcome", "reason", "active"}
_REASON_PARTS = {"key", "partner", "vendor"}
BROKEN = "rule.broken"


def validate_rules(document: Any, schema: FactSchema) -> list[Problem]:
    """Every problem; paths begin with the rule's number: "2" or, in its condition, "2:0.1"."""
    if not isinstance(document, Mapping) or not isinstance(document.get("rules"), list):
        return [Problem("", _("The document is a list of rules and an outcome otherwise."))]
    problems = [
        problem for index, rule in enumerate(document["rules"]) for problem in _problems_of(rule, str(index), schema)
    ]
    return [*problems, *_doubles(document["rules"]), *_otherwise(document)]


def evaluate_rules(document: Any, schema: FactSchema, facts: Facts, rule: str) -> Decision:
    """Judge the facts by all active rules; `rule` names the document and its version.

    Pure: the same document and facts give the same decision. Never raises for what a document or a fact
    holds; that is the outcome "error".
    """
    with choices_read_once():
        return _evaluate(document, schema, facts, rule)


@dataclass(frozen=True, slots=True)
class Ruling:
    """What rules say of facts, in short: the outcome, and the keys of the reasons that the vendor reads."""

    outcome: str
    reasons: tuple[str, ...] = ()


def compile_rules(document: Any, schema: FactSchema) -> Callable[[Facts], Ruling]:
    """The rules as a function of facts, for judging many: the same outcome and reasons as evaluate_rules(),
    without checks, words and the nearest change."""
    entries = [_compiled(entry, schema) for _index, entry in _active(document)]

    def judge(facts: Facts) -> Ruling:
        verdicts, keys = [], []
        for test, outcome, key in entries:
            try:
                held = test(facts)
            except Exception:  # as in _verdict(): a broken rule says so and allows nothing
                outcome, key, held = ERROR, BROKEN, True
            if held:
                verdicts.append(_Verdict(outcome))
                keys += [key] if key else []
        return Ruling(_outcome(verdicts, document), tuple(keys))

    return judge


def _compiled(rule: Any, schema: FactSchema) -> tuple[Callable[[Facts], bool], str, str]:
    """A rule's test, its outcome, and the key of its reason for the vendor ("" when it gives none)."""
    try:
        _refuse_broken(rule, schema)
        said = rule.get("reason") or {}
        silent = rule["outcome"] == ALLOW and not said.get("partner") and not said.get("vendor")
        key = "" if silent else said.get("key") or rule["key"]
        return compile_python(rule["when"], schema), rule["outcome"], key
    except Exception:
        return lambda _facts: True, ERROR, BROKEN


@dataclass(frozen=True)
class _Verdict:
    outcome: str | None
    reasons: tuple[Reason, ...] = ()
    checks: tuple[Check, ...] = ()


def _evaluate(document: Any, schema: FactSchema, facts: Facts, rule: str) -> Decision:
    verdicts = [_verdict(entry, index, schema, facts) for index, entry in _active(document)]
    outcome = _outcome(verdicts, document)
    reasons = tuple(reason for verdict in verdicts for reason in verdict.reasons)
    return Decision(
        rule=rule,
        outcome=outcome,
        allowed=outcome not in _STRENGTH,
        reasons=reasons,
        facts=jsonable(facts),
        checks=tuple(check for verdict in verdicts for check in verdict.checks),
        nearest=None if outcome == ERROR else _nearest(document, schema, facts),
    )


def _active(document: Any) -> Iterator[tuple[int, Any]]:
    rules = document.get("rules") if isinstance(document, Mapping) else None
    if not isinstance(rules, list):
        yield 0, None
        return
    for index, rule in enumerate(rules):
        if not isinstance(rule, Mapping) or rule.get("active", True):
            yield index, rule


def _verdict(rule: Any, index: int, schema: FactSchema, facts: Facts) -> _Verdict:
    """What one rule says; a fault in it becomes a verdict of its own."""
    try:
        _refuse_broken(rule, schema)
        held = compile_python(rule["when"], schema)(facts)
        checks = _checks(rule, schema, facts)
    except Exception as fault:  # whatever a rule does, the submission goes on and says which rule
        return _Verdict(ERROR, (_broken(rule, index, fault),))
    if not held:
        return _Verdict(None, checks=checks)
    return _Verdict(rule["outcome"], tuple(_reasons(rule, schema)), checks)


def _refuse_broken(rule: Any, schema: FactSchema) -> None:
    for problem in _shape(rule, ""):
        raise ConditionError(problem.message)


def _checks(rule: Mapping[str, Any], schema: FactSchema, facts: Facts) -> tuple[Check, ...]:
    found = explain(rule["when"], schema, facts)
    return tuple(replace(check, path=f"{rule['key']}:{check.path}") for check in found)


def _reasons(rule: Mapping[str, Any], schema: FactSchema) -> Iterator[Reason]:
    """The partner's words and the vendor's; a rule that only allows needs none."""
    said = rule.get("reason") or {}
    key, partner, vendor = said.get("key") or rule["key"], said.get("partner"), said.get("vendor")
    if partner and (not vendor or vendor == partner):
        yield Reason(key, _(partner), "both")
        return
    if partner:
        yield Reason(key, _(partner), "partner")
    if vendor or (rule["outcome"] != ALLOW and not partner):
        yield Reason(key, _(vendor) if vendor else _told(rule, schema), "vendor")


def _told(rule: Mapping[str, Any], schema: FactSchema) -> str:
    return joined((f"{rule.get('name') or rule['key']}:", condition(rule["when"], schema)))


def _broken(rule: Any, index: int, fault: Exception) -> Reason:
    name = str(rule.get("name") or rule.get("key") or index + 1) if isinstance(rule, Mapping) else index + 1
    text = _("The rule “%(rule)s” can't be judged: %(why)s") % {"rule": name, "why": fault}
    return Reason(BROKEN, text, "vendor")


def _outcome(verdicts: list[_Verdict], document: Any) -> str:
    given = [verdict.outcome for verdict in verdicts if verdict.outcome]
    for strong in _STRENGTH:
        if strong in given:
            return strong
    if given:
        return given[0]
    otherwise = document.get("otherwise", ALLOW)
    return otherwise if isinstance(otherwise, str) and otherwise else ERROR


def nearest_of_rules(document: Any, schema: FactSchema, facts: Facts) -> Turn | None:
    """The smallest change of one fact by which the whole document says something else: something milder where
    it refuses or asks a person. None when there is none, or when a rule is broken."""
    rules = [rule for _index, rule in _active(document)]
    try:
        tests = [(compile_python(rule["when"], schema), rule["outcome"]) for rule in rules]
        outcome = _said(tests, document, facts)
        return nearest(
            [rule["when"] for rule in rules],
            schema,
            facts,
            lambda changed: _is_milder(_said(tests, document, changed), outcome),
        )
    except (ConditionError, KeyError, TypeError):
        return None


def _is_milder(other: str, outcome: str) -> bool:
    """Another outcome, and where this one is strong, a weaker one: nobody asks how to be refused instead."""
    if outcome not in _STRENGTH:
        return other not in (outcome, ERROR)
    return other not in _STRENGTH[: _STRENGTH.index(outcome) + 1]


def _said(tests: list[tuple[Judge, str]], document: Any, facts: Facts) -> str:
    return _outcome([_Verdict(outcome) for judge, outcome in tests if judge(facts)], document)


def _nearest(document: Any, schema: FactSchema, facts: Facts) -> str | None:
    turn = nearest_of_rules(document, schema, facts)
    return turn.sentence if turn else None


def _problems_of(rule: Any, path: str, schema: FactSchema) -> Iterator[Problem]:
    yield from _shape(rule, path)
    if isinstance(rule, Mapping) and "when" in rule:
        for problem in validate(rule["when"], schema):
            yield Problem(f"{path}:{problem.path}", problem.message)


def _shape(rule: Any, path: str) -> Iterator[Problem]:
    """Problems of a rule's parts, but for its condition."""
    if not isinstance(rule, Mapping):
        yield Problem(path, _("A rule has a key, a condition and an outcome."))
        return
    if unknown := sorted(str(part) for part in set(rule) - _PARTS):
        yield Problem(path, _("Remove “%(part)s”: a rule has no such part.") % {"part": unknown[0][:40]})
    for part in ("key", "outcome"):
        if not isinstance(rule.get(part), str) or not rule[part]:
            yield Problem(path, _("Give the rule its “%(part)s”.") % {"part": part})
    if rule.get("outcome") == ERROR:
        yield Problem(path, _("“error” is said by broken rules only. Choose another outcome."))
    if "when" not in rule:
        yield Problem(path, _("Say when the rule applies."))
    if not isinstance(rule.get("active", True), bool):
        yield Problem(path, _("“active” is true or false."))
    if not _sound_reason(rule.get("reason")):
        yield Problem(path, _("The reason has a key and a text each for the partner and the vendor."))


def _sound_reason(reason: Any) -> bool:
    if reason is None:
        return True
    if not isinstance(reason, Mapping) or set(reason) - _REASON_PARTS:
        return False
    return all(text is None or isinstance(text, str) for text in reason.values())


def _doubles(rules: list[Any]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, rule in enumerate(rules):
        key = str(rule.get("key")) if isinstance(rule, Mapping) else ""
        if key and key in seen:
            yield Problem(str(index), _("Two rules have the key “%(key)s”. Rename one.") % {"key": key[:40]})
        seen.add(key)


def _otherwise(document: Mapping[str, Any]) -> Iterator[Problem]:
    otherwise = document.get("otherwise", ALLOW)
    if not isinstance(otherwise, str) or not otherwise or otherwise == ERROR:
        yield Problem("", _("Say what happens when no rule applies: allow, review or refuse."))
