"""Every action that the code writes into the audit, read from the code: what the call of `audit.record` may say."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parents[2]
APPS = ("prm", "partners", "dealreg", "incentives", "onboarding", "workflows", "integrations")
ANYTHING = "*"  # what the code works out: only the rest of the action is known


@dataclass(frozen=True)
class Recorder:
    """A function that hands one of its parameters on to the audit, as it is or as part of an action."""

    place: int
    parameter: str
    templates: frozenset[str]


def actions() -> set[str]:
    """Every action; with `*` where a part of it is known at run time alone."""
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
    texts = [text for path in files if "audit.record(" in (text := path.read_text()) or " note(" in text]
    modules = [list(_calls(ast.parse(text))) for text in texts]
    own = [_recorders(calls) for calls in modules]
    shared = {name: one for each in own for name, one in each.items() if not name.startswith("_")}
    found: set[str] = set()
    for calls, known in zip(modules, own, strict=True):
        for function, call in calls:
            found |= _said(function, call, shared | known)
    return {action for action in found if "{" not in action} | set(_of_orders(files))


def _of_orders(files: list[Path]) -> Iterator[str]:
    """What is recorded of rules in an order (prm/kernel/ordered.py): each order's own name, then what was done."""
    trees = [ast.parse(text) for path in files if "Order(" in (text := path.read_text())]
    calls = [call for tree in trees for _function, call in _calls(tree)]
    names = {
        text for call in calls for word in call.keywords if word.arg == "audited" for text in _texts(word.value, None)
    }
    told = [call.args[0] for call in calls if ast.unparse(call.func) in ("ORDER.tell", "self.tell", "self._record")]
    done = {text for one in told for text in _texts(one, None)} - {ANYTHING}
    for name, what in product(names, done):
        yield from (f"{name}_{what}", f"{name}_{what}_refused")


Call = tuple[ast.FunctionDef | None, ast.Call]


def _recorders(calls: list[Call]) -> dict[str, Recorder]:
    """Functions of a module whose parameter goes into an action; they may hand it on to one another."""
    known: dict[str, Recorder] = {}
    for _round in range(3):
        for function, call in calls:
            names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs)] if function else []
            said = _said(function, call, known)
            for parameter in names if said else ():
                marked = {text for text in said if "{" + parameter + "}" in text}
                if marked and function:
                    known[function.name] = Recorder(names.index(parameter), parameter, frozenset(marked))
    return known


def _calls(tree: ast.Module) -> Iterator[Call]:
    inside: dict[ast.AST, ast.FunctionDef] = {}
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef):
            inside |= dict.fromkeys(ast.walk(function), function)
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            yield inside.get(call), call


def _said(function: ast.FunctionDef | None, call: ast.Call, known: dict[str, Recorder]) -> set[str]:
    """The actions that one call may write."""
    called = call.func
    if isinstance(called, ast.Attribute) and called.attr == "record" and ast.unparse(called.value) == "audit":
        return _texts(call.args[0], function)
    recorder = known.get(called.id) if isinstance(called, ast.Name) else None
    if recorder is None:
        return set()
    named = [keyword.value for keyword in call.keywords if keyword.arg == recorder.parameter]
    given = named or call.args[recorder.place : recorder.place + 1]
    words = _texts(given[0], function) if given else set()
    hole = "{" + recorder.parameter + "}"
    return {template.replace(hole, word) for template in recorder.templates for word in words}


def _texts(node: ast.expr, function: ast.FunctionDef | None) -> set[str]:
    """What an expression may be: a text, a choice between texts, a parameter as `{its name}`, else anything."""
    if isinstance(node, ast.Constant):
        return {str(node.value)}
    if isinstance(node, ast.IfExp):
        return _texts(node.body, function) | _texts(node.orelse, function)
    if isinstance(node, ast.JoinedStr):
        parts = [_texts(one.value if isinstance(one, ast.FormattedValue) else one, function) for one in node.values]
        return {"".join(choice) for choice in product(*parts)}
    if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Dict):
        return {text for value in node.value.values for text in _texts(value, function)}
    if isinstance(node, ast.Name) and function is not None:
        return _named(node.id, function)
    return {ANYTHING}


def _named(name: str, function: ast.FunctionDef) -> set[str]:
    if name in {one.arg for one in (*function.args.args, *function.args.kwonlyargs)}:
        return {"{" + name + "}"}
    given = [
        one.value
        for one in ast.walk(function)
        if isinstance(one, ast.Assign) and any(isinstance(to, ast.Name) and to.id == name for to in one.targets)
    ]
    return {text for value in given for text in _texts(value, function)} or {ANYTHING}
