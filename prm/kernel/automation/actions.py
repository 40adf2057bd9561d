"""The only writers of rules: draft, publish, retire."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from prm.kernel import audit
from prm.kernel.automation import queries, rules
from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.conditions import schema_named, validate_rules
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor


def create_ruleset(*, key: str, name: str, schema: str, actor: Actor, now: datetime) -> RuleSet:
    """A named list of rules over one schema; the same key twice gives the same rule set."""
    ruleset, created = RuleSet.objects.get_or_create(key=key, defaults={"name": name, "schema": schema})
    if created:
        audit.record("rules.created", target=ruleset, actor=actor, at=now, after={"key": key, "schema": schema})
    return ruleset


def save_rule_draft(
    *, ruleset_id: UUID, document: Mapping[str, Any], note: str, actor: Actor, now: datetime
) -> RuleVersion:
    """Write the draft of a rule set, making it if there is none. A draft may be half-finished: publishing checks."""
    ruleset = RuleSet.objects.select_for_update().get(pk=ruleset_id)
    draft = queries.draft_of(ruleset.pk) or _next_version(ruleset, actor)
    before = {} if draft._state.adding else {"document": draft.document, "note": draft.note}
    draft.document, draft.note = dict(document), note.strip()[:300]
    draft.editors = sorted({*draft.editors, actor.id})
    draft.save()
    audit.record(
        "rules.draft_saved",
        target=draft,
        actor=actor,
        at=now,
        before=before,
        after={"document": draft.document, "note": draft.note},
    )
    return draft


def discard_rule_draft(*, version_id: UUID, actor: Actor, now: datetime) -> bool:
    """Throw a draft away; False when it is a draft no more."""
    version = _locked(version_id)
    if version.status != RuleVersion.Status.DRAFT:
        return False
    audit.record(
        "rules.draft_discarded",
        target=version,
        actor=actor,
        at=now,
        before={"document": version.document, "note": version.note},
    )
    version.delete()
    return True


def publish_rules(*, version_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Put a draft into force; the version before it is retired in the same transaction."""
    version = _locked(version_id)
    schema = schema_named(version.ruleset.schema)
    decision = rules.decide_publication(
        status=version.status,
        editors=[version.author, *version.editors],
        publisher=actor.id,
        may_publish=actor.has("admin"),
        admins=queries.count_of_admins(),
        problems=[str(problem.message) for problem in validate_rules(version.document, schema)],
    )
    if decision.allowed:
        _replace_published(version, actor, now)
    audit.record(
        "rules.published" if decision.allowed else "rules.publication_refused",
        target=version,
        actor=actor,
        at=now,
        decision=decision,
    )
    return decision


def retire_rules(*, version_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Take rules out of force with nothing in their place: what needs them then goes to people."""
    version = _locked(version_id)
    allowed = version.status == RuleVersion.Status.PUBLISHED and actor.has("admin")
    decision = Decision(
        rule="rule-retirement/1",
        outcome="retired" if allowed else "refused",
        allowed=allowed,
        facts={"status": version.status, "roles": sorted(actor.roles)},
    )
    if allowed:
        version.retire()
        version.save(update_fields=["status"])
    audit.record(
        "rules.retired" if allowed else "rules.retirement_refused",
        target=version,
        actor=actor,
        at=now,
        decision=decision,
    )
    return decision


def _replace_published(version: RuleVersion, actor: Actor, now: datetime) -> None:
    for older in RuleVersion.objects.filter(ruleset=version.ruleset, status=RuleVersion.Status.PUBLISHED):
        older.retire()
        older.save(update_fields=["status"])
    version.publish()
    version.publisher, version.publisher_name, version.published_at = actor.id, actor.name, now
    version.save()


def _next_version(ruleset: RuleSet, actor: Actor) -> RuleVersion:
    last = ruleset.versions.aggregate(last=Max("number"))["last"] or 0
    return RuleVersion(ruleset=ruleset, number=last + 1, author=actor.id, author_name=actor.name)


def _locked(version_id: UUID) -> RuleVersion:
    return RuleVersion.objects.select_for_update(of=("self",)).select_related("ruleset").get(pk=version_id)
