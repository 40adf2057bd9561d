"""`manage.py workflows_replay deal-registration --months 6`: a draft walked over the past, with nothing written."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from prm.kernel.tenancy.models import Tenant
from workflows.replay import commanding


class Command(BaseCommand):
    help = "Walk a draft of a workflow, or of rules, over the events of the last months. Nothing is written."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commanding.add_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            commanding.replay(self.stdout.write, self.stderr.write, **options)
        except (commanding.Refused, Tenant.DoesNotExist) as told:
            raise CommandError(str(told)) from None
