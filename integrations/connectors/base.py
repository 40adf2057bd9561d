"""What a connector is: it looks at the other side, writes one record, and says what an error means."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What can go wrong, by what is to be done about it."""

    UNREACHABLE = "unreachable"  # the line or the other side is down: wait and try for ever
    BUSY = "busy"  # a limit is used up: leave it alone for as long as it says
    LOGIN = "login"  # we are not let in: only a person can help, and for the whole connection
    GONE = "gone"  # it wants nothing from us, ever again
    FORBIDDEN_ADDRESS = "address"  # it leads into a private network
    LOCKED = "locked"  # somebody is writing this very record: soon again
    DECLINED = "declined"  # not taken, without a reason that we know: a few more times
    INVALID = "invalid"  # a rule over there refuses these values
    MISSING = "missing"  # a field that must be filled is not
    MISFIT = "misfit"  # a field or an object that does not exist there
    DUPLICATE = "duplicate"  # the other side finds a duplicate, or our id on several records
    DELETED = "deleted"  # the record was deleted there
    NOT_ALLOWED = "not_allowed"  # the user over there may not write this
    MAPPING = "mapping"  # our own mapping can not say it


@dataclass(frozen=True, slots=True)
class Trouble:
    """What went wrong: its kind, the other side's words, and how many seconds it asks to be left alone."""

    kind: Kind
    text: str
    answer: str = ""
    retry_after: int | None = None


class Failed(Exception):
    """A connector's own way to say that something went wrong."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.text)
        self.trouble = trouble


@dataclass(slots=True)
class Line:
    """All that a connector needs to know of a connection. `session` is what it may keep for the next time.

    `at` is machine time.
    """

    address: str
    at: datetime
    client_id: str = ""
    secrets: tuple[str, ...] = ()
    remote_object: str = ""
    external_id_field: str = ""
    session: str = ""


@dataclass(frozen=True, slots=True)
class Parcel:
    """One change of one record: what differs from what was acknowledged, and the record whole."""

    key: str
    message_id: str
    event: str
    at: datetime
    changed: Mapping[str, Any]
    whole: Mapping[str, Any]
    subject: str = ""
    name: str = ""
    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """It was taken. `wrote_all`: the other side had lost the record, and was given all of it."""

    remote_id: str = ""
    wrote_all: bool = False
    answer: str = ""


@dataclass(frozen=True, slots=True)
class RemoteField:
    """A field over there: `kind` is text, number, bool, day, moment or choice; `most` its longest text."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    writable: bool = True
    most: int = 0
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Described:
    """What looking at the other side found."""

    said: str
    fields: tuple[RemoteField, ...] = field(default=())


class Connector(Protocol):
    """Another kind of system. Called by tasks only, outside of any transaction."""

    def describe(self, line: Line) -> Described:
        """Log in, look, write nothing."""

    def upsert(self, line: Line, parcel: Parcel) -> Receipt:
        """Write one record so that a repeat of the same parcel changes nothing."""

    def classify(self, error: Exception, line: Line) -> Trouble:
        """What an error that the other two raised means; faults of our own are raised again."""
