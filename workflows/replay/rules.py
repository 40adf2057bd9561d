"""Who may try a draft on the past, and who answers a proposed rule: facts in, Decision out."""

from dataclasses import dataclass

from prm.kernel.decisions import Decision
from prm.kernel.wording import said as _
from workflows.judging import judge

TRYING = frozenset({"ops", "admin"})
DRAFTING = frozenset({"admin"})


@dataclass(frozen=True, slots=True)
class ReplayFacts:
    """Somebody wants a draft tried on the last months. `under_way`: replays of it that are not done."""

    roles: tuple[str, ...]
    months: int
    under_way: int = 0


MOST_MONTHS = 36


def ask_for_replay(facts: ReplayFacts) -> Decision:
    """Operations and admins try drafts, one replay of each at a time."""
    return judge(
        "replay-request/1",
        "queued",
        facts,
        [
            (
                "replay.not_yours",
                bool(TRYING.intersection(facts.roles)),
                lambda: _("Only operations and admins replay drafts."),
            ),
            (
                "replay.months",
                1 <= facts.months <= MOST_MONTHS,
                lambda: _("Choose from 1 to %(max)d months.") % {"max": MOST_MONTHS},
            ),
            (
                "replay.under_way",
                not facts.under_way,
                lambda: _("A replay of this draft is under way. Wait for it."),
            ),
        ],
    )


@dataclass(frozen=True, slots=True)
class ProposalFacts:
    """Somebody takes a proposed rule up, or dismisses it. `done` is the status that it would get."""

    done: str
    status: str
    roles: tuple[str, ...]
    reason_given: bool = True
    cannot: str = ""


def answer_proposal(facts: ProposalFacts) -> Decision:
    """Admins take proposals up, since a draft comes of it; operations may dismiss them, with a reason."""
    allowed = DRAFTING if facts.done == "taken_up" else TRYING
    return judge(
        "rule-proposal/1",
        facts.done,
        facts,
        [
            ("proposal.not_yours", bool(allowed.intersection(facts.roles)), lambda: _("Your role can't do this.")),
            ("proposal.answered", facts.status == "open", lambda: _("Somebody has answered this proposal already.")),
            ("proposal.no_reason", facts.reason_given, lambda: _("Say why: it is not proposed again.")),
            ("proposal.cannot", not facts.cannot, lambda: facts.cannot),
        ],
    )
