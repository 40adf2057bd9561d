"""Salesforce over its REST API, by simple-salesforce: records are upserted by an external id field of ours.

Login is OAuth's client credentials flow (a connected or external client app with a run-as user); the session is
kept until Salesforce says INVALID_SESSION_ID, then there is one new login. A record that we know to exist is
written with `updateOnly=true`, so that one which was deleted over there is not made again by a partial change.
"""

import json
from base64 import b64encode
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _
from requests.exceptions import RequestException
from simple_salesforce.api import Salesforce as Client
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceError,
    SalesforceExpiredSession,
)
from simple_salesforce.login import token_login

from integrations.connectors.base import Described, Failed, Kind, Line, Parcel, Receipt, RemoteField, Trouble
from integrations.connectors.guarded import GuardedSession
from prm.kernel import outgoing

API_VERSION = "62.0"
BUSY_CODES = frozenset({"REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE", "CONCURRENT_REQUEST_LIMIT_EXCEEDED"})
KINDS = {
    "UNABLE_TO_LOCK_ROW": Kind.LOCKED,
    "REQUIRED_FIELD_MISSING": Kind.MISSING,
    "DUPLICATES_DETECTED": Kind.DUPLICATE,
    "DUPLICATE_VALUE": Kind.DUPLICATE,
    "DUPLICATE_EXTERNAL_ID": Kind.DUPLICATE,
    "ENTITY_IS_DELETED": Kind.DELETED,
    "INVALID_FIELD": Kind.MISFIT,
    "INVALID_TYPE": Kind.MISFIT,
    "INVALID_FIELD_FOR_INSERT_UPDATE": Kind.MISFIT,
    "NOT_FOUND": Kind.MISFIT,
    "INSUFFICIENT_ACCESS": Kind.NOT_ALLOWED,
    "INSUFFICIENT_ACCESS_OR_READONLY": Kind.NOT_ALLOWED,
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Kind.NOT_ALLOWED,
    "API_DISABLED_FOR_ORG": Kind.LOGIN,
    "API_CURRENTLY_DISABLED": Kind.LOGIN,
    "INVALID_SESSION_ID": Kind.LOGIN,
}
REMOTE_KINDS = {
    "double": "number",
    "currency": "number",
    "int": "number",
    "percent": "number",
    "boolean": "bool",
    "date": "day",
    "datetime": "moment",
    "picklist": "choice",
    "multipicklist": "choice",
}


class Salesforce:
    """Writes records of ours as sObjects."""

    def describe(self, line: Line) -> Described:
        """Log in and read the object's fields."""
        line.session = ""
        with _client(line) as client:
            found = client.__getattr__(line.remote_object).describe()
        fields = tuple(_field(told) for told in found["fields"])
        if not any(one.name == line.external_id_field for one in fields):
            wanted = {"object": line.remote_object, "field": line.external_id_field}
            raise Failed(Trouble(Kind.MISFIT, _("%(object)s has no field %(field)s.") % wanted))
        told = {"object": line.remote_object, "n": len(fields)}
        return Described(_("Logged in; %(object)s has %(n)d fields.") % told, fields)

    def upsert(self, line: Line, parcel: Parcel) -> Receipt:
        try:
            return _write(line, parcel)
        except SalesforceExpiredSession:
            if not line.session:
                raise
            line.session = ""  # once; when the new one is refused, too, only a person can help
            return _write(line, parcel)

    def classify(self, error: Exception, line: Line) -> Trouble:
        if isinstance(error, Failed):
            return error.trouble
        if isinstance(error, outgoing.Refused):
            return Trouble(Kind.FORBIDDEN_ADDRESS, str(error))
        if isinstance(error, (outgoing.Unreachable, RequestException)):
            return Trouble(Kind.UNREACHABLE, _shortly(error))
        if isinstance(error, SalesforceError):
            return _trouble(error, None)
        raise error


def _write(line: Line, parcel: Parcel) -> Receipt:
    known = bool(parcel.remote_id)
    target = f"{line.external_id_field}/{quote(parcel.key, safe='')}{'?updateOnly=true' if known else ''}"
    with _client(line) as client:
        rows = client.__getattr__(line.remote_object)
        try:
            answer = rows.upsert(target, _plain(parcel.changed if known else parcel.whole), raw_response=True)
        except SalesforceExpiredSession:
            raise
        except SalesforceError as error:
            raise Failed(_trouble(error, client.session.retry_after, known)) from error
        told = answer.json() if answer.content else {}
        remote_id = told.get("id") or parcel.remote_id
        if not remote_id:  # an older API answers an update with 204 and no more
            remote_id = rows.get_by_custom_id(line.external_id_field, parcel.key)["Id"]
    return Receipt(remote_id=str(remote_id), wrote_all=not known, answer=f"HTTP {answer.status_code}")


@contextmanager
def _client(line: Line) -> Iterator[Any]:
    """A client with a session: the one that was kept, else a new one, which is kept."""
    with GuardedSession() as session:
        if not line.session:
            line.session = _login(line, session)
        kept = json.loads(line.session)
        client = Client(session_id=kept["token"], instance_url=kept["instance"], version=API_VERSION, session=session)
        yield client


def _login(line: Line, session: GuardedSession) -> str:
    """OAuth's client credentials. Raises Failed: without a login nothing goes."""
    pair = b64encode(f"{line.client_id}:{line.secrets[0] if line.secrets else ''}".encode()).decode()
    where = f"{line.address.rstrip('/')}/services/oauth2/token"
    try:
        token, instance = token_login(
            where,
            {"grant_type": "client_credentials"},
            "",
            line.client_id,
            {"Authorization": f"Basic {pair}"},
            None,
            session,
        )
    except SalesforceAuthenticationFailed as error:
        raise Failed(_login_trouble(error, session)) from error
    return json.dumps({"token": token, "instance": f"https://{instance}"})


def _login_trouble(error: SalesforceAuthenticationFailed, session: GuardedSession) -> Trouble:
    status = session.last.status_code if session.last is not None else 0
    said = _shortly(error)
    if status == 429 or status == 503:
        return Trouble(Kind.BUSY, said, retry_after=session.retry_after)
    if status >= 500:
        return Trouble(Kind.UNREACHABLE, said)
    return Trouble(Kind.LOGIN, said)


def _trouble(error: SalesforceError, retry_after: int | None, known: bool = False) -> Trouble:
    """By Salesforce's own error code, else by the status."""
    code, text = _said(error.content)
    told = f"{code}: {text}" if code else text or f"HTTP {error.status}"
    answer = json.dumps(error.content, default=str)[:4000]
    if error.status == 300:
        return Trouble(Kind.DUPLICATE, _("Our id stands on more than one record over there."), answer)
    if error.status == 429 or code in BUSY_CODES:
        return Trouble(Kind.BUSY, told, answer, retry_after)
    if error.status == 404 and known and "external ID field" not in text:
        return Trouble(Kind.DELETED, told, answer)
    if kind := KINDS.get(code):
        return Trouble(kind, told, answer, retry_after)
    if error.status in (301, 302, 307, 308):
        return Trouble(Kind.LOGIN, _("The address sends us elsewhere: use your organisation's My Domain."), answer)
    if error.status == 401:
        return Trouble(Kind.LOGIN, told, answer)
    if error.status == 403:
        return Trouble(Kind.NOT_ALLOWED, told, answer)
    if error.status >= 500:
        busy = error.status == 503 and retry_after is not None
        return Trouble(Kind.BUSY if busy else Kind.UNREACHABLE, told, answer, retry_after)
    return Trouble(Kind.INVALID if error.status == 400 else Kind.DECLINED, told, answer)


def _said(content: Any) -> tuple[str, str]:
    """The first error's code and words: [{"errorCode", "message", "fields"}]."""
    first = content[0] if isinstance(content, list) and content else content
    if isinstance(first, Mapping):
        return str(first.get("errorCode") or first.get("error") or ""), str(first.get("message") or "")[:1000]
    return "", str(first)[:300]


def _field(told: Mapping[str, Any]) -> RemoteField:
    return RemoteField(
        name=told["name"],
        label=told.get("label", told["name"]),
        kind=REMOTE_KINDS.get(told.get("type", ""), "text"),
        required=not told.get("nillable", True) and not told.get("defaultedOnCreate", False),
        writable=bool(told.get("createable", True) and told.get("updateable", True)),
        most=int(told.get("length") or 0),
        choices=tuple(str(one["value"]) for one in told.get("picklistValues") or ())[:200],
    )


def _plain(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as JSON has them; one that would lose a digit goes as text, which Salesforce reads, too."""
    return {name: _number(value) if isinstance(value, Decimal) else value for name, value in fields.items()}


def _number(value: Decimal) -> int | float | str:
    if value == value.to_integral_value():
        return int(value)
    near = float(value)
    return near if Decimal(repr(near)) == value else str(value)


def _shortly(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:500]
