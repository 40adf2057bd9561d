"""What a step's answer is called by people. Workflows branch on the value; readers see the word."""

from collections.abc import Mapping

from django.utils.functional import Promise

Text = str | Promise
_words: dict[str, Text] = {}
_rules: dict[str, Text] = {}


def register_outcomes(words: Mapping[str, Text]) -> None:
    """Say what the answers of this app's steps are called; an answer that two apps give is one word."""
    _words.update(words)


def outcome_word(value: str) -> str:
    """The answer in the reader's language; what a vendor's own workflow calls it stays as it was typed."""
    return str(_words.get(value, value))


def has_word(value: str) -> bool:
    return value in _words


def register_rule_words(words: Mapping[str, Text]) -> None:
    """Say what this app's rules are called, by their names without a version."""
    _rules.update(words)


def rule_word(rule: str) -> str:
    """The rule in the reader's language; its name where nobody has said more, as of a vendor's own rule set."""
    name = rule.partition("/")[0]
    return str(_rules.get(name, name.replace("-", " ")))
