"""What a form of the designer offers: facts, answers of earlier blocks, people, templates, clocks."""

from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from prm.kernel.conditions import Fact, FactSchema, UnknownFact, registered_schemas, schema_named
from prm.kernel.conditions.facts import register_schemas
from prm.kernel.identity import roles
from prm.kernel.identity.actors import ANSWERING_ROLES
from prm.kernel.identity.models import Membership
from prm.kernel.messages.registry import kinds as messages
from prm.kernel.reference.models import Calendar
from workflows.definition import BrokenDefinition
from workflows.definition.blocks import DEFAULT_OUTCOMES, TIMED_OUT, step_fact
from workflows.definition.triggers import start_of
from workflows.designer.trees import walk
from workflows.models import HumanTask, SlaPolicy, Workflow

FAMILY = "workflow"
Choices = list[tuple[str, str]]


def subject_of(trigger: Any) -> str:
    """The schema of what a trigger is about; "" while nobody can tell."""
    try:
        return start_of(trigger).schema
    except BrokenDefinition:
        return ""


def answers(block: Mapping[str, Any]) -> tuple[str, ...]:
    """The values that a block can answer with, as far as the registry tells."""
    kind = block.get("type")
    if kind == "approval":
        outcomes = block.get("outcomes")
        given = [str(one) for one in (outcomes if isinstance(outcomes, list) and outcomes else DEFAULT_OUTCOMES)]
        late = block.get("timeout_business_minutes") is not None
        return (*given, TIMED_OUT) if late else tuple(given)
    if kind == "wait":
        return ("happened", TIMED_OUT) if block.get("event") else ("elapsed",)
    if kind == "webhook":
        return ("delivered", "failed")
    if kind == "parallel":
        return ("joined",)
    spec = registry.actions.get(str(block.get("action") or ""))
    return tuple(spec.outcomes) if spec else ()


def facts_for(tree: Mapping[str, Any]) -> FactSchema:
    """The trigger's facts and the answers of the tree's blocks, under a name that tells them all."""
    saved: dict[str, dict[str, None]] = {}  # several blocks may answer under one name: any of them may have done
    for _path, _depth, block in walk(tree):
        name = block.get("save_as")
        if isinstance(name, str) and name.replace("_", "").replace("-", "").isalnum():
            saved.setdefault(name, {}).update(dict.fromkeys(answers(block)))
    parts = [subject_of(tree.get("trigger")), *(f"{name}={'.'.join(saved[name])}" for name in sorted(saved))]
    return schema_named(f"{FAMILY}:{'~'.join(parts)}")


@lru_cache(maxsize=500)
def _made(name: str) -> FactSchema:
    base_name, *saved = name.split("~")
    if base_name.startswith(f"{FAMILY}:"):
        raise UnknownFact(name)
    base = schema_named(base_name)
    facts = [_step(one) for one in saved[:200]]
    return FactSchema(f"{FAMILY}:{name}", base.label, (*base.facts, *facts), base.model)


def _step(told: str) -> Fact:
    name, _is, listed = told.partition("=")
    return step_fact(name, tuple(listed.split(".")) if listed else ())


register_schemas(FAMILY, _made)


class Offers:
    """Everything that the forms of one tree offer; each list is read when it is first asked for."""

    def __init__(self, tree: Mapping[str, Any]) -> None:
        self.tree = tree
        self.subject = subject_of(tree.get("trigger"))

    @cached_property
    def schema(self) -> FactSchema | None:
        try:
            return facts_for(self.tree)
        except UnknownFact:
            return None

    @cached_property
    def saved(self) -> dict[str, Mapping[str, Any]]:
        """Blocks whose answer is remembered, by its name."""
        return {str(b["save_as"]): b for _path, _depth, b in walk(self.tree) if isinstance(b.get("save_as"), str)}

    def facts(self, *types: str) -> Choices:
        """Facts of these types; of all without one."""
        known = self.schema.facts if self.schema else ()
        wanted = [fact for fact in known if not fact.key.startswith("steps.")]
        return [(fact.key, str(fact.label)) for fact in wanted if not types or fact.type in types]

    @cached_property
    def sources(self) -> list[tuple[str, Choices]]:
        """Where a parameter's value can come from, in groups."""
        steps: Choices = []
        for name, block in self.saved.items():
            told = name.replace("_", " ")
            steps.append((f"from:steps.{name}", _("%(step)s: its answer") % {"step": told}))
            if block.get("type") == "approval":
                steps += [
                    (f"from:{name}.note", _("%(step)s: the note") % {"step": told}),
                    (f"from:{name}.fields", _("%(step)s: the fields chosen") % {"step": told}),
                    (f"from:{name}.other", _("%(step)s: the other record") % {"step": told}),
                    (f"from:{name}.decided_by", _("%(step)s: who decided") % {"step": told}),
                ]
        facts = [(f"from:{key}", label) for key, label in self.facts()]
        settings = [(f"parameter:{key}", label) for key, label in self.parameters]
        groups = [(_("Settings"), settings), (_("Answers"), steps), (_("Facts"), facts)]
        return [(name, choices) for name, choices in groups if choices]

    @cached_property
    def settings(self) -> list[tuple[str, str, str]]:
        """The workflow's own parameters: key, label, type."""
        given = self.tree.get("parameters")
        rows = [row for row in given if isinstance(row, Mapping)] if isinstance(given, list) else []
        known = [row for row in rows if row.get("key")]
        return [(str(row["key"]), str(row.get("label") or row["key"]), str(row.get("type"))) for row in known]

    @property
    def parameters(self) -> Choices:
        return [(key, label) for key, label, _type in self.settings]

    @cached_property
    def people(self) -> Choices:
        present = Membership.objects.filter(partner=None, ended_at=None).order_by("name")[:200]
        return [(str(person.pk), person.name) for person in present]

    @cached_property
    def roles(self) -> Choices:
        return [(key, str(label)) for key, label in roles.choices(partner=False) if key in ANSWERING_ROLES]

    @cached_property
    def recipients(self) -> Choices:
        """Those who have to do with the record, then roles, then persons."""
        concerned = [
            (key, str(one.label))
            for key, one in registry.recipients.items()
            if not self.subject or not one.subject or one.subject == self.subject
        ]
        everybody = [(f"role:{key}", _("All with the role %(role)s") % {"role": label}) for key, label in self.roles]
        persons = [(f"person:{key}", name) for key, name in self.people]
        return [*concerned, ("queue.owner", _("The task's owner")), *everybody, *persons]

    @cached_property
    def templates(self) -> Choices:
        return sorted(((key, str(kind.label)) for key, kind in messages.items()), key=lambda one: one[1])

    @cached_property
    def actions(self) -> Choices:
        fitting = (spec for spec in registry.actions.values() if not self.subject or spec.subject in ("", self.subject))
        return sorted(((spec.key, str(spec.label)) for spec in fitting), key=lambda one: one[1])

    @cached_property
    def events(self) -> Choices:
        return sorted(((t.event, str(t.label)) for t in registry.triggers.values()), key=lambda one: one[1])

    @cached_property
    def subjects(self) -> Choices:
        """Kinds of records that a trigger is about."""
        return sorted((one.name, str(one.label)) for one in registered_schemas() if one.model is not None)

    @cached_property
    def queues(self) -> Choices:
        used = {str(b["queue"]) for _p, _d, b in walk(self.tree) if isinstance(b.get("queue"), str) and b["queue"]}
        names = used | set(HumanTask.objects.order_by().values_list("queue", flat=True).distinct()[:50]) | {"deals"}
        return [(name, name.replace("-", " ").capitalize()) for name in sorted(names)]

    @cached_property
    def calendars(self) -> Choices:
        return [(calendar.code, calendar.name) for calendar in Calendar.objects.order_by("name")]

    @cached_property
    def policies(self) -> Choices:
        """Promises by name, kept under Setup."""
        return [(policy.key, policy.name) for policy in SlaPolicy.objects.order_by("name")]

    @cached_property
    def clocks(self) -> Choices:
        started = _unique(
            str(b["clock"]) for _p, _d, b in walk(self.tree) if b.get("type") == "sla_start" and b.get("clock")
        )
        return [(name, name.replace("_", " ")) for name in started]

    @cached_property
    def approvals(self) -> Choices:
        return [(name, name.replace("_", " ")) for name, b in self.saved.items() if b.get("type") == "approval"]

    @cached_property
    def naming(self) -> Choices:
        """Steps that name who is to be asked."""
        specs = {name: registry.actions.get(str(block.get("action"))) for name, block in self.saved.items()}
        return [(name, name.replace("_", " ")) for name, spec in specs.items() if spec and spec.names_people]

    @cached_property
    def workflows(self) -> Choices:
        in_force = Workflow.objects.filter(versions__status="published")
        others = in_force.exclude(key=self.tree.get("key")).order_by("name")
        return [(workflow.key, workflow.name) for workflow in others]


def _unique(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))
