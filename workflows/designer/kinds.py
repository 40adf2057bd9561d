"""The blocks that can be put into a workflow: what each is called, how it looks, and how it begins."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from workflows.definition.blocks import BLOCKS, DEFAULT_OUTCOMES
from workflows.designer.trees import Block

Words = str | Promise


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of block. `hint` says in a line what it is for."""

    type: str
    label: Words
    icon: str
    group: str
    hint: Words
    blank: Callable[[], Block] = dict

    @property
    def offered(self) -> bool:
        """Whether the engine knows it."""
        return self.type in BLOCKS

    def made(self) -> Block:
        """A new block of this kind, before it has an id."""
        return deepcopy({"type": self.type, **self.blank()})


PEOPLE, WORK, FLOW, TIME = (
    gettext_noop("People"),
    gettext_noop("Work"),
    gettext_noop("Flow"),
    gettext_noop("Time"),
)
_KINDS = (
    Kind(
        "approval",
        gettext_lazy("Approval"),
        "user-check",
        PEOPLE,
        gettext_lazy("Ask people for a decision"),
        lambda: {
            "title": "",
            "queue": "deals",
            "assign": {"kind": "role", "value": "ops"},
            "outcomes": list(DEFAULT_OUTCOMES),
        },
    ),
    Kind(
        "notify",
        gettext_lazy("Message"),
        "mail",
        PEOPLE,
        gettext_lazy("Tell somebody by a template"),
        lambda: {"template": "", "recipients": []},
    ),
    Kind(
        "action",
        gettext_lazy("Action"),
        "zap",
        WORK,
        gettext_lazy("Do something to the record"),
        lambda: {"action": ""},
    ),
    Kind(
        "validate",
        gettext_lazy("Check"),
        "shield-check",
        WORK,
        gettext_lazy("Judge it by rules"),
        lambda: {"action": ""},
    ),
    Kind(
        "webhook",
        gettext_lazy("Webhook"),
        "webhook",
        WORK,
        gettext_lazy("Call another system"),
        lambda: {"url": ""},
    ),
    Kind(
        "branch",
        gettext_lazy("Branch"),
        "git-branch",
        FLOW,
        gettext_lazy("Go one of several ways"),
        lambda: {
            "name": "",
            "cases": [{"id": "case-1", "name": _("Case %(number)d") % {"number": 1}, "when": {}, "blocks": []}],
            "otherwise": [],
        },
    ),
    Kind(
        "parallel",
        gettext_lazy("Parallel"),
        "columns-3",
        FLOW,
        gettext_lazy("Do several things at once"),
        lambda: {
            "title": "",
            "join": "all",
            "branches": [
                {"id": f"branch-{number}", "name": _("Branch %(number)d") % {"number": number}, "blocks": []}
                for number in (1, 2)
            ],
        },
    ),
    Kind(
        "subworkflow",
        gettext_lazy("Sub-workflow"),
        "workflow",
        FLOW,
        gettext_lazy("Run another workflow and wait for it"),
        lambda: {"workflow": ""},
    ),
    Kind("end", gettext_lazy("End"), "flag", FLOW, gettext_lazy("Finish here with a result"), lambda: {"result": ""}),
    Kind(
        "wait",
        gettext_lazy("Wait"),
        "hourglass",
        TIME,
        gettext_lazy("For a time, a date or an event"),
        lambda: {"business_minutes": 480},
    ),
    Kind(
        "sla_start",
        gettext_lazy("Start clock"),
        "timer",
        TIME,
        gettext_lazy("Promise an answer in business time"),
        lambda: {"clock": "answer", "minutes": 480, "warn_at": [50, 80]},
    ),
    Kind(
        "sla_pause",
        gettext_lazy("Pause clock"),
        "pause",
        TIME,
        gettext_lazy("It is the partner's turn"),
        lambda: {"clock": "answer"},
    ),
    Kind(
        "sla_resume",
        gettext_lazy("Resume clock"),
        "play",
        TIME,
        gettext_lazy("It is our turn again"),
        lambda: {"clock": "answer"},
    ),
    Kind(
        "sla_stop",
        gettext_lazy("Stop clock"),
        "circle-check",
        TIME,
        gettext_lazy("The promise is kept"),
        lambda: {"clock": "answer"},
    ),
)
KINDS: Mapping[str, Kind] = {kind.type: kind for kind in _KINDS}


def palette() -> list[tuple[str, list[Kind]]]:
    """What can be added, in groups."""
    groups: dict[str, list[Kind]] = {}
    for kind in KINDS.values():
        if kind.offered:
            groups.setdefault(kind.group, []).append(kind)
    return [(_(name), kinds) for name, kinds in groups.items()]


def kind_of(block: Mapping[str, Any]) -> Kind:
    """The block's kind; an unknown one is shown by its bare type."""
    name = str(block.get("type") or "")
    return KINDS.get(name) or Kind(name, name[:40] or _("Unknown block"), "circle-help", FLOW, "")
