"""What is asked about each kind of block."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.automation import registry
from prm.kernel.automation.outcomes import outcome_word
from prm.kernel.conditions import Fact, schema_named
from workflows.definition.blocks import NEEDS_A_NOTE, TIMED_OUT
from workflows.designer.fields import Col, PercentsField, RowsField, SourceField, choice
from workflows.designer.offers import Offers
from workflows.designer.parts import (
    Part,
    answer,
    condition,
    duration,
    number,
    pick,
    put,
    text,
    tick,
    with_settings,
)
from workflows.designer.trees import Block

DECISIONS = ("approve", "reject", "return", "duplicate")
WITH_ROLE = ("role", "round_robin", "least_loaded", "queue")


def parts_of(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    """The parts of the form for this block."""
    make = _PARTS.get(str(block.get("type")))
    return list(with_settings(make(block, offers), offers)) if make else []


def _worded() -> list[tuple[str, str]]:
    return [
        ("approve", _("Approve")),
        ("reject", _("Decline")),
        ("return", _("Ask the partner")),
        ("duplicate", _("Duplicate of another")),
    ]


# --- people ---------------------------------------------------------------------------------------


def _approval(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    outcomes = [str(one) for one in block.get("outcomes") or DECISIONS[:2]]
    words = dict(_worded())
    given = [(one, words.get(one, one)) for one in outcomes]
    needs = {**block, "note_required": block.get("note_required", [one for one in NEEDS_A_NOTE if one in outcomes])}
    return [
        text(block, "title", _("Question"), help_text=_("What people read in the queue.")),
        pick(block, "queue", _("Queue"), offers.queues),
        *_assign(block, offers),
        tick(block, "outcomes", _("Answers they can give"), _worded()),
        tick(needs, "note_required", _("A note is needed for"), given),
        number(
            block, "quorum", _("How many must agree"), least=1, most=5, help_text=_("Different people; 1 if empty.")
        ),
        pick(
            block,
            "limit_fact",
            _("Approval limit applies to"),
            offers.facts("money", "number"),
            none=_("No limit"),
            help_text=_("Whoever approves needs a limit at least this high."),
        ),
        duration(
            block,
            "timeout_business_minutes",
            _("Give up waiting after"),
            help_text=_("Business time. The answer is then “%(answer)s”: say in a branch what follows.")
            % {"answer": outcome_word(TIMED_OUT)},
        ),
        _escalation(block, offers),
        answer(block),
    ]


def _assign(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    assign = block.get("assign") if isinstance(block.get("assign"), Mapping) else {}
    kind, value = str(assign.get("kind") or "queue"), assign.get("value") or ""  # type: ignore[union-attr]
    kinds = [
        ("role", _("Everybody with a role")),
        ("round_robin", _("People of a role, in turn")),
        ("least_loaded", _("Whoever of a role has least to do")),
        ("person", _("One person")),
        ("cam", _("The partner's channel manager")),
        ("queue", _("Whom the queue's assignment rules name")),
        *([("step", _("Whoever an earlier step names"))] if kind == "step" or offers.naming else []),
    ]

    def write_kind(changed: Block, chosen: Any) -> None:
        if chosen and chosen != kind:
            keeps = chosen in WITH_ROLE and kind in WITH_ROLE
            changed["assign"] = {"kind": chosen, **({"value": value} if keeps and value else {})}

    def write_value(changed: Block, chosen: Any) -> None:
        now = changed.get("assign")
        same = isinstance(now, dict) and (
            now.get("kind") == kind or (now.get("kind") in WITH_ROLE and kind in WITH_ROLE)
        )
        if same:
            changed["assign"] = {**now, "value": chosen} if chosen else {"kind": now["kind"]}

    found = [Part("assign_kind", choice(_("Who is asked"), kinds, kind), kind, write_kind, reshapes=True)]
    if kind in WITH_ROLE:
        role = choice(_("Role"), offers.roles, value)
        if kind == "queue":
            role = choice(_("Role, where no rule fits"), offers.roles, value, none=_("Operations"))
        found.append(Part("assign_value", role, value, write_value, fits=("role",)))
    elif kind == "person":
        found.append(Part("assign_value", choice(_("Person"), offers.people, value), value, write_value))
    elif kind == "step":
        found.append(Part("assign_value", choice(_("Step"), offers.naming, value), value, write_value))
    return found


def _escalation(block: Mapping[str, Any], offers: Offers) -> Part:
    """When nobody answers: after how long who is told, and who takes it over."""
    before = [one for one in block.get("escalation") or [] if isinstance(one, Mapping)]
    rows = [
        {
            "hours": _hours(one.get("after_business_minutes")),
            "to": list(one.get("to") or []),
            "reassign": _reassign(one.get("reassign")),
        }
        for one in before
    ]
    takers = [("queue", _("Whom the queue's assignment rules name")), ("cam", _("The partner's channel manager"))]
    takers += [(f"role:{key}", label) for key, label in offers.roles]
    takers += [(f"person:{key}", name) for key, name in offers.people]

    def write(changed: Block, typed: Any) -> None:
        chain = []
        for row in typed:
            kept = next((one for one, shown in zip(before, rows, strict=True) if shown["hours"] == row["hours"]), {})
            step = {**kept, "after_business_minutes": _minutes(row["hours"]), "to": row["to"]}
            step.pop("reassign", None)
            kind, _colon, value = row["reassign"].partition(":")
            if value:
                step["reassign"] = {"kind": kind, "value": value}
            elif row["reassign"]:
                step["reassign"] = {"kind": row["reassign"]}
            chain.append(step)
        put(changed, "escalation", chain)

    columns = (
        Col("hours", _("After business hours"), "number"),
        Col("to", _("Tell"), "checks", offers.recipients),
        Col("reassign", _("Hand over to"), "select", [("", _("Nobody")), *takers]),
    )
    field = RowsField(columns, _("Escalation"), label=_("When nobody answers"))
    return Part("escalation", field, rows, write, reshapes=True)


def _hours(minutes: Any) -> str:
    return f"{minutes / 60:g}" if isinstance(minutes, (int, float)) else ""


def _minutes(hours: str) -> int | None:
    try:
        return max(1, round(float(hours) * 60)) if hours else None
    except (ValueError, OverflowError):
        return None


def _reassign(assign: Any) -> str:
    if not isinstance(assign, Mapping):
        return ""
    return f"{assign.get('kind')}:{assign['value']}" if assign.get("value") else str(assign.get("kind") or "")


def _notify(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    return [
        pick(block, "template", _("Template"), offers.templates),
        tick(block, "recipients", _("Recipients"), offers.recipients, people=True),
        text(
            block,
            "url",
            _("Link in the message"),
            help_text=_("{subject} stands for the record, such as /portal/deals/{subject}/."),
        ),
        _variables(block, offers),
    ]


def _variables(block: Mapping[str, Any], offers: Offers) -> Part:
    given = block.get("variables")
    rows = [{"name": name, **_source(value)} for name, value in given.items()] if isinstance(given, Mapping) else []
    flat = [(key, label) for _group, choices in offers.sources for key, label in choices]

    def write(changed: Block, typed: Any) -> None:
        put(changed, "variables", {row["name"]: _value(row) for row in typed if row["name"]})

    columns = (
        Col("name", _("Name")),
        Col("source", _("Taken from"), "select", [("", _("Written here")), *flat]),
        Col("value", _("Text")),
    )
    return Part("variables", RowsField(columns, _("Variable"), label=_("Further values")), rows, write, reshapes=True)


def _source(value: Any) -> dict[str, str]:
    for kind in ("from", "parameter"):
        if isinstance(value, Mapping) and kind in value:
            return {"source": f"{kind}:{value[kind]}", "value": ""}
    return {"source": "", "value": str(value)}


def _value(row: Mapping[str, str]) -> Any:
    kind, _colon, name = row["source"].partition(":")
    return {kind: name} if name else row["value"]


# --- work -----------------------------------------------------------------------------------------


def _action(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    found = [pick(block, "action", _("What to do"), offers.actions, reshapes=True)]
    spec = registry.actions.get(str(block.get("action")))
    given = block.get("parameters") if isinstance(block.get("parameters"), Mapping) else {}
    for fact in spec.parameters if spec else ():
        found.append(_parameter(fact, given.get(fact.key), offers))  # type: ignore[union-attr]
    if block.get("type") == "action" and (offers.approvals or block.get("as")):
        found.append(
            pick(
                block, "as", _("In the name of"), offers.approvals, none=_("The workflow"), help_text=_("Who decided.")
            )
        )
    return [*found, answer(block)]


def _parameter(fact: Fact, value: Any, offers: Offers) -> Part:
    def write(changed: Block, chosen: Any) -> None:
        parameters = dict(changed.get("parameters") or {})
        put(parameters, fact.key, chosen)
        put(changed, "parameters", parameters)

    field = SourceField(fact, offers.sources, help_text=fact.help)
    return Part(f"parameter-{fact.key}", field, value, write, reshapes=True)


def _webhook(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    headers = block.get("headers")
    rows = [{"name": n, "value": str(v)} for n, v in headers.items()] if isinstance(headers, Mapping) else []

    def write(changed: Block, typed: Any) -> None:
        put(changed, "headers", {row["name"]: row["value"] for row in typed if row["name"]})

    columns = (Col("name", _("Name")), Col("value", _("Value")))
    return [
        text(block, "url", _("Address"), most=500, settable=True, help_text=_("https:// only. Each call is signed.")),
        Part("headers", RowsField(columns, _("Header"), label=_("Headers")), rows, write, reshapes=True),
        _variables(block, offers),
        answer(block),
    ]


# --- flow -----------------------------------------------------------------------------------------


def _branch(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    found = [text(block, "name", _("Question"), most=120, help_text=_("Such as “Above 100,000?”"))]
    cases = block.get("cases") if isinstance(block.get("cases"), list) else []
    for index, case in enumerate(cases):  # type: ignore[arg-type]
        if isinstance(case, Mapping):
            found += _case(case, index, offers)
    return found


def _case(case: Mapping[str, Any], index: int, offers: Offers) -> list[Part]:
    group = f"way:{index}"
    name = text(case, "name", _("Name of the case"), most=80)
    inner = [name, *condition(case, "when", _("When"), offers)]
    return [Part(f"case{index}_{p.name}", p.field, p.value, _in("cases", index, p), p.reshapes, group) for p in inner]


def _in(key: str, index: int, part: Part) -> Callable[[Block, Any], None]:
    def write(changed: Block, value: Any) -> None:
        part.write(changed[key][index], value)

    return write


def _parallel(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    branches = block.get("branches") if isinstance(block.get("branches"), list) else []
    join = block.get("join", "all")
    joins = [("all", _("All have arrived")), ("any", _("The first has arrived"))]
    joins += [
        (str(count), _("%(count)d of %(all)d have arrived") % {"count": count, "all": len(branches)})  # type: ignore[arg-type]
        for count in range(2, len(branches))  # type: ignore[arg-type]
    ]

    def write(changed: Block, chosen: Any) -> None:
        changed["join"] = int(chosen) if str(chosen).isdigit() else chosen or "all"

    found = [
        text(block, "title", _("Name"), most=120),
        Part("join", choice(_("Goes on when"), joins, str(join)), str(join), write),
    ]
    for index, branch in enumerate(branches):  # type: ignore[arg-type]
        if isinstance(branch, Mapping):
            part = text(branch, "name", _("Name of the branch"), most=80)
            put_in = _in("branches", index, part)
            found.append(Part(f"branch{index}_name", part.field, part.value, put_in, group=f"way:{index}"))
    return found


def _subworkflow(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    return [pick(block, "workflow", _("Workflow"), offers.workflows), answer(block)]


def _end(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    return [text(block, "result", _("Result"), most=60, help_text=_("Such as “approved”: reports count by it."))]


# --- time -----------------------------------------------------------------------------------------

WAITS = ("business_minutes", "minutes", "until_fact", "event")


def _wait(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    kind = next((name for name in WAITS if block.get(name) is not None), "business_minutes")
    labels = {
        "business_minutes": _("A time, in business hours"),
        "minutes": _("A time, by the clock"),
        "until_fact": _("Until a date of the record"),
        "event": _("Until something happens"),
    }

    def write(changed: Block, chosen: Any) -> None:
        if chosen and chosen != kind:
            for name in (*WAITS, "when", "timeout_minutes", "timeout_business_minutes"):
                changed.pop(name, None)
            changed[chosen] = 480 if chosen.endswith("minutes") else ""

    found = [Part("wait_kind", choice(_("Wait for"), list(labels.items()), kind), kind, write, reshapes=True)]
    if kind == "until_fact":
        found.append(pick(block, "until_fact", _("Date"), offers.facts("date", "datetime")))
    elif kind == "event":
        found += _awaited(block, offers)
    else:
        found.append(duration(block, kind, _("How long"), business=kind == "business_minutes"))
    return found


def _awaited(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    found = [pick(block, "event", _("Event of the same record"), offers.events, reshapes=True)]
    trigger = registry.triggers.get(str(block.get("event")))
    if trigger:
        of_event = Offers({"trigger": {"event": trigger.event}})
        of_event.schema = schema_named(trigger.schema)
        found += condition(block, "when", _("Only if"), of_event)
    late = _("Give up after")
    return [*found, duration(block, "timeout_business_minutes", late), answer(block)]


def _sla_start(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    def write_points(changed: Block, points: Any) -> None:
        put(changed, "warn_at", points)

    has_policies = bool(offers.policies or block.get("policy"))
    points = PercentsField(label=_("Warn at"), help_text=_("Percent of the time, such as 50, 80."))
    return [
        text(block, "clock", _("Clock"), most=40, help_text=_("Its name: pause, resume and stop refer to it.")),
        *([pick(block, "policy", _("Promise"), offers.policies, none=_("Said here"), reshapes=True)] * has_policies),
        duration(block, "minutes", _("Answer within"), help_text=_("Business time.")),
        pick(block, "calendar", _("Calendar"), offers.calendars, none=_("The vendor's own")),
        Part("warn_at", points, block.get("warn_at") or [], write_points, fits=("percentages",)),
        tick(block, "warn", _("Warn"), offers.recipients, people=True),
        tick(block, "escalate", _("When it is late, tell"), offers.recipients, people=True),
    ]


def _sla(block: Mapping[str, Any], offers: Offers) -> list[Part]:
    return [pick(block, "clock", _("Clock"), offers.clocks)]


_PARTS: dict[str, Callable[[Mapping[str, Any], Offers], list[Part]]] = {
    "approval": _approval,
    "notify": _notify,
    "action": _action,
    "validate": _action,
    "webhook": _webhook,
    "branch": _branch,
    "parallel": _parallel,
    "subworkflow": _subworkflow,
    "end": _end,
    "wait": _wait,
    "sla_start": _sla_start,
    "sla_pause": _sla,
    "sla_resume": _sla,
    "sla_stop": _sla,
}
