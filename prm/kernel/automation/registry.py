"""What apps offer to workflows, and nothing else: triggers with their facts, actions, panels.

Workflows know only this registry and the outbox; no app imports workflows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from prm.kernel.conditions import Fact, FactSchema, Ruling, register_schema
from prm.kernel.conditions.facts import Text
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an action says back to its workflow: a value to branch on, and what to show for it."""

    value: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trigger:
    """An event that may start a workflow; its facts are the event's own `facts` (every registered one).

    `required`: somebody waits for an answer, so an event that no published workflow takes up is an incident.
    `subject`: the fact that names the kind of subject, where events of one schema tell of several kinds.
    `ends`: with it the subject is taken back, and questions about it no longer arise.
    """

    event: str
    label: Text
    schema: str
    required: bool = False
    subject: str = ""
    ends: bool = False

    def subject_type(self, facts: Mapping[str, Any]) -> str:
        """The kind of the event's subject, by which its panel is found."""
        return str(facts.get(self.subject) or self.schema) if self.subject else self.schema


Run = Callable[[UUID, Mapping[str, Any], Actor, datetime], Outcome]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known when replay asks an action for its answer instead of taking it.

    `event` are the facts of the event, `recorded` those that the action's own rule was given when it was
    taken then (None when it was not), `steps` what the actions before it on this path answered, by their
    keys. `rules` gives a rule set, as it is tried, as a function of facts.
    """

    event: Mapping[str, Any]
    recorded: Mapping[str, Any] | None
    steps: Mapping[str, Outcome]
    rules: Callable[[str], Callable[[Mapping[str, Any]], Ruling]]


@dataclass(frozen=True, slots=True)
class Judge:
    """How an action's answer follows from facts alone, for replay: nothing is read and nothing written.

    `answer` gives None where it can't be known, and `assumed` in the Outcome's detail where it is only
    likely. `rule` names the rule (without its version) whose recorded facts it wants; a draft of
    `rulesets`, or another answer of one of the actions `after` which it comes, makes a recorded answer void.
    """

    answer: Callable[[Asked], Outcome | None]
    rule: str = ""
    rulesets: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """Something a workflow may do to its subject. `outcomes` are the values that it can answer with.

    `run` gets subject id, parameters, actor and now; it is called inside the step's transaction and
    must be safe to call again after a rollback. A refusal is an Outcome; exceptions are faults.
    `judge` tells replay what it would have answered. `names_people`: its detail says who is to be asked, for an
    approval that asks whoever a step names: `assign` as in the tree, and `people`, how many must agree.
    """

    key: str
    label: Text
    run: Run
    parameters: tuple[Fact, ...] = ()
    outcomes: tuple[str, ...] = ("done",)
    subject: str = ""
    judge: Judge | None = None
    names_people: bool = False


@dataclass(frozen=True, slots=True)
class Panel:
    """How the queue shows subjects of a kind without knowing them.

    `rows` gives, for many ids at once, a dict per id: title, partner, partner_id, value, currency, tier,
    url, status. `evidence` gives the template context of one subject's evidence, shown by `template`.
    `facts` gives the subject's facts as they are now.
    """

    subject: str
    label: Text
    rows: Callable[[Iterable[UUID]], Mapping[UUID, Mapping[str, Any]]]
    evidence: Callable[[UUID], Mapping[str, Any]]
    template: str
    facts: Callable[[UUID], Mapping[str, Any]] | None = None


@dataclass(frozen=True, slots=True)
class Recipients:
    """A list of people that a notification can go to, found from the subject."""

    key: str
    label: Text
    find: Callable[[UUID], Iterable[UUID]]  # membership ids
    subject: str = ""


@dataclass(frozen=True, slots=True)
class SyncSpec:
    """A kind of record that can be written to other systems, and the events after which it is looked at again.

    `facts` gives the record's facts, in the terms of `schema`, as they are now; an event's own facts are those
    of its moment. `recent` gives records that a mapping can be tried on. `existing(after)` gives the ids of all
    records in one order, from behind `after` on, to be counted or sliced. The panel of the subject names them.
    """

    subject: str
    schema: str
    events: frozenset[str]
    facts: Callable[[UUID], Mapping[str, Any]]
    recent: Callable[[], Iterable[UUID]]
    existing: Callable[[UUID | None], Any]


triggers: dict[str, Trigger] = {}
syncs: dict[str, SyncSpec] = {}
actions: dict[str, ActionSpec] = {}
panels: dict[str, Panel] = {}
recipients: dict[str, Recipients] = {}


def register_trigger(trigger: Trigger) -> None:
    triggers[trigger.event] = trigger


def register_action(spec: ActionSpec) -> None:
    actions[spec.key] = spec


def register_panel(panel: Panel) -> None:
    panels[panel.subject] = panel


def register_sync(spec: SyncSpec) -> None:
    syncs[spec.subject] = spec


def register_recipients(found: Recipients) -> None:
    recipients[found.key] = found


rejudgements: dict[str, frozenset[str]] = {}  # event -> actions
interrupting: set[str] = set()


def register_rejudgement(event: str, *asked: str, interrupts: bool = False) -> None:
    """Say that after this event those actions would answer otherwise: a run that has asked one of them, and now
    waits for people who have not begun to answer, begins again.

    `interrupts`: the subject itself is another than it was, so that the run begins again wherever it is, with the
    event's facts, and answers that are not yet in force are taken back.
    """
    rejudgements[event] = frozenset(asked)
    if interrupts:
        interrupting.add(event)


@dataclass(frozen=True, slots=True)
class QueueView:
    """A view of the queue by why its tasks are there: the keys of reasons."""

    key: str
    label: Text
    reasons: tuple[str, ...]


queue_views: dict[str, QueueView] = {}


def register_queue_view(key: str, label: Text, *reasons: str) -> None:
    queue_views[key] = QueueView(key, label, reasons)


def register_facts(schema: FactSchema) -> None:
    register_schema(schema)


@dataclass(frozen=True, slots=True)
class WorkflowTemplate:
    """A ready workflow, shipped by the app whose process it is. `from_start`: every new vendor begins with it."""

    key: str
    label: Text
    load: Callable[[], Mapping[str, Any]]
    description: Text = ""
    from_start: bool = True


templates: dict[str, WorkflowTemplate] = {}


def register_template(
    key: str, label: Text, load: Callable[[], Mapping[str, Any]], description: Text = "", *, from_start: bool = True
) -> None:
    templates[key] = WorkflowTemplate(key, label, load, description, from_start)


@dataclass(frozen=True, slots=True)
class ShippedRules:
    """The first version of a rule set, which every new vendor begins with."""

    key: str
    label: Text
    schema: str
    document: Callable[[], Mapping[str, Any]]


shipped_rules: dict[str, ShippedRules] = {}


def register_rules(key: str, label: Text, schema: str, document: Callable[[], Mapping[str, Any]]) -> None:
    shipped_rules[key] = ShippedRules(key, label, schema, document)


Story = Callable[[UUID], Iterable[Mapping[str, Any]]]
stories: dict[str, list[Story]] = {}


def register_story(subject: str, tell: Story) -> None:
    """Offer what happened to subjects of a kind ("*": of every kind) as entries of a timeline."""
    if tell not in stories.setdefault(subject, []):
        stories[subject].append(tell)


def story_of(subject: str, subject_id: UUID) -> list[Mapping[str, Any]]:
    """Everything that apps have to tell about one subject, oldest first; entries have id, at, title, text…"""
    tellers = stories.get(subject, []) + stories.get("*", [])
    told = (entry for tell in tellers for entry in tell(subject_id))
    return sorted(told, key=lambda entry: (entry["at"], entry["id"]))


@dataclass(frozen=True, slots=True)
class Unfinished:
    """Subjects that wait for an answer: a run that ends without one becomes an incident, never a silence or a loop.

    `why` says what to do while the subject still waits, and nothing once it is settled; `again` has it asked about
    anew, when a person says so.
    """

    subject: str
    why: Callable[[UUID], str]
    again: Callable[[UUID, Actor, datetime], None]


unfinished: dict[str, Unfinished] = {}


def register_unfinished(waits: Unfinished) -> None:
    unfinished[waits.subject] = waits


@dataclass(frozen=True, slots=True)
class Questions:
    """Who keeps the questions that people are asked about subjects, so that others can answer many at once.

    `hindrances(kind, ids, outcome, actor)` says for each subject why the actor can't answer so now; those that
    can be are left out. `answer` answers the open question about one subject, at once.
    `retell(kind, id, keys, reasons)` puts `reasons` where the open question gave those with one of `keys`.
    """

    hindrances: Callable[[str, Iterable[UUID], str, Actor], Mapping[UUID, str]]
    retell: Callable[[str, UUID, Sequence[str], Sequence[Mapping[str, Any]]], None]
    answer: Callable[[str, UUID, str, str, Mapping[str, Any], Actor, datetime], Decision]


questions: list[Questions] = []


def register_questions(kept: Questions) -> None:
    questions[:] = [kept]
