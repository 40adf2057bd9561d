"""Workflows, rules, wordings and SLA policies as documents of a program, and back as drafts."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from prm.kernel.automation import actions as automation
from prm.kernel.automation import queries
from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.automation.parts import Document, PartRefused, Taken, Taking, Trouble, register_part
from prm.kernel.conditions import FactSchema, schema_named, validate_rules
from prm.kernel.decisions import Decision
from prm.kernel.identity.models import Membership
from prm.kernel.messages.actions import save_template
from prm.kernel.messages.models import MessageTemplate
from prm.kernel.messages.registry import kinds
from prm.kernel.reference.actions import keep_record, values_of
from prm.kernel.reference.records import RecordPart
from prm.kernel.tenancy.context import is_acting
from workflows.actions.definitions import publish_version, save_draft
from workflows.assignment_file import AssignmentPart
from workflows.definition import BrokenDefinition, lint, program
from workflows.definition.beside import among_files
from workflows.definition.flow_checks import Called, Surroundings
from workflows.definition.parameters import wrong
from workflows.models import SlaPolicy, Workflow, WorkflowVersion
from workflows.queries.surroundings import surroundings


def _held_to(wanted: set[str], document: Document) -> Iterator[Trouble]:
    for name in sorted(wanted - set(document)):
        yield name, _("This is missing.")
    for name in sorted(set(document) - wanted):
        yield name, _("Nobody knows what this means here.")


def _named(document: Document, name: str) -> str:
    found = document.get(name)
    if not isinstance(found, str) or not found or len(found) > 80 or "/" in found:
        raise PartRefused((name, _("This is missing: it names the document.")))
    return found


def _held_true(decision: Decision) -> None:
    if decision.refused:
        raise PartRefused(*(("", reason.text) for reason in decision.reasons))


def _others_draft(name: str) -> PartRefused:
    told = _("A draft by %(name)s waits with other changes. Publish it first, or take these changes into it.")
    return PartRefused(("", told % {"name": name}))


class WorkflowPart:
    """The tree of the version in force. What is taken in is a draft; a second person publishes it."""

    folder, order = "workflows", 90

    def documents(self, *, drafts: bool = False) -> dict[str, Document]:
        emails = _emails()
        found: dict[str, Document] = {}
        for version in _current(drafts):
            found[version.workflow.key] = natural(version.tree, emails)
        return found

    def name_of(self, document: Document) -> str:
        return _named(document, "key")

    def troubles(self, document: Document) -> Iterator[Trouble]:
        for problem in lint(document, _around() if is_acting() else None):
            yield problem.path, f"{problem.block}: {problem.message}" if problem.block else problem.message

    def take(self, document: Document, taking: Taking) -> Taken:
        emails = _emails()
        workflow = Workflow.objects.filter(key=document["key"]).first()
        published = _version(workflow, "published")
        held = natural(published.tree, emails) if published else None
        if held == document:
            return Taken("unchanged", held)
        draft = _version(workflow, "draft")
        if draft is None or natural(draft.tree, emails) != document:
            if draft is not None and draft.author != taking.actor.id:
                raise _others_draft(draft.author_name)
            saved = save_draft(tree=document, note=taking.note, actor=taking.actor, now=taking.now)
            _held_true(saved)
            version_id, outcome = UUID(saved.facts["version"]), "drafted"
        else:
            version_id, outcome = draft.pk, "unchanged"
        if taking.publisher is not None:
            _held_true(publish_version(version_id=version_id, actor=taking.publisher, now=taking.now))
            outcome = "published"
        return Taken(outcome, held)


def _around() -> Surroundings:
    """As things are, with drafts beside what is in force: they may have come in a moment ago."""
    around = surroundings()
    drafted: dict[str, Called] = {}
    for version in WorkflowVersion.objects.filter(status="draft").select_related("workflow"):
        try:
            read = program(version.tree)
        except BrokenDefinition:
            continue
        drafted[version.workflow.key] = Called(read.start.schema, read.calls)
    return replace(around, workflows={**drafted, **(around.workflows or {}), **among_files()})


def _current(drafts: bool) -> list[WorkflowVersion]:
    """One version of each workflow: what is in force; with `drafts`, the draft where there is one."""
    versions = WorkflowVersion.objects.filter(status__in=["published", *(["draft"] if drafts else [])])
    found: dict[UUID, WorkflowVersion] = {}
    for version in versions.select_related("workflow").order_by("workflow__key", "-status"):  # published first
        found[version.workflow_id] = version
    return list(found.values())


def _version(workflow: Workflow | None, status: str) -> WorkflowVersion | None:
    return workflow.versions.filter(status=status).first() if workflow else None


def natural(tree: Mapping[str, Any], emails: Mapping[str, str]) -> dict[str, Any]:
    """The tree with people named by their e-mail in place of the id that only one vendor knows."""
    found: dict[str, Any] = _named_people(tree, emails)
    return found


def _named_people(part: Any, emails: Mapping[str, str]) -> Any:
    if isinstance(part, str):
        if part.startswith("person:"):
            return f"person:{emails.get(part.removeprefix('person:'), part.removeprefix('person:'))}"
        return emails.get(part, part)
    if isinstance(part, Mapping):
        return {name: _named_people(inner, emails) for name, inner in part.items()}
    if isinstance(part, list):
        return [_named_people(inner, emails) for inner in part]
    return part


def _emails() -> dict[str, str]:
    people = Membership.objects.filter(partner=None).values_list("pk", "email")
    return {str(pk): email.lower() for pk, email in people}


class RulePart:
    """The rules in force of a rule set. What is taken in is a draft; a second person publishes it."""

    folder, order = "rules", 60
    fields = ("key", "name", "schema", "document")

    def documents(self, *, drafts: bool = False) -> dict[str, Document]:
        found: dict[str, Document] = {}
        for ruleset in RuleSet.objects.order_by("key"):
            version = (queries.draft_of(ruleset.pk) if drafts else None) or _in_force(ruleset)
            if version is not None:
                found[ruleset.key] = _rules(ruleset, version)
        return found

    def name_of(self, document: Document) -> str:
        return _named(document, "key")

    def troubles(self, document: Document) -> Iterator[Trouble]:
        yield from (wrong := list(_held_to(set(self.fields), document)))
        if wrong:
            return
        for name, most in (("key", 60), ("name", 120)):
            if not isinstance(document[name], str) or not 0 < len(document[name]) <= most:
                yield name, _("This is a text of at most %(most)d characters.") % {"most": most}
        schema = _schema(document["schema"])
        if schema is None:
            yield "schema", _("No app knows these facts.")
            return
        for problem in validate_rules(document["document"], schema):
            yield f"document.rules.{problem.path}" if problem.path else "document", str(problem.message)

    def take(self, document: Document, taking: Taking) -> Taken:
        actor, now = taking.actor, taking.now
        ruleset = RuleSet.objects.filter(key=document["key"]).first()
        if ruleset is not None and ruleset.schema != document["schema"]:
            raise PartRefused(("schema", _("The rules here ask about “%(schema)s”.") % {"schema": ruleset.schema}))
        published = _in_force(ruleset) if ruleset else None
        held = _rules(ruleset, published) if ruleset and published else None
        if held == document:
            return Taken("unchanged", held)
        if ruleset is None:
            ruleset = automation.create_ruleset(
                key=document["key"], name=document["name"], schema=document["schema"], actor=actor, now=now
            )
        elif ruleset.name != document["name"]:
            before = values_of(ruleset)
            ruleset.name = document["name"]
            keep_record(record=ruleset, before=before, actor=actor, now=now)
            if published and _rules(ruleset, published) == document:
                return Taken("changed", held)
        draft = queries.draft_of(ruleset.pk)
        outcome = "unchanged"
        if draft is None or draft.document != document["document"]:
            if draft is not None and {draft.author, *draft.editors} - {taking.actor.id}:
                raise _others_draft(draft.author_name)
            draft = automation.save_rule_draft(
                ruleset_id=ruleset.pk, document=document["document"], note=taking.note, actor=actor, now=now
            )
            outcome = "drafted"
        if taking.publisher is not None:
            _held_true(automation.publish_rules(version_id=draft.pk, actor=taking.publisher, now=taking.now))
            outcome = "published"
        return Taken(outcome, held)


def _in_force(ruleset: RuleSet) -> RuleVersion | None:
    return ruleset.versions.filter(status=RuleVersion.Status.PUBLISHED).first()


def _rules(ruleset: RuleSet, version: RuleVersion) -> Document:
    return {"key": ruleset.key, "name": ruleset.name, "schema": ruleset.schema, "document": version.document}


def _schema(name: Any) -> FactSchema | None:
    try:
        return schema_named(str(name))
    except LookupError:
        return None


class WordingPart:
    """The vendor's own wording of a message in one language."""

    folder, order = "messages", 50
    fields = ("key", "language", "subject", "body")

    def documents(self, *, drafts: bool = False) -> dict[str, Document]:
        wordings = MessageTemplate.objects.order_by("key", "language")
        return {f"{one.key}.{one.language}": {name: getattr(one, name) for name in self.fields} for one in wordings}

    def name_of(self, document: Document) -> str:
        return f"{_named(document, 'key')}.{_named(document, 'language')}"

    def troubles(self, document: Document) -> Iterator[Trouble]:
        yield from (wrong := list(_held_to(set(self.fields), document)))
        if wrong:
            return
        for name, most in (("subject", 200), ("body", 20_000)):
            if not isinstance(document[name], str) or len(document[name]) > most:
                yield name, _("This is a text of at most %(most)d characters.") % {"most": most}
        if document["key"] not in kinds:
            yield "key", _("There is no message template “%(key)s”.") % {"key": str(document["key"])[:80]}
        if document["language"] not in dict(settings.LANGUAGES):
            yield "language", _("This is no language of the product.")

    def take(self, document: Document, taking: Taking) -> Taken:
        held = self.documents().get(self.name_of(document))
        if held == document:
            return Taken("unchanged", held)
        _held_true(save_template(**document, actor=taking.actor, now=taking.now))
        return Taken("changed" if held else "added", held)


def _policy(policy: SlaPolicy) -> Iterator[Trouble]:
    for name, kind in (("warn_at", "percentages"), ("warn", "recipients"), ("escalate", "recipients")):
        if told := wrong(kind, getattr(policy, name)):
            yield name, told


register_part(WorkflowPart())
register_part(RulePart())
register_part(WordingPart())
register_part(AssignmentPart())
register_part(
    RecordPart(
        "sla-policies",
        40,
        SlaPolicy,
        "key",
        ("key", "name", "minutes", "calendar", "warn_at", "warn", "escalate"),
        refers={"calendar": "code"},
        check=_policy,
    )
)
