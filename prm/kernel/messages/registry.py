"""The messages that apps can send, with their shipped wording and the names that a template may use."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class MessageKind:
    """`subject` and `body` hold one Liquid text for each language; `variables` are all it may use."""

    key: str
    label: str | Promise
    variables: tuple[str, ...]
    subject: Mapping[str, str]
    body: Mapping[str, str]
    sample: Mapping[str, object]


kinds: dict[str, MessageKind] = {}


def register_message(
    key: str,
    *,
    label: str | Promise,
    variables: tuple[str, ...] | list[str],
    subject: Mapping[str, str],
    body: Mapping[str, str],
    sample: Mapping[str, object] | None = None,
) -> None:
    """Offer a message. Every kind is worded in English at least; a missing language falls back to it."""
    if "en" not in subject or "en" not in body:
        raise ValueError(f"Message {key!r} needs an English subject and body.")
    kinds[key] = MessageKind(key, label, tuple(variables), subject, body, sample or {})
