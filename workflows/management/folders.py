"""Program folders on disk: read whole, written so that only what differs is touched."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from django.utils.translation import gettext as _

from workflows.definition.files import HEAD, MAX_BYTES, BadFiles, FileProblem


def read(folder: Path) -> dict[str, str]:
    """Every JSON file of a program folder by its path in it. Raises BadFiles."""
    if not folder.is_dir():
        raise BadFiles([FileProblem(str(folder), "", _("There is no such folder."))])
    return {path.relative_to(folder).as_posix(): text_in(path) for path in _json_in(folder)}


def documents_at(path: Path) -> dict[str, str]:
    """What a folder or a single workflow file holds, under the names that a program gives them."""
    if path.is_dir():
        return read(path)
    if not path.is_file():
        raise BadFiles([FileProblem(str(path), "", _("There is no such file."))])
    return {f"workflows/{path.stem}.json": text_in(path)}


def text_in(path: Path) -> str:
    """A file's text. Raises BadFiles for one that is too large or no text."""
    if path.stat().st_size > MAX_BYTES:
        raise BadFiles([FileProblem(str(path), "", _("The file is larger than 1 MB."))])
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        raise BadFiles([FileProblem(str(path), "", _("The file is not text in UTF-8."))]) from None


def write(folder: Path, files: Mapping[str, str]) -> tuple[int, int]:
    """Make the folder hold these files; gives how many were written and removed.

    A folder that holds other things and no program is left alone: BadFiles.
    """
    if folder.exists() and not (folder / HEAD).exists() and any(folder.iterdir()):
        raise BadFiles([FileProblem(str(folder), "", _("This folder holds something else. Choose an empty one."))])
    written = removed = 0
    for name, text in files.items():
        path = folder / name
        data = text.encode()
        if path.exists() and path.read_bytes() == data:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        written += 1
    for path in _json_in(folder):
        if path.relative_to(folder).as_posix() not in files:
            path.unlink()
            removed += 1
    return written, removed


def _json_in(folder: Path) -> Iterator[Path]:
    """The program's own files: those at its top, and those one folder deep; hidden ones are somebody else's."""
    for path in sorted([*folder.glob("*.json"), *folder.glob("*/*.json")]):
        if not any(part.startswith(".") for part in path.relative_to(folder).parts):
            yield path
