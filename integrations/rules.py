"""What follows from a failed try, and who may change, switch and retry: facts in, Decision out."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.wording import said as _

KEEPERS = frozenset({"admin", "ops"})
HOUR = 3600
LONGEST_PAUSE = 15 * 60
OPENS_AFTER = 3  # failures in a row: then one message at a time goes ahead
BREAKS_AFTER = HOUR  # so long may the other side be away before people are told
BUSY_PAUSE = 15 * 60  # when a limit is used up and the answer does not say for how long
TRIES = {"locked": 8, "declined": 9}

FOREVER = frozenset({"unreachable", "busy"})
HOPELESS = frozenset({"login", "gone", "address"})


@dataclass(frozen=True, slots=True)
class TryFacts:
    """A try that failed. `failing_for` counts machine seconds since the line's first failure in a row."""

    trouble: str
    attempt: int
    failures: int
    failing_for: int = 0
    retry_after: int | None = None
    said: str = ""  # the other side's own reason, where it gave one


def judge_failure(facts: TryFacts) -> Decision:
    """What becomes of a change that was not taken.

    `again`: it waits its pause. `hold`: the whole line waits. `dead`: a person must look. `broken`: nothing can
    go until a person has set the connection right, or, for one that is only away, until it is back.
    """
    checks = (
        Check(_("it may pass by itself"), facts.trouble in FOREVER | TRIES.keys()),
        Check(
            _("it has not been tried too often"),
            facts.trouble not in TRIES or facts.attempt < TRIES[facts.trouble],
            str(facts.attempt),
        ),
        Check(_("the connection works without anybody's help"), facts.trouble not in HOPELESS),
        Check(_("the other system is away for less than an hour"), facts.failing_for < BREAKS_AFTER),
    )
    outcome = _outcome(facts)
    reason = Reason(f"sync.{facts.trouble}", plain_words(facts.trouble, facts.said), "vendor")
    return Decision(
        rule="sync-delivery/1",
        outcome=outcome,
        allowed=outcome in ("again", "hold"),
        reasons=(reason,),
        facts=asdict(facts),
        checks=checks,
    )


def _outcome(facts: TryFacts) -> str:
    if facts.trouble in HOPELESS:
        return "broken"
    if facts.trouble == "busy":
        return "hold"
    if facts.trouble == "unreachable":
        return "broken" if facts.failing_for >= BREAKS_AFTER else "again"
    if facts.trouble in TRIES and facts.attempt < TRIES[facts.trouble]:
        return "again"
    return "dead"


def pause_of(facts: TryFacts) -> int:
    """Machine seconds until the next try."""
    if facts.trouble == "busy":
        return facts.retry_after if facts.retry_after is not None else BUSY_PAUSE
    if facts.trouble == "locked":
        return int(min(60, 2**facts.attempt))
    if facts.trouble == "declined":
        return int(min(4 * HOUR, 5 * 3 ** max(0, facts.attempt - 1)))
    return int(min(LONGEST_PAUSE, 5 * 2 ** min(facts.attempt, 20)))


def open_for(facts: TryFacts) -> int:
    """For how many machine seconds the line stays open after a failure; 0 while it is not."""
    if facts.trouble == "busy":
        return pause_of(facts)
    if facts.trouble != "unreachable" or facts.failures < OPENS_AFTER:
        return 0
    return int(min(LONGEST_PAUSE, 15 * 2 ** min(facts.failures - OPENS_AFTER, 20)))


# --- in plain words ---------------------------------------------------------------------------------


def plain_words(trouble: str, said: str = "") -> str:
    """What is the matter, for somebody who knows neither HTTP nor Salesforce; with what the other side `said`."""
    if trouble == "declined" and said:
        return _("The other system did not take it: “%(said)s”.") % {"said": said}
    words: dict[str, Callable[[], str]] = {
        "unreachable": lambda: _("The other system can't be reached. Nothing is lost: it is tried again by itself."),
        "busy": lambda: _("The other system's limit on calls is used up. It goes on by itself once that is over."),
        "login": lambda: _("The other system does not let us in: the key, the secret or the user there is wrong."),
        "gone": lambda: _("The address answers that it wants no more messages."),
        "address": lambda: _("The address leads into a private network, where nothing is sent."),
        "locked": lambda: _("Somebody was writing this very record over there."),
        "declined": lambda: _("The other system did not take it and did not say why."),
        "invalid": lambda: _("A rule in the other system refuses these values."),
        "missing": lambda: _("A field that must be filled over there is empty."),
        "misfit": lambda: _("The mapping names a field or an object that the other system does not have."),
        "duplicate": lambda: _("The other system holds a record that this would duplicate."),
        "deleted": lambda: _("The record was deleted in the other system. Trying again makes it anew."),
        "not_allowed": lambda: _("Our user in the other system may not write this record."),
        "mapping": lambda: _("A value can't be said in the way that the mapping asks for."),
    }
    return words[trouble]() if trouble in words else ""


def who_can_fix(trouble: str) -> str:
    """Who can set it right, and where."""
    words: dict[str, Callable[[], str]] = {
        "unreachable": lambda: _("Nobody needs to do anything, unless it lasts."),
        "busy": lambda: _("Nobody needs to do anything. If it happens daily, ask for a higher limit over there."),
        "login": lambda: _("An admin: enter the key and secret again, then switch the connection on."),
        "gone": lambda: _("An admin: ask the receiver for its new address."),
        "address": lambda: _("An admin: enter an address in the public internet."),
        "locked": lambda: _("Nobody, as a rule: try again."),
        "declined": lambda: _("Whoever runs the receiver: its log says why. Then try again."),
        "invalid": lambda: _(
            "Operations: correct the record here, or have the rule over there changed; then try again."
        ),
        "missing": lambda: _("An admin: map something to that field, or fill it in our record; then try again."),
        "misfit": lambda: _("An admin: correct the mapping, then try again."),
        "duplicate": lambda: _(
            "Operations over there: merge the records, or put our id on the right one; then try again."
        ),
        "deleted": lambda: _("Operations: try again to make it anew, or skip it."),
        "not_allowed": lambda: _("The admin of the other system: give our user the right to write it; then try again."),
        "mapping": lambda: _("An admin: correct the mapping, then try again."),
    }
    return words[trouble]() if trouble in words else ""


# --- who may do what --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KeepFacts:
    """Somebody makes or changes a connection or its mapping."""

    roles: tuple[str, ...]
    kind: str
    name_taken: bool = False
    address_problem: str = ""
    mapping_problems: tuple[str, ...] = ()
    names_object: bool = True
    has_secret: bool = True


def keep_connection(facts: KeepFacts) -> Decision:
    """Admins alone say where our data goes."""
    return _judge(
        "connection-kept/1",
        "kept",
        facts,
        [
            ("connection.not_yours", _may(facts, {"admin"}), lambda: _("Only an admin changes connections.")),
            ("name.taken", not facts.name_taken, lambda: _("There is a connection of this name.")),
            ("address.wrong", not facts.address_problem, lambda: facts.address_problem),
            ("remote_object.missing", facts.names_object, lambda: _("Name the object and its external id field.")),
            ("secret.missing", facts.has_secret, lambda: _("Enter the secret.")),
            ("mapping.wrong", not facts.mapping_problems, lambda: " ".join(facts.mapping_problems)),
        ],
    )


@dataclass(frozen=True, slots=True)
class SwitchFacts:
    """Somebody pauses a connection or switches it on."""

    roles: tuple[str, ...]
    kind: str
    status: str
    to: str
    mapped: bool = True


def switch_connection(facts: SwitchFacts) -> Decision:
    sources = {"active": ("paused", "broken"), "paused": ("active", "broken")}[facts.to]
    return _judge(
        "connection-switched/1",
        facts.to,
        facts,
        [
            ("connection.not_yours", _may(facts, KEEPERS), lambda: _("Only admins and operations switch connections.")),
            ("connection.wrong_state", facts.status in sources, lambda: _("It is already as you want it.")),
            ("mapping.missing", facts.mapped or facts.to != "active", lambda: _("Map at least one field first.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class SettleFacts:
    """Somebody retries or skips a change, or wants a record written now."""

    roles: tuple[str, ...]
    kind: str
    state: str = "dead"
    wanted: tuple[str, ...] = ("dead",)
    is_there: bool = True


def settle_job(facts: SettleFacts, outcome: str) -> Decision:
    return _judge(
        "sync-settled/1",
        outcome,
        facts,
        [
            ("sync.not_yours", _may(facts, KEEPERS), lambda: _("Only admins and operations do this.")),
            ("sync.wrong_state", facts.state in facts.wanted, lambda: _("It needs no help any more.")),
            ("sync.record_gone", facts.is_there, lambda: _("There is no such record any more.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class ExistingFacts:
    """Somebody wants all records written that there are already."""

    roles: tuple[str, ...]
    kind: str
    mapped: bool = True
    records: int = 0
    running: bool = False


def write_existing(facts: ExistingFacts) -> Decision:
    return _judge(
        "sync-existing/1",
        "asked",
        facts,
        [
            ("sync.not_yours", _may(facts, KEEPERS), lambda: _("Only admins and operations do this.")),
            ("mapping.missing", facts.mapped, lambda: _("Map at least one field first.")),
            ("sync.nothing_there", facts.records > 0, lambda: _("There is nothing to write yet.")),
            ("sync.being_written", not facts.running, lambda: _("They are being written already.")),
        ],
    )


def _may(facts: Any, roles: set[str] | frozenset[str]) -> bool:
    return facts.kind in ("workflow", "system") or not roles.isdisjoint(facts.roles)


def _judge(rule: str, done: str, facts: Any, questions: list[tuple[str, bool, Callable[[], str]]]) -> Decision:
    """Every question that doesn't hold is a reason, and any reason refuses."""
    reasons = tuple(Reason(key, told(), "vendor") for key, held, told in questions if not held)
    return Decision(
        rule=rule,
        outcome="refused" if reasons else done,
        allowed=not reasons,
        reasons=reasons,
        facts=asdict(facts),
        checks=tuple(Check(key, held) for key, held, _told in questions),
    )
