"""Which part of a web or mail address says whose it is.

The registrable domain comes from the public suffix list that tldextract carries; nothing is fetched or
written. A domain that anybody may use is no evidence of who somebody is.
"""

import re
from dataclasses import dataclass, replace
from functools import cache

from tldextract import TLDExtract

from prm.kernel.matching.text import romanised
from prm.kernel.matching.vocabulary import COUNTRY_CODES, words

FREE_MAIL = words("free_mail")
FREE_MAIL_SITES = words("free_mail_sites")
DISPOSABLE = words("disposable")
PLATFORMS = words("platforms")
SOLD_TO_ALL = frozenset(["ai", "co", "io", "me", "tv", "am", "ly"])
COUNTRY_BY_ENDING = {code.lower(): code for code in COUNTRY_CODES.values() if code.lower() not in SOLD_TO_ALL} | {
    "uk": "GB"
}
"""What the ending of a domain says about its owner's country, endings that are sold to everybody left out."""

_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*://|(?:https?|mailto):)", re.IGNORECASE)
_HOST = re.compile(r"^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+$")
_ADDRESS = re.compile(r"^\d{1,3}(\.\d{1,3}){3}$")
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


@dataclass(frozen=True, slots=True)
class Site:
    """A registrable domain in ASCII ("" when it is no evidence), its label as a name, and remarks."""

    domain: str = ""
    label: str = ""
    notes: tuple[str, ...] = ()
    country: str = ""


def site_of(website: str, email: str) -> Site:
    """The organisation's domain: from the website, else from the e-mail address."""
    first = _judge(_host(website)) if website.strip() else Site()
    if first.domain or not email.strip():
        return first
    second = _judge(_host(email.rpartition("@")[2]))
    return replace(second, notes=tuple(dict.fromkeys((*first.notes, *second.notes))))


def _host(typed: str) -> str:
    text = _SCHEME.sub("", "".join(typed[:500].split())).translate(_DOTS)
    text = re.split(r"[/?#\\]", text, maxsplit=1)[0].rpartition("@")[2]
    return re.sub(r":\d*$", "", text).strip(".").lower()


def _judge(host: str) -> Site:
    ascii_host = _to_ascii(host)
    if not _HOST.match(ascii_host) or _ADDRESS.match(ascii_host):
        return Site(notes=("domain.invalid",))
    parts = _extractor()(ascii_host)
    domain, label = parts.top_domain_under_public_suffix, parts.domain
    notes = ("domain.punycode",) if "xn--" in ascii_host else ()
    if not parts.suffix:
        return Site(notes=(*notes, "domain.invalid"))
    if not domain:
        return Site(notes=(*notes, "domain.public_suffix"))
    shared = _shared(domain, label)
    if shared:
        return Site(notes=(*notes, shared))
    return Site(domain, _spoken(label), notes, COUNTRY_BY_ENDING.get(domain.rpartition(".")[2], ""))


def _shared(domain: str, label: str) -> str:
    """The code of the reason why this domain names nobody, or ""."""
    if domain in FREE_MAIL or label in FREE_MAIL_SITES:
        return "domain.free_mail"
    if domain in DISPOSABLE:
        return "domain.disposable"
    return "domain.platform" if domain in PLATFORMS else ""


def _to_ascii(host: str) -> str:
    if host.isascii():
        return host
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def _spoken(label: str) -> str:
    """The label as a name: punycode is read, other scripts are romanised, only letters and digits stay."""
    if label.startswith("xn--"):
        try:
            label = label.encode("ascii").decode("idna")
        except UnicodeError:
            return ""
    return re.sub(r"[^a-z0-9]", "", romanised(label))


@cache
def _extractor() -> TLDExtract:
    """The bundled list, private suffixes included; .example (RFC 2606) is where the demo's companies live."""
    return TLDExtract(
        cache_dir=None,
        suffix_list_urls=(),
        fallback_to_snapshot=True,
        include_psl_private_domains=True,
        extra_suffixes=("example",),
    )
