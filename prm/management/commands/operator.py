"""`manage.py operator add|remove|list`: who runs the platform. No page can do this."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email
from django.urls import reverse

from prm import setup
from prm.kernel.identity import operators
from prm.kernel.identity.models import Operator


class Command(BaseCommand):
    help = "Say who runs the platform, and sees its vendors at /operator/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        add = what.add_parser("add", help="let a person in, new or known")
        add.add_argument("email")
        add.add_argument("--name", default="")
        what.add_parser("remove", help="let a person be no operator any more").add_argument("email")
        what.add_parser("list", help="every operator")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        try:
            getattr(self, what)(**options)
        except Operator.DoesNotExist as error:
            raise CommandError("There is no such operator. `manage.py operator list` shows them.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def add(self, *, email: str, name: str, **options: Any) -> None:
        validate_email(email)
        person = operators.add_operator(email, name, using=setup.tenants_login())
        self.stdout.write(f"{person.email} runs the platform: {settings.PUBLIC_URL}{reverse('identity:operator')}")
        if not person.password:
            reset = settings.PUBLIC_URL + reverse("account_reset_password")
            self.stdout.write(f"They set a password first, by mail: {reset}")
        self.stdout.write("A second factor is asked for at the first visit.")

    def remove(self, *, email: str, **options: Any) -> None:
        operators.remove_operator(email, using=setup.tenants_login())
        self.stdout.write(f"{email} is no operator any more.")

    def list(self, **options: Any) -> None:
        for operator in Operator.objects.using(setup.tenants_login()).select_related("person").order_by("added_at"):
            self.stdout.write(f"{operator.person.email:<40} {operator.person.name}")
