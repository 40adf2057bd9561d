"""Drafts, publishing by a second person, retiring."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max

from prm.kernel import audit, events
from prm.kernel.automation import registry
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from workflows import rules
from workflows.definition import BrokenDefinition, Problem, checksum, lint, program
from workflows.definition.triggers import start_of
from workflows.engine import timetables
from workflows.events import VersionPublished, VersionRetired
from workflows.models import Workflow, WorkflowVersion
from workflows.queries.surroundings import surroundings


def install_template(*, key: str, actor: Actor, now: datetime) -> WorkflowVersion:
    """Publish a shipped template as the vendor's own workflow, unless it has published it before.

    Its author is the template, so whoever installs it is the second person. Raises KeyError for an unknown
    template and BrokenDefinition for one that would not pass the lint.
    """
    template = registry.templates[key]
    published = WorkflowVersion.objects.filter(workflow__key=key, status="published").first()
    if published is not None:
        return published
    tree = dict(template.load())
    if problems := lint(tree, surroundings()):
        raise BrokenDefinition(f"The template “{key}”: {problems[0].path}: {problems[0].message}")
    author = Actor(kind="system", id=f"template:{key}", name="Shipped with the product")
    version = write_draft(tree, "", author)
    _publish(version, tree, actor, now)
    audit.record("workflow.installed", target=version, actor=actor, at=now, after={"template": key})
    return version


def use_template(*, key: str, actor: Actor, now: datetime) -> Decision:
    """Make a draft of a shipped template; the Decision's facts name the `version`. Raises KeyError.

    Its author is the template, so that one admin may read it and publish it; whoever changes it becomes its
    author. A draft that waits and a version in force that is the same are left alone.
    """
    tree = dict(registry.templates[key].load())
    versions = WorkflowVersion.objects.filter(workflow__key=key)
    draft = versions.filter(status="draft").first()
    decision = rules.use_template(
        rules.TemplateFacts(
            roles=tuple(sorted(actor.roles)),
            draft_waits=draft is not None and draft.checksum != checksum(tree),
            in_force=versions.filter(status="published", checksum=checksum(tree)).exists(),
        )
    )
    if decision.refused:
        return decision
    author = Actor(kind="system", id=f"template:{key}", name="Shipped with the product")
    version = draft or write_draft(tree, "", author)
    audit.record(
        "workflow.template_used", target=version, actor=actor, at=now, decision=decision, after={"template": key}
    )
    return replace(decision, facts={**decision.facts, "version": str(version.pk)})


def save_draft(*, tree: Mapping[str, Any], actor: Actor, now: datetime, note: str = "") -> Decision:
    """Keep a tree as the workflow's draft, whatever the lint says of it; the key says which workflow.

    The Decision's facts name the `version`. A tree that isn't even one (no key) is refused.
    """
    problems = lint(tree, surroundings())
    unreadable = [p.message for p in problems if p.path in ("", "key", "format")]
    facts = rules.VersionFacts(verb="saved", roles=tuple(sorted(actor.roles)), actor=actor.id)
    decision = rules.change_version(replace(facts, status="unreadable") if unreadable else facts)
    if decision.refused:
        if unreadable:
            decision = replace(
                decision,
                reasons=tuple(
                    replace(r, text=unreadable[0]) if r.key == "workflow.wrong_state" else r for r in decision.reasons
                ),
            )
        return decision
    version = write_draft(tree, note, actor)
    audit.record(
        "workflow.draft_saved",
        target=version,
        actor=actor,
        at=now,
        decision=decision,
        after={"checksum": version.checksum, "problems": len(problems)},
    )
    return replace(decision, facts={**decision.facts, "version": str(version.pk)})


def discard_draft(*, version_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Throw a draft away, and with its only draft a workflow that never had a version; the audit keeps the tree."""
    version = _locked(version_id)
    decision = rules.change_version(
        rules.VersionFacts(verb="discarded", roles=tuple(sorted(actor.roles)), status=version.status, actor=actor.id)
    )
    audit.record(
        "workflow.draft_discarded" if decision.allowed else "workflow.discarding_refused",
        target=version,
        actor=actor,
        at=now,
        decision=decision,
        before={"tree": version.tree, "note": version.note} if decision.allowed else {},
    )
    if decision.allowed:
        version.delete()
        if not version.workflow.versions.exists():
            version.workflow.delete()
    return decision


def publish_version(*, version_id: UUID, actor: Actor, now: datetime) -> Decision:
    """New runs follow it from now on; those on their way stay on theirs."""
    version = _locked(version_id)
    problems = problems_of(version)
    decision = rules.change_version(
        rules.VersionFacts(
            verb="published",
            roles=tuple(sorted(actor.roles)),
            status=version.status,
            author=version.author,
            editors=tuple(version.editors),
            actor=actor.id,
            problems=tuple(problem.message for problem in problems),
        )
    )
    if decision.allowed:
        _publish(version, version.tree, actor, now)
    audit.record(
        "workflow.published" if decision.allowed else "workflow.publishing_refused",
        target=version,
        actor=actor,
        at=now,
        decision=decision,
        after={"checksum": version.checksum},
    )
    return decision


def retire_workflow(*, workflow_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Nothing new starts on it; what needs it becomes an incident until a version is published."""
    versions = (
        WorkflowVersion.objects.select_for_update(of=("self",))
        .select_related("workflow")
        .filter(workflow_id=workflow_id)
        .order_by("-number")
    )
    target = versions.filter(status="published").first() or versions.first()
    if target is None:
        raise WorkflowVersion.DoesNotExist
    decision = rules.change_version(
        rules.VersionFacts(verb="retired", roles=tuple(sorted(actor.roles)), status=target.status, actor=actor.id)
    )
    if decision.allowed:
        _retire(target, now)
    audit.record(
        "workflow.retired" if decision.allowed else "workflow.retiring_refused",
        target=target,
        actor=actor,
        at=now,
        decision=decision,
    )
    return decision


def problems_of(version: WorkflowVersion) -> list[Problem]:
    """What the lint says of a version today: people leave, and apps change."""
    return lint(version.tree, surroundings())


def _locked(version_id: UUID) -> WorkflowVersion:
    return WorkflowVersion.objects.select_for_update(of=("self",)).select_related("workflow").get(pk=version_id)


def write_draft(tree: Mapping[str, Any], note: str, author: Actor) -> WorkflowVersion:
    """Write the one draft of the workflow; whoever changed it last is its author, and nobody who did publishes it."""
    workflow, _made = Workflow.objects.get_or_create(
        key=tree["key"], defaults={"name": str(tree.get("name") or tree["key"])[:120], "event": _event_of(tree)}
    )
    draft = WorkflowVersion.objects.filter(workflow=workflow, status="draft").first()
    if draft is None:
        last = workflow.versions.aggregate(last=Max("number"))["last"] or 0
        draft = WorkflowVersion(workflow=workflow, number=last + 1)
    draft.tree, draft.checksum, draft.note = dict(tree), checksum(tree), note[:300]
    draft.author, draft.author_name = author.id, author.name
    draft.editors = sorted({*draft.editors, author.id})
    draft.save()
    return draft


def _event_of(tree: Mapping[str, Any]) -> str:
    """The event that starts it, "@schedule", "@date" or "@manual"; empty when its trigger can't be read."""
    try:
        return start_of(tree.get("trigger")).name[:80]
    except BrokenDefinition:
        trigger = tree.get("trigger")
        return str(trigger.get("event") or "")[:80] if isinstance(trigger, Mapping) else ""


def _publish(version: WorkflowVersion, tree: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    before = (
        WorkflowVersion.objects.select_for_update().filter(workflow_id=version.workflow_id, status="published").first()
    )
    if before is not None:
        _retire(before, now, announce=False)
    version.publish()
    version.publisher, version.publisher_name, version.published_at = actor.id, actor.name, now
    version.save(update_fields=["status", "publisher", "publisher_name", "published_at"])
    workflow = version.workflow
    workflow.name, workflow.event = str(tree.get("name") or tree["key"])[:120], _event_of(tree)
    workflow.save(update_fields=["name", "event"])
    timetables.keep(version, program(tree), now)
    events.publish(
        VersionPublished(
            subject_id=version.pk, facts={"workflow.key": workflow.key, "workflow.version": version.number}
        ),
        at=now,
    )


def _retire(version: WorkflowVersion, now: datetime, *, announce: bool = True) -> None:
    version.retire()
    version.retired_at = now
    version.save(update_fields=["status", "retired_at"])
    timetables.drop(version.workflow_id)
    if announce:
        events.publish(
            VersionRetired(
                subject_id=version.pk, facts={"workflow.key": version.workflow.key, "workflow.version": version.number}
            ),
            at=now,
        )
