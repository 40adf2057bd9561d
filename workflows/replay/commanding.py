"""Replay from the command line. `add_arguments` and `replay` are all that a command needs."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import CommandError

from prm.kernel.automation.models import RuleVersion
from prm.kernel.tenancy.naming import vendor_named
from workflows.definition import BrokenDefinition, checksum, lint
from workflows.models import Workflow, WorkflowVersion
from workflows.replay import words
from workflows.replay.rules import MOST_MONTHS
from workflows.replay.running import Replaying
from workflows.replay.trials import NothingToReplay, Trial, trials_of_rules, trials_of_version

BAR = 32
Write = Callable[[str], Any]


class Refused(CommandError):
    """It can't be replayed; the message says why."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("key", help="the key of the workflow, or with --rules of the rule set")
    parser.add_argument("--rules", action="store_true", help="replay a draft of rules")
    parser.add_argument("--version", dest="number", type=int, help="without it the draft, else what is in force")
    parser.add_argument("--file", type=Path, help="replay this file instead: a tree, or a document of rules")
    parser.add_argument("--months", type=int, default=6)
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def replay(out: Write, err: Write, **options: Any) -> dict[str, Any]:
    """Walk, and tell; `options` are those of `add_arguments`, and `tenant`. Raises Refused."""
    months, file = options["months"], options["file"]
    if not 1 <= months <= MOST_MONTHS:
        raise Refused(f"Choose from 1 to {MOST_MONTHS} months.")
    given = _read(file) if file else None
    find = _rules if options["rules"] else _workflow
    vendor = vendor_named(options["tenant"])
    replaying = Replaying(vendor.pk, lambda: find(options["key"], options["number"], given), months)
    began = monotonic()
    try:
        for batch in replaying.batches():
            _progress(batch.walked, batch.total)
    except (NothingToReplay, BrokenDefinition) as told:
        raise Refused(str(told)) from None
    assert replaying.figures is not None
    result = replaying.figures.document()
    _tell(out, result, as_json=options["json"])
    err(f"{result['events']} events in {monotonic() - began:.1f} s")
    return result


def _tell(out: Write, result: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        out(json.dumps(result, indent=2))
        return
    out(words.summary(result))
    for move in result["moves"]:
        out(f"  {words.decision(move['from'])} -> {words.decision(move['to'])}: {move['count']} ({move['amount']})")
    for queue, weeks in result["queues"].items():
        before, after = sum(week[1] for week in weeks), sum(week[2] for week in weeks)
        out(f"  queue {queue}: {before} -> {after} tasks in {len(weeks)} weeks")
    for assumed, count in result["assumed"].items():
        out(f"  assumed: {words.assumption(assumed, count)}")
    out(f"  {result['faithful']} of {result['runs']} runs come to the same over their own version")


def _progress(done: int, total: int) -> None:
    """A bar on a terminal, nothing in a log."""
    if not sys.stderr.isatty():
        return
    filled = BAR * done // max(total, 1)
    sys.stderr.write(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {done} of {total}" + ("\n" if done >= total else ""))
    sys.stderr.flush()


def _read(file: Path) -> Any:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise Refused(f"{file}: {error}") from None


def _workflow(key: str, number: int | None, tree: Any) -> list[Trial]:
    workflow = Workflow.objects.filter(key=key).first()
    if workflow is None:
        known = ", ".join(Workflow.objects.values_list("key", flat=True)) or "none"
        raise Refused(f"There is no workflow “{key}”. Known: {known}.")
    if tree is not None:
        if problems := lint(tree):
            raise Refused(f"{problems[0].path}: {problems[0].message}")
        return trials_of_version(WorkflowVersion(workflow=workflow, number=0, tree=tree, checksum=checksum(tree)))
    version = _chosen(workflow.versions.select_related("workflow"), number)
    if version is None:
        raise Refused(f"“{key}” has no such version.")
    return trials_of_version(version)


def _rules(key: str, number: int | None, document: Any) -> list[Trial]:
    versions = RuleVersion.objects.filter(ruleset__key=key).select_related("ruleset")
    version = _chosen(versions, number)
    if version is None:
        raise Refused(f"There are no rules “{key}”, or no such version.")
    if document is not None:
        version = RuleVersion(ruleset=version.ruleset, number=0, document=document)
    return trials_of_rules(version)


def _chosen(versions: Any, number: int | None) -> Any:
    """The version of that number; without one the draft, else what is in force."""
    if number is not None:
        return versions.filter(number=number).first()
    return versions.filter(status="draft").first() or versions.filter(status="published").first()
