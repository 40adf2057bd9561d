"""`manage.py vendor create|list|suspend|resume|invite|publish`: what the platform's operator does with vendors."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from prm import setup
from prm.kernel.automation.actions import publish_rules
from prm.kernel.automation.models import RuleVersion
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.models import Tenant


class Command(BaseCommand):
    help = "Set up, list, suspend and resume vendors."

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_subparsers(dest="what", required=True)
        create = what.add_parser("create", help="set up a vendor from nothing and invite its first admin")
        create.add_argument("--name", required=True)
        create.add_argument("--slug", required=True, help="short name, such as acme")
        create.add_argument("--admin-email", required=True)
        create.add_argument("--admin-name", default="")
        create.add_argument("--time-zone", default="Europe/Berlin")
        create.add_argument("--country", default="DE", help="whose public holidays the calendar begins with")
        create.add_argument("--currency", default="EUR")
        create.add_argument("--language", default="en")
        create.add_argument("--sandbox", action="store_true", help="its clock may be moved")
        what.add_parser("list", help="every vendor")
        for name, told in (("suspend", "shut a vendor: nobody of it gets in"), ("resume", "let it run again")):
            what.add_parser(name, help=told).add_argument("slug")
        invite = what.add_parser("invite", help="a new link for an admin of a vendor")
        invite.add_argument("slug")
        invite.add_argument("email")
        publish = what.add_parser("publish", help="be the second person for a vendor with one admin")
        publish.add_argument("slug")
        publish.add_argument("rules", help="the key of the rule set, such as deal-eligibility")
        publish.add_argument("--operator", required=True, help="your name, for the vendor's audit")

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        try:
            getattr(self, what)(**options)
        except Tenant.DoesNotExist as error:
            raise CommandError("There is no such vendor. `manage.py vendor list` shows them.") from error
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error

    def create(self, *, admin_email: str, sandbox: bool, **options: Any) -> None:
        wanted = ("name", "slug", "admin_name", "time_zone", "country", "currency", "language")
        made = setup.create_vendor(
            admin_email=admin_email, is_sandbox=sandbox, **{name: options[name] for name in wanted}
        )
        self.stdout.write(f"{made.tenant.name} is set up.")
        self.stdout.write(f"{admin_email} comes in here, once, within seven days:\n  {made.invitation_url}")
        self.stdout.write("The way on is the checklist at /console/setup/.")

    def list(self, **options: Any) -> None:
        for tenant in Tenant.objects.using(setup.tenants_login()).order_by("slug"):
            self.stdout.write(f"{tenant.slug:<24} {tenant.status:<10} {tenant.name}")

    def suspend(self, *, slug: str, **options: Any) -> None:
        self.stdout.write(f"{setup.set_status(slug, Tenant.Status.SUSPENDED).name} is suspended.")

    def resume(self, *, slug: str, **options: Any) -> None:
        self.stdout.write(f"{setup.set_status(slug, Tenant.Status.ACTIVE).name} runs again.")

    def invite(self, *, slug: str, email: str, **options: Any) -> None:
        self.stdout.write(setup.invite_admin(tenant=_tenant(slug), email=email))

    def publish(self, *, slug: str, rules: str, operator: str, **options: Any) -> None:
        actor = Actor(
            kind="person", id=f"operator:{operator}"[:80], name=f"{operator} (operator)", roles=frozenset({"admin"})
        )
        with acting(tenant=_tenant(slug).pk, audience="vendor") as now:
            draft = RuleVersion.objects.filter(ruleset__key=rules, status=RuleVersion.Status.DRAFT).first()
            if draft is None:
                raise CommandError(f"{slug} has no draft of {rules}.")
            decision = publish_rules(version_id=draft.pk, actor=actor, now=now)
        if decision.refused:
            raise CommandError(" ".join(reason.text for reason in decision.reasons))
        self.stdout.write(f"{rules}/{draft.number} is in force.")


def _tenant(slug: str) -> Tenant:
    return Tenant.objects.using(setup.tenants_login()).get(slug=slug)
