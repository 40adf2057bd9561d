"""Readers of published rules and of what a draft would change."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.conditions import FactSchema, schema_named
from prm.kernel.identity.models import Membership
from prm.kernel.tenancy.remembering import remembered

Document = Mapping[str, Any]


class NoRules(LookupError):
    """No version of these rules is published. Nothing may be allowed in their place."""


@remembered("automation.RuleVersion", "automation.RuleSet")
def published_rules(key: str) -> tuple[Document, str]:
    """The rules in force and the name that decisions carry: `deal-eligibility/3`. Raises NoRules."""
    version = (
        RuleVersion.objects.filter(ruleset__key=key, status=RuleVersion.Status.PUBLISHED)
        .select_related("ruleset")
        .first()
    )
    if version is None:
        raise NoRules(f"No version of the rules {key!r} is published.")
    return version.document, str(version)


def rules_named(name: str) -> tuple[Document, FactSchema]:
    """The document and schema behind a decision's `rule`, so that it can be judged again. Raises NoRules."""
    key, _slash, number = name.partition("/")
    version = (
        RuleVersion.objects.filter(ruleset__key=key, number=int(number) if number.isdigit() else 0)
        .exclude(status=RuleVersion.Status.DRAFT)
        .select_related("ruleset")
        .first()
    )
    if version is None:
        raise NoRules(f"There are no published rules {name!r}.")
    return version.document, schema_named(version.ruleset.schema)


def draft_of(ruleset_id: UUID) -> RuleVersion | None:
    """The version being worked on, if there is one."""
    return RuleVersion.objects.filter(ruleset_id=ruleset_id, status=RuleVersion.Status.DRAFT).first()


def latest_document(ruleset: RuleSet) -> Document:
    """What a new draft starts from: the rules in force, else nothing."""
    published = ruleset.versions.filter(status=RuleVersion.Status.PUBLISHED).first()
    return published.document if published else {"rules": [], "otherwise": "allow"}


def count_of_admins() -> int:
    """How many people of the vendor could be the second person."""
    return Membership.objects.filter(partner=None, ended_at=None, roles__contains=["admin"]).count()
