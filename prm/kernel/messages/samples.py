"""Sample values, so that a wording can be tried before anybody gets it."""

from collections.abc import Mapping

from prm.kernel.messages.registry import MessageKind

COMMON = {"recipient": "Bo Berg", "vendor": "Acme", "url": "https://portal.example/deals/1"}


def sample_of(kind: MessageKind) -> Mapping[str, object]:
    """A value for every name that the wording may use: the kind's own sample, else the name itself."""
    return {name: name.replace("_", " ").title() for name in kind.variables} | COMMON | dict(kind.sample)
