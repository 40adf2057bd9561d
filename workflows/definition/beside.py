"""Workflows that are checked together, as files: they may run one another before any of them is in force."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

from workflows.definition.blocks import program
from workflows.definition.broken import BrokenDefinition
from workflows.definition.flow_checks import Called

_files: ContextVar[Mapping[str, Called]] = ContextVar("files", default=MappingProxyType({}))


@contextmanager
def beside(trees: Mapping[str, Mapping[str, Any]]) -> Iterator[None]:
    """While these trees are checked, each knows of the others by their keys."""
    found: dict[str, Called] = {}
    for key, tree in trees.items():
        try:
            read = program(tree)
        except BrokenDefinition:
            continue  # its own problems tell why
        found[key] = Called(read.start.schema, read.calls)
    before = _files.set(found)
    try:
        yield
    finally:
        _files.reset(before)


def among_files() -> Mapping[str, Called]:
    """The workflows that are checked together now."""
    return _files.get()
