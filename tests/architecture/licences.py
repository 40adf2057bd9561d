"""Judges the licence of every locked package, transitive ones too: `python -m tests.architecture.licences`.

Permissive licences pass; copyleft ones and unknown ones fail, but for the exceptions named here.
"""

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, metadata
from pathlib import Path

LOCKS = Path(__file__).resolve().parents[2] / "requirements"
EXCEPTIONS = {
    "psycopg2-binary": "LGPL with exceptions: used as a library, never changed",
    "psycopg": "LGPL: DBOS needs it, in the environment of one benchmark alone",
    "psycopg-binary": "LGPL: DBOS needs it, in the environment of one benchmark alone",
}
PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Zlib|Unlicense|CC0)", re.IGNORECASE
)
COPYLEFT = re.compile(r"GPL|General Public License|EUPL|SSPL|BUSL|Commons Clause", re.IGNORECASE)


def complaints() -> Iterator[str]:
    """One sentence for each package whose licence isn't known to be permissive."""
    for name in locked_names():
        try:
            told = licence(metadata(name))
        except PackageNotFoundError:  # locked for other Pythons or platforms
            continue
        if name in EXCEPTIONS:
            continue
        if COPYLEFT.search(told) or not PERMISSIVE.search(told):
            yield f"{name}: {told or 'says nothing about its licence'}"


def locked_names() -> list[str]:
    """Every package of the locks."""
    text = "".join(path.read_text() for path in sorted(LOCKS.glob("*.lock")))
    return sorted(set(re.findall(r"^([A-Za-z0-9._-]+)==", text, flags=re.MULTILINE)))


def licence(about: PackageMetadata) -> str:
    """What a package says: its SPDX expression, else the first line of its licence, and its classifiers."""
    if expression := about.get("License-Expression"):
        return str(expression)
    first = str(about.get("License") or "").strip().split("\n")[0]
    classifiers = [line for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    kinds = [line.split("::")[-1].strip() for line in classifiers]
    return "; ".join(part for part in [first, *kinds] if part)


def main() -> int:
    """Print complaints; 1 if there are any."""
    found = list(complaints())
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.stdout.write(f"licences: {len(locked_names())} packages, {len(found)} refused\n")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
