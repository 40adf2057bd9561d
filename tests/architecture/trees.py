"""The product's own modules as syntax trees, for tests that read code instead of running it."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("prm", "partners", "dealreg", "incentives", "onboarding", "workflows", "integrations")


@cache
def modules() -> dict[str, ast.Module]:
    """Every module that serves, migrates or makes the demo, by its path."""
    paths = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text("utf-8")) for path in paths}


def imported(tree: ast.AST) -> Iterator[str]:
    """Every name that is imported from somewhere (but modules of views), or reached as an attribute."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not (node.module or "").endswith("views"):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute):
            yield node.attr
