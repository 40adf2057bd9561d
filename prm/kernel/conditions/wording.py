"""Conditions in words: the sentence of a tree, of one comparison, and values as a reader writes them."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from babel.dates import format_date, format_datetime
from babel.lists import format_list
from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from prm.kernel.conditions.facts import Fact, FactSchema, Text, choices_of
from prm.kernel.conditions.operators import DAYS
from prm.kernel.conditions.tree import Leaf, Node, parsed
from prm.kernel.money import babel_locale

_SENTENCES: Mapping[str, Text] = MappingProxyType(
    {
        "=": gettext_lazy("%(field)s is %(value)s"),
        "!=": gettext_lazy("%(field)s is not %(value)s"),
        "<": gettext_lazy("%(field)s is less than %(value)s"),
        "<=": gettext_lazy("%(field)s is at most %(value)s"),
        ">": gettext_lazy("%(field)s is more than %(value)s"),
        ">=": gettext_lazy("%(field)s is at least %(value)s"),
        "between": gettext_lazy("%(field)s is between %(low)s and %(high)s"),
        "not between": gettext_lazy("%(field)s is not between %(low)s and %(high)s"),
        "in": gettext_lazy("%(field)s is %(value)s"),
        "not_in": gettext_lazy("%(field)s is neither %(value)s"),
        "contains": gettext_lazy("%(field)s contains “%(value)s”"),
        "not contains": gettext_lazy("%(field)s doesn't contain “%(value)s”"),
        "starts_with": gettext_lazy("%(field)s starts with “%(value)s”"),
        "not starts_with": gettext_lazy("%(field)s doesn't start with “%(value)s”"),
        "before": gettext_lazy("%(field)s is before %(value)s"),
        "after": gettext_lazy("%(field)s is after %(value)s"),
        "is_empty": gettext_lazy("%(field)s is empty"),
        "is_not_empty": gettext_lazy("%(field)s is not empty"),
        "changed": gettext_lazy("%(field)s changed"),
        "changed_from": gettext_lazy("%(field)s changed from %(value)s"),
        "changed_to": gettext_lazy("%(field)s changed to %(value)s"),
        "time <=": gettext_lazy("%(field)s is on or before %(value)s"),
        "time >=": gettext_lazy("%(field)s is on or after %(value)s"),
        "time <": gettext_lazy("%(field)s is before %(value)s"),
        "time >": gettext_lazy("%(field)s is after %(value)s"),
        "list contains": gettext_lazy("%(field)s has %(value)s"),
        "list not contains": gettext_lazy("%(field)s doesn't have %(value)s"),
        "list in": gettext_lazy("%(field)s has %(value)s"),
        "list not_in": gettext_lazy("%(field)s has neither %(value)s"),
        "step =": gettext_lazy("“%(step)s” answered “%(value)s”"),
        "step !=": gettext_lazy("“%(step)s” did not answer “%(value)s”"),
        "step in": gettext_lazy("“%(step)s” answered %(value)s"),
        "step not_in": gettext_lazy("“%(step)s” answered neither %(value)s"),
        "step is_empty": gettext_lazy("“%(step)s” has not answered"),
        "step is_not_empty": gettext_lazy("“%(step)s” has answered"),
    }
)

_OPPOSITES = MappingProxyType(
    {
        "=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">", "in": "not_in", "not_in": "in",
        "before": ">=", "after": "<=", "is_empty": "is_not_empty", "is_not_empty": "is_empty",
    }
)  # fmt: skip


def sentence(tree: Any, schema: FactSchema) -> str:
    """The condition in the active language. Raises ConditionError when malformed."""
    return in_words(parsed(tree, schema))


def in_words(node: Node) -> str:
    """A typed node in the active language; nested groups stand in brackets."""
    if isinstance(node, Leaf):
        return leaf_in_words(node)
    if not node.nodes:
        return _("never") if node.negated else _("always")
    parts = [_bracketed(child) for child in node.nodes]
    joined = (_(" or ") if node.combinator == "or" else _(" and ")).join(parts)
    return _("not (%(condition)s)") % {"condition": joined} if node.negated else joined


def leaf_in_words(leaf: Leaf) -> str:
    """One comparison, such as "Amount is at least 1,000.00"."""
    if leaf.operator in DAYS:
        return _days_in_words(leaf.operator, leaf.value, leaf.fact)
    return _filled(leaf, leaf.operator)


def opposite_in_words(leaf: Leaf) -> str:
    """What would hold instead if the comparison didn't."""
    if leaf.operator in DAYS:
        return _("not (%(condition)s)") % {"condition": leaf_in_words(leaf)}
    return _filled(leaf, _OPPOSITES.get(leaf.operator, f"not {leaf.operator}"))


def is_in_words(fact: Fact, value: Any) -> str:
    """A fact that has this very value."""
    words = {"field": fact.label, "step": fact.step, "value": value_in_words(fact, value)}
    return str(_sentence(fact, "is_empty" if fact.step and value is None else "=")) % words


def value_in_words(fact: Fact, value: Any) -> str:
    """A typed value as the reader writes it; "empty" for none."""
    if value is None:
        return _("empty")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, Decimal):
        return _number_in_words(fact, value)
    if isinstance(value, datetime):
        local = timezone.localtime(value)
        return format_datetime(local, "medium", locale=babel_locale())
    if isinstance(value, date):
        return format_date(value, "medium", locale=babel_locale())
    if isinstance(value, frozenset):
        return format_list(sorted(_labelled(fact, item) for item in value), locale=babel_locale())
    return _labelled(fact, value)


def _bracketed(node: Node) -> str:
    words = in_words(node)
    plain = isinstance(node, Leaf) or node.negated or len(node.nodes) == 1
    return words if plain else f"({words})"


def _filled(leaf: Leaf, operator: str) -> str:
    fact, value = leaf.fact, leaf.value
    if operator == "not_in" and len(value) == 1:
        operator = "not contains" if fact.type == "list" else "!="
    words = {"field": str(fact.label), "step": str(fact.step), "value": _operand_in_words(fact, operator, value)}
    if operator.endswith("between"):
        words["low"], words["high"] = (value_in_words(fact, item) for item in value)
    return str(_sentence(fact, operator)) % words


def _sentence(fact: Fact, operator: str) -> Text:
    kind = "step" if fact.step else {"date": "time", "datetime": "time", "list": "list"}.get(fact.type, fact.type)
    return _SENTENCES.get(f"{kind} {operator}") or _SENTENCES[operator]


def _operand_in_words(fact: Fact, operator: str, value: Any) -> str:
    if not isinstance(value, tuple):
        return value_in_words(fact, value)
    named = [value_in_words(fact, item) for item in value]
    if operator in ("not_in", "!=", "not contains"):
        return _(" nor ").join(named)
    return format_list(named, style="or", locale=babel_locale())


def _days_in_words(operator: str, days: int, fact: Fact) -> str:
    patterns = {
        "within_days_of_now": ngettext(
            "%(field)s is within %(days)d day of now", "%(field)s is within %(days)d days of now", days
        ),
        "in_next_days": ngettext(
            "%(field)s is in the next %(days)d day", "%(field)s is in the next %(days)d days", days
        ),
        "in_last_days": ngettext(
            "%(field)s is in the last %(days)d day", "%(field)s is in the last %(days)d days", days
        ),
    }
    return patterns[operator] % {"field": fact.label, "days": days}


def _number_in_words(fact: Fact, value: Decimal) -> str:
    pattern = "#,##0.00" if fact.type == "money" else None
    words = format_decimal(value, format=pattern, locale=babel_locale(), decimal_quantization=False)
    return f"{words} {fact.currency}" if fact.currency else words


def _labelled(fact: Fact, value: Any) -> str:
    return choices_of(fact).get(str(value), str(value))
