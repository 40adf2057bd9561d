"""`manage.py workflows_log deal-registration FILE`: a workflow's runs as an event log (OCEL 2.0, JSON)."""

import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.kernel.tenancy.context import acting, current
from prm.kernel.tenancy.models import Tenant
from workflows.analytics import log
from workflows.models import Workflow


class Command(BaseCommand):
    help = "Write a workflow's runs as an object-centric event log (OCEL 2.0, JSON)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("workflow", help="the workflow's key")
        parser.add_argument("file", help="where to, or - for the standard output")
        parser.add_argument("--tenant", help="the vendor's slug; not needed where there is one vendor")
        parser.add_argument("--since", type=_day, help="runs that began on this day or later (YYYY-MM-DD)")
        parser.add_argument("--until", type=_day, help="runs that began on this day or earlier")

    def handle(
        self,
        *args: Any,
        workflow: str,
        file: str,
        tenant: str | None,
        since: date | None,
        until: date | None,
        **options: Any,
    ) -> None:
        with acting(tenant=_vendor(tenant).pk, audience="auditor"):
            found = Workflow.objects.filter(key=workflow).first()
            if found is None:
                known = ", ".join(Workflow.objects.order_by("key").values_list("key", flat=True)) or "none yet"
                raise CommandError(f"There is no workflow “{workflow}”. There are: {known}.")
            span = (_begin(since), _begin(until + timedelta(days=1) if until else None))
            if file == "-":
                log.write(sys.stdout, found.pk, *span)
                return
            with Path(file).open("w", encoding="utf-8") as out:
                events = log.write(out, found.pk, *span)
        self.stdout.write(f"{events} events: {file}")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is no day such as 2027-02-19") from None


def _begin(day: date | None) -> datetime | None:
    return datetime.combine(day, time(0), tzinfo=current().zone) if day else None


def _vendor(slug: str | None) -> Tenant:
    with acting(audience="relay"):
        found = list(Tenant.objects.filter(**({"slug": slug} if slug else {})).order_by("slug")[:2])
    if len(found) != 1:
        raise CommandError(f"There is no vendor “{slug}”." if slug else "Say which vendor with --tenant.")
    return found[0]
