"""`manage.py conflicts pairs|check`: a customer judges the matcher on its own data; nothing of it stays.

Identifiers come out exactly as they went in, so that the answers can be joined to the questions.
"""

import csv
import os
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from dealreg import queries, trials
from prm.kernel.automation.streams import streamed
from prm.kernel.automation.tables import Unreadable
from prm.kernel.identity.actors import Actor
from prm.kernel.matching import Thresholds, TokenWeights
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.naming import vendor_named


class Command(BaseCommand):
    help = "Try the conflict check on files of your own. Nothing is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        pairs = what.add_parser("pairs", help=f"columns: {', '.join(trials.PAIR_COLUMNS)}")
        pairs.add_argument("pairs", type=Path, metavar="PAIRS.csv")
        check = what.add_parser("check", help="deals against a register of accounts")
        check.add_argument("--accounts", type=Path, required=True, help=f"columns: {', '.join(trials.ACCOUNT_COLUMNS)}")
        check.add_argument("--deals", type=Path, required=True, help=f"columns: {', '.join(trials.DEAL_COLUMNS)}")
        for one in (pairs, check):
            one.add_argument("--out", type=Path, required=True, help="the file of answers")
            one.add_argument("--tenant", help="the vendor whose thresholds and words hold (pairs: else the shipped)")
            one.add_argument("--encoding", default="", help="of the files, where it is not UTF-8 (such as cp1252)")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        try:
            getattr(self, f"_{what}")(**options)
        except Unreadable as why:
            raise CommandError(str(why)) from None

    def _pairs(self, *, pairs: Path, out: Path, tenant: str | None, encoding: str, **_rest: Any) -> None:
        limits, weights = Thresholds(), TokenWeights.shipped()
        if tenant:
            with acting(tenant=vendor_named(tenant).pk, audience="vendor"):
                limits, weights = queries.limits_of(queries.policy()), queries.token_weights()
        with _told(pairs), streamed(pairs, trials.PAIR_COLUMNS, encoding) as rows:
            judged = ((row["pair_id"], *trials.judge_pair(row, limits, weights)) for _line, row in rows)
            answers = ((pair, f"{score:.6f}", decision) for pair, score, decision in judged)
            self._write(out, ("pair_id", "score", "decision"), answers, decision=2)

    def _check(
        self, *, accounts: Path, deals: Path, out: Path, tenant: str | None, encoding: str, **_rest: Any
    ) -> None:
        vendor, began = vendor_named(tenant), perf_counter()
        actor = Actor.system("trial of the conflict check")
        with acting(tenant=vendor.pk, audience="vendor") as now, _taken_back():
            register = trials.Register(queries.policy())
            with _told(accounts), streamed(accounts, trials.ACCOUNT_COLUMNS, encoding) as rows:
                known = register.bring_in((row for _line, row in rows), actor, now)
            self.stdout.write(f"{known:,} accounts known after {perf_counter() - began:.0f} s.")
            with _told(deals), streamed(deals, trials.DEAL_COLUMNS, encoding) as rows:
                tried = register.judge(row for _line, row in rows)
                answers = ((one.query, one.decision, one.record, f"{one.score:.6f}") for one in tried)
                self._write(out, ("query_id", "decision", "record_id", "score"), answers, decision=1)

    def _write(self, out: Path, header: Iterable[str], answers: Iterable[tuple[str, ...]], decision: int) -> None:
        """The answers as they come, under the file's name once they are whole."""
        began, counts = perf_counter(), Counter[str]()
        half = out.with_name(f"{out.name}.part")
        try:
            with half.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(header)
                for answer in answers:
                    writer.writerow(answer)
                    counts[answer[decision]] += 1
            os.replace(half, out)
        except OSError as why:
            raise CommandError(f"The answers can't be written: {why}") from None
        finally:
            half.unlink(missing_ok=True)
        rows, seconds = counts.total(), perf_counter() - began
        told = ", ".join(f"{counts[outcome]:,} {outcome}" for outcome in ("clear", "review", "conflict"))
        self.stdout.write(f"{rows:,} answers in {out}: {told}; {rows / max(seconds, 0.001):,.0f} a second.")


@contextmanager
def _taken_back() -> Iterator[None]:
    """Whatever is written in here is rolled back, however it ends."""
    try:
        yield
    finally:
        transaction.set_rollback(True)


@contextmanager
def _told(file: Path) -> Iterator[None]:
    """Whatever can't be read is told with the name of its file."""
    try:
        yield
    except Unreadable as why:
        raise CommandError(f"{file.name}: {why}") from None
