"""Is a mail from whom it names? What is believed, and what is not.

Only Authentication-Results (RFC 8601) that the vendor's own mail server has written are read: those whose
authserv-id is the mailbox's `checked_by`, and of these the topmost alone, since everything further down may have
come with the mail. Proven is a sender by `dmarc=pass`, or by `dkim=pass` of the sender's own domain; what SPF
says of the envelope proves nothing about the From that a person reads.
"""

import re
from collections.abc import Iterable, Mapping

_COMMENT = re.compile(r"\([^()]*\)")
_PAIR = re.compile(r"([a-z][a-z0-9_.-]*)\s*=\s*(\"[^\"]*\"|[^\s;]+)", re.IGNORECASE)


def proof_of(results: Iterable[str], checked_by: str, sender: str) -> tuple[bool, str]:
    """Whether the sender is proven, and by what, in the header's own words."""
    if not checked_by:
        return False, "unchecked"
    domain = sender.rpartition("@")[2].lower().rstrip(".")
    ours = next((parts for parts in map(_parts, results) if parts and _is_named(parts[0], checked_by)), None)
    if ours is None:
        return False, "no results"
    said = [_pairs(part) for part in ours[1:]]
    for pairs in said:
        if pairs.get("dmarc") == "pass" and pairs.get("header.from", domain) == domain:
            return True, "dmarc=pass"
        signer = pairs.get("header.d") or pairs.get("header.i", "").rpartition("@")[2]
        if pairs.get("dkim") == "pass" and signer == domain:
            return True, f"dkim=pass {signer}"
    told = [f"{name}={pairs[name]}" for pairs in said for name in ("dmarc", "dkim", "spf") if name in pairs]
    return False, ", ".join(told)[:100] or "none"


def _parts(result: str) -> list[str]:
    text, before = result[:4_000], ""
    while text != before:  # comments may hold comments
        text, before = _COMMENT.sub(" ", text), text
    return [part.strip() for part in text.split(";")]


def _is_named(head: str, checked_by: str) -> bool:
    """The head is the server's name, perhaps with a version behind it."""
    return bool(head) and head.split()[0].lower() == checked_by.strip().lower()


def _pairs(part: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in _PAIR.findall(part):
        found.setdefault(name.lower(), value.strip('"').lower().rstrip("."))
    return found
