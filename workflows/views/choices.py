"""What can be answered to a task, with its key, word and form; and until when it can be put aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from prm.kernel import clock
from prm.kernel.tenancy.context import current
from workflows.models import HumanTask


@dataclass(frozen=True, slots=True)
class Answer:
    """One outcome as a button. With `dialog` it asks for something first."""

    outcome: str
    key: str
    label: str
    icon: str
    kind: str = "plain"
    note: bool = False
    note_label: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    others: tuple[tuple[str, str], ...] = ()
    share: str = ""  # asks for a number of percent, under this label
    done: str = ""

    @property
    def dialog(self) -> bool:
        return self.note or bool(self.fields) or bool(self.others)

    @property
    def dialog_id(self) -> str:
        return f"answer-{self.outcome}"


def answers_of(task: HumanTask, evidence: Mapping[str, Any]) -> list[Answer]:
    """The task's outcomes in the order of their keys: 1 approve, 2 duplicate, 3 decline, 4 ask the partner."""
    found = [answer(outcome, task, evidence) for outcome in task.outcomes]
    known = sorted((one for one in found if one.key), key=lambda one: one.key)
    spare = iter("56789")
    return known + [_keyed(one, next(spare, "")) for one in found if not one.key]


def answer(outcome: str, task: HumanTask, evidence: Mapping[str, Any]) -> Answer:
    """How one outcome is shown and what it asks for."""
    needs_note = outcome in task.note_required
    if outcome == "approve":
        return Answer(outcome, "1", _("Approve"), "check", "primary", note=needs_note, done=_("Approved"))
    if outcome == "duplicate":
        return Answer(
            outcome,
            "2",
            _("Duplicate of…"),
            "copy",
            note=True,
            note_label=_("Reason for the partner"),
            others=_pairs(evidence.get("others")),
            done=_("Declined as a duplicate"),
        )
    if outcome == "reject":
        return Answer(
            outcome,
            "3",
            _("Decline"),
            "x",
            "plain",
            note=True,
            note_label=_("Reason for the partner"),
            done=_("Declined"),
        )
    if outcome == "return":
        return Answer(
            outcome,
            "4",
            _("Ask partner"),
            "message-circle",
            note=True,
            note_label=_("What do you need to know?"),
            fields=_pairs(evidence.get("fields")),
            done=_("Asked the partner"),
        )
    if outcome in _OF_A_DISPUTE:
        key, label, icon, done = _OF_A_DISPUTE[outcome]
        share = str(evidence.get("share") or "") if outcome == "share" else ""
        reason = _("Reason for the partner")
        return Answer(outcome, key, _(label), icon, note=True, note_label=reason, share=share, done=_(done))
    word = outcome.replace("_", " ").capitalize()
    return Answer(outcome, "", word, "arrow-right", note=needs_note, note_label=_("Note"), done=word)


_OF_A_DISPUTE = {
    "overturn": ("1", gettext_noop("Protect after all"), "shield-check", gettext_noop("Decided anew")),
    "share": ("2", gettext_noop("Share"), "percent", gettext_noop("Shared")),
    "uphold": ("3", gettext_noop("The answer stands"), "scale", gettext_noop("The answer stands")),
}


def _keyed(one: Answer, key: str) -> Answer:
    from dataclasses import replace

    return replace(one, key=key)


def _pairs(found: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(value), str(label)) for value, label in found or ())


def snoozes(now: datetime) -> list[dict[str, Any]]:
    """Times to put a task aside until, each with a key."""
    morning = _at_nine(now, 1)
    days_to_monday = 7 - clock.local_date(now).weekday()
    return [
        {"key": "1", "label": _("In an hour"), "until": now + timedelta(hours=1)},
        {"key": "2", "label": _("Tomorrow morning"), "until": morning},
        {"key": "3", "label": _("In three days"), "until": _at_nine(now, 3)},
        {"key": "4", "label": _("Next Monday"), "until": _at_nine(now, days_to_monday)},
    ]


def _at_nine(now: datetime, days: int) -> datetime:
    day = clock.local_date(now) + timedelta(days=days)
    return datetime.combine(day, time(9), tzinfo=current().zone)
