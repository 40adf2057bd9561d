"""A vendor's whole program as documents and as text files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from prm.kernel.automation.models import RuleVersion
from prm.kernel.automation.parts import Document, parts
from prm.kernel.conditions import schema_named, validate_rules
from workflows.definition import lint
from workflows.definition.comparing import NONE, Change, compare, differences, shown
from workflows.definition.files import HEAD, FileProblem, head, text_of
from workflows.models import WorkflowVersion
from workflows.queries.assignment import troubled
from workflows.queries.surroundings import surroundings

Documents = Mapping[str, Mapping[str, Document]]  # by folder and name


@dataclass(frozen=True, slots=True)
class Difference:
    """One document that differs: added, removed or changed, with each change in a line."""

    file: str
    kind: str
    changes: tuple[Change, ...] = ()


def program_documents(*, drafts: bool = False) -> dict[str, dict[str, Document]]:
    """Every part of the program; with `drafts`, what is being worked on in place of what is in force."""
    return {part.folder: dict(part.documents(drafts=drafts)) for part in parts()}


def program_files(*, drafts: bool = False) -> dict[str, str]:
    """The same as text files by their path: always the same bytes for the same program."""
    files = {HEAD: head()}
    for folder, documents in program_documents(drafts=drafts).items():
        files |= {f"{folder}/{name}.json": text_of(document) for name, document in documents.items()}
    return dict(sorted(files.items()))


def draft_problems() -> dict[str, list[FileProblem]]:
    """Every draft of a workflow or of rules by its name, with what is wrong with it as things are; and the
    assignment rules, where they can't do what they say."""
    found: dict[str, list[FileProblem]] = {}
    around = surroundings()
    for draft in WorkflowVersion.objects.filter(status="draft").select_related("workflow").order_by("workflow__key"):
        told = lint(draft.tree, around)
        found[str(draft)] = [FileProblem(str(draft), problem.path, problem.message) for problem in told]
    for rules in RuleVersion.objects.filter(status="draft").select_related("ruleset").order_by("ruleset__key"):
        wrong = validate_rules(rules.document, schema_named(rules.ruleset.schema))
        found[str(rules)] = [FileProblem(str(rules), problem.path, str(problem.message)) for problem in wrong]
    for row, why in troubled():
        file = "assignment-rules/rules.json"
        found.setdefault(file, []).append(FileProblem(file, f"rules.{row['position'] - 1}", f"{row['name']}: {why}"))
    return found


def compare_programs(old: Documents, new: Documents) -> list[Difference]:
    """What differs between two programs, file by file."""
    found = []
    for folder in sorted({*old, *new}):
        before, after = old.get(folder, {}), new.get(folder, {})
        for name in sorted({*before, *after}):
            file = f"{folder}/{name}.json"
            if name not in after:
                found.append(Difference(file, "removed"))
            elif name not in before:
                found.append(Difference(file, "added"))
            elif changes := tuple(changes_of(folder, before[name], after[name])):
                found.append(Difference(file, "changed", changes))
    return found


def changes_of(folder: str, old: Document, new: Document) -> Iterator[Change]:
    """The changes of one document: a workflow's block by block, others field by field."""
    if folder == "workflows":
        yield from compare(old, new)
        return
    for path, before, after in differences(_keyed(old), _keyed(new)):
        kind = "added" if before is NONE else "removed" if after is NONE else "changed"
        if kind == "changed":
            yield Change(kind, path.partition(".")[0], field=path, old=shown(before), new=shown(after))
        else:
            yield Change(kind, path)


def _keyed(part: Any) -> Any:
    """Lists of objects that have names, by those names, so that one more at the front moves nothing."""
    if isinstance(part, Mapping):
        return {name: _keyed(inner) for name, inner in part.items()}
    if isinstance(part, list) and part:
        for key in ("code", "key", "sku", "product", "day", "id"):
            names = [item.get(key) if isinstance(item, Mapping) else None for item in part]
            if all(isinstance(name, str) for name in names) and len(set(names)) == len(names):
                return {str(name): _keyed(item) for name, item in zip(names, part, strict=True)}
    return part
