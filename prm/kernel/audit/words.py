"""What an action of the audit is called by people. Entries keep the key; readers see these words, auditors both."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext as _

Text = str | Promise
REFUSED = "_refused"
_words: dict[str, Text] = {}


def register_actions(words: Mapping[str, Text]) -> None:
    """Say what this app's actions are called. `x_refused` needs no words of its own beside those of `x`."""
    _words.update(words)


def is_told(action: str) -> bool:
    """Whether the action has words."""
    return action in _words or (action.endswith(REFUSED) and action.removesuffix(REFUSED) in _words)


def word_of(action: str) -> str:
    """The action in the reader's language; its key where nobody has named it, as of an app that is gone."""
    if action in _words:
        return str(_words[action])
    return _("Refused: %(what)s") % {"what": _words[action.removesuffix(REFUSED)]} if is_told(action) else action


def called(text: str) -> list[str]:
    """The actions whose words, in the reader's language, begin with what somebody typed."""
    wanted = text.casefold()
    return [action for action, word in _words.items() if str(word).casefold().startswith(wanted)] if wanted else []


def told() -> list[str]:
    """Every action that has words of its own."""
    return sorted(_words)
