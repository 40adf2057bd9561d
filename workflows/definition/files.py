"""A program as text files: one canonical way to write each document, and a strict way to read it. Pure."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

HEAD = "program.json"
FORMAT = 1
MAX_BYTES = 1024 * 1024
MAX_FILES = 5000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True)
class FileProblem:
    """Why a file can't be taken: which, where in it, and what is wrong."""

    file: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.path}: {self.message}" if self.path else f"{self.file}: {self.message}"


class BadFiles(ValueError):
    """Some files can't be taken, so none is."""

    def __init__(self, problems: list[FileProblem]) -> None:
        super().__init__("; ".join(map(str, problems[:5])))
        self.problems = problems


class _Unreadable(ValueError):
    pass


def text_of(document: Mapping[str, Any]) -> str:
    """The one way in which a document is written: sorted keys, an indent of one, a newline at the end."""
    return json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def head() -> str:
    """The file that says what the folder is."""
    return text_of({"format": FORMAT, "what": "program"})


def read_text(name: str, text: str) -> Mapping[str, Any]:
    """One document. Raises BadFiles with what is wrong with it."""
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_constant)
        _plain(found, "", 1)
    except _Unreadable as error:
        raise BadFiles([FileProblem(name, "", str(error))]) from None
    except RecursionError:
        raise BadFiles([FileProblem(name, "", _("This is nested too deeply."))]) from None
    except ValueError as error:
        told = _("This is not JSON: %(error)s") % {"error": error}
        raise BadFiles([FileProblem(name, "", told)]) from None
    if not isinstance(found, dict):
        raise BadFiles([FileProblem(name, "", _("This must be a JSON object."))])
    return found


def read_files(files: Mapping[str, str], folders: frozenset[str]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Documents by folder and file name, from `<folder>/<name>.json`. Raises BadFiles with every problem."""
    problems: list[FileProblem] = []
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    if HEAD not in files:
        problems.append(FileProblem(HEAD, "", _("This file is missing: the folder is no exported program.")))
    if len(files) > MAX_FILES:
        raise BadFiles([FileProblem(HEAD, "", _("These are more than %(max)d files.") % {"max": MAX_FILES})])
    for name, text in sorted(files.items()):
        try:
            document = read_text(name, text)
        except BadFiles as bad:
            problems += bad.problems
            continue
        folder, _slash, rest = name.rpartition("/")
        if name == HEAD:
            problems += _head(document)
        elif folder not in folders:
            known = ", ".join(sorted(folders))
            problems.append(
                FileProblem(name, "", _("Nobody takes this. The folders are: %(known)s.") % {"known": known})
            )
        else:
            found.setdefault(folder, {})[rest.removesuffix(".json")] = document
    if problems:
        raise BadFiles(problems)
    return found


def _head(document: Mapping[str, Any]) -> list[FileProblem]:
    if document == {"format": FORMAT, "what": "program"}:
        return []
    return [FileProblem(HEAD, "format", _("Only programs of format 1 are known."))]


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _Unreadable(_("“%(key)s” stands twice in one object.") % {"key": key[:60]})
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise _Unreadable(_("%(name)s is no number that JSON knows.") % {"name": name})


def _plain(part: Any, path: str, depth: int) -> None:
    """What PostgreSQL can't keep is told here: endless numbers, characters that are none, deep nests."""
    if depth > MAX_DEPTH:
        top = ".".join(path.split(".")[:5])
        raise _Unreadable(_("What stands at %(path)s is nested too deeply.") % {"path": top})
    if isinstance(part, float) and not math.isfinite(part):
        raise _Unreadable(_("At %(path)s stands a number that is too large.") % {"path": path})
    if isinstance(part, str) and ("\x00" in part or any("\ud800" <= letter <= "\udfff" for letter in part)):
        raise _Unreadable(_("At %(path)s stands a character that no text can hold.") % {"path": path or "."})
    if isinstance(part, dict):
        for key, inner in part.items():
            _plain(key, path, depth)
            _plain(inner, f"{path}.{key}".lstrip("."), depth + 1)
    elif isinstance(part, list):
        for index, inner in enumerate(part):
            _plain(inner, f"{path}.{index}".lstrip("."), depth + 1)
