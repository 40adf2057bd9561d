"""What is wrong with a condition, said where it is and so that the reader knows what to do."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.conditions.facts import FactSchema, choices_of
from prm.kernel.conditions.tree import Group, Leaf, Problem, parsed, read
from prm.kernel.decisions import jsonable


def validate(tree: Any, schema: FactSchema) -> list[Problem]:
    """Every problem of the tree, in reading order; an empty list means that it can be judged.

    Choices are checked here and not when judging: a choice that was removed later equals nothing.
    """
    root, problems = read(tree, schema)
    return problems + [problem for leaf in root.leaves() for problem in _unoffered(leaf)]


def canonical(tree: Any, schema: FactSchema) -> dict[str, Any]:
    """The same condition in its one written form. Raises ConditionError when malformed."""
    return _group(parsed(tree, schema))


def _unoffered(leaf: Leaf) -> list[Problem]:
    offered = choices_of(leaf.fact)
    asked = leaf.value if isinstance(leaf.value, tuple) else (leaf.value,)
    strange = [value for value in asked if isinstance(value, str) and value not in offered]
    if not offered or not strange:
        return []
    message = _("%(field)s: “%(value)s” isn't one of the choices. Choose another.")
    return [Problem(leaf.path, message % {"field": leaf.fact.label, "value": strange[0][:60]})]


def _group(group: Group) -> dict[str, Any]:
    rules = [_group(node) if isinstance(node, Group) else _rule(node) for node in group.nodes]
    return {"combinator": group.combinator, "not": group.negated, "rules": rules}


def _rule(leaf: Leaf) -> dict[str, Any]:
    rule = {"field": leaf.fact.key, "operator": leaf.operator}
    if leaf.value is None:
        return rule
    value = sorted(leaf.value) if isinstance(leaf.value, tuple) else leaf.value
    return rule | {"value": _plain(value)}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return format(value, "f") if isinstance(value, Decimal) else jsonable(value)
