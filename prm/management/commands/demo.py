"""`manage.py demo`: build the demo vendor (once), or print its logins or its outcome."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from prm.demo import cast
from prm.demo.build import DEALS, build, exists, is_half_made, logins
from prm.demo.homes import bare_homes
from prm.demo.market import problem_of
from prm.demo.outcome import lines, outcome, shortfalls
from prm.kernel.tenancy.models import Tenant

WIDTH = 28


class Command(BaseCommand):
    help = "Build a realistic vendor by running the product through a program year."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--logins", action="store_true", help="print one login for each kind of person")
        parser.add_argument("--logins-into", default="", metavar="FILE", help="write them there when it is built")
        parser.add_argument("--outcome", action="store_true", help="print what came out of the year")
        parser.add_argument("--accounts", default=os.environ.get("ACCOUNTS", ""), help="a CSV of real accounts")
        parser.add_argument("--deals", type=int, default=DEALS)

    def handle(self, *args: Any, **options: Any) -> None:
        if options["logins"]:
            self.stdout.write(_logins(), ending="")
            return None
        if options["outcome"]:
            return self._outcome()
        if problem := problem_of(options["accounts"]):
            raise CommandError(problem)
        if exists():
            self.stdout.write("the demo is there already (`make demo-reset` forgets it)")
        elif is_half_made():
            raise CommandError("An earlier build was interrupted; `make demo` begins anew.", returncode=3)
        else:
            self.began = time.monotonic()
            build(accounts=options["accounts"], wanted=options["deals"], say=self._say, progress=self._progress)
            self._outcome()
        if options["logins_into"]:
            Path(options["logins_into"]).write_text(_logins())
        return None

    def _outcome(self) -> None:
        tenant = Tenant.objects.using("owner").get(slug=cast.SLUG).pk
        found = outcome(tenant)
        for line in lines(found):
            self.stdout.write("  " + line)
        bare = [f"nothing on the home of {mail}" for mail in bare_homes(tenant, [mail for _role, mail in logins()])]
        for short in shortfalls(found) + bare:
            self.stdout.write(f"  short of a whole year: {short}")

    def _say(self, text: str) -> None:
        self.stdout.write(f"[{time.monotonic() - self.began:5.1f} s] {text}")
        self.stdout.flush()

    def _progress(self, what: str, share: float) -> None:
        """A bar on a terminal; elsewhere a line for every tenth."""
        terminal, tenth = sys.stdout.isatty(), (what, int(share * 10))
        if not terminal and tenth == getattr(self, "last", None):
            return
        self.last = tenth
        full = round(share * WIDTH)
        end = "\n" if share >= 1 or not terminal else "\r"
        self.stdout.write(f"  {what:24} [{'#' * full}{'.' * (WIDTH - full)}] {share:4.0%}", ending=end)
        self.stdout.flush()


def _logins() -> str:
    lines = [f"  {role:16} {mail}\n" for role, mail in logins()]
    return f"{''.join(lines)}  password for all of them: {cast.PASSWORD}\n"
