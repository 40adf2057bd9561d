"""The generic webhook: a signed message to a web address, as Standard Webhooks says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the headers are
webhook-id, webhook-timestamp and webhook-signature (HMAC-SHA256 over id.timestamp.body, “v1,” before it; one
for each secret in use, so that a receiver may change over at its leisure). 2xx is taken, 410 means never again,
and a repeat carries the same webhook-id.
"""

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from hmac import digest

from django.utils.translation import gettext as _

from integrations.connectors.base import Described, Failed, Kind, Line, Parcel, Receipt, Trouble
from integrations.secrets import signing_key
from prm.kernel import outgoing
from prm.kernel.decisions import jsonable

GONE = 410


class Webhook:
    """Tells a web address what has changed."""

    def describe(self, line: Line) -> Described:
        """A message of the type “ping”: whoever checks signatures can be tried with it."""
        _post(line, f"msg_ping_{int(line.at.timestamp())}", json.dumps({"type": "ping", "data": {}}))
        return Described(_("The address has taken a “ping”."))

    def upsert(self, line: Line, parcel: Parcel) -> Receipt:
        answer = _post(line, parcel.message_id, body_of(parcel))
        return Receipt(remote_id=parcel.remote_id or parcel.key, answer=answer.text[:2000])

    def classify(self, error: Exception, line: Line) -> Trouble:
        if isinstance(error, Failed):
            return error.trouble
        if isinstance(error, outgoing.Refused):
            return Trouble(Kind.FORBIDDEN_ADDRESS, str(error))
        if isinstance(error, outgoing.Unreachable):
            return Trouble(Kind.UNREACHABLE, str(error))
        raise error


def body_of(parcel: Parcel) -> str:
    """Type, time and data; the same parcel is the same text, byte for byte."""
    data = {
        "id": parcel.key,
        "type": parcel.subject,
        "name": parcel.name,
        "changed": parcel.changed,
        "fields": parcel.whole,
    }
    told = {"type": f"{parcel.subject}.changed", "timestamp": parcel.at, "reason": parcel.event, "data": data}
    return json.dumps(jsonable(told), ensure_ascii=False, sort_keys=True)


def signed(message_id: str, stamp: str, body: str, secrets: tuple[str, ...]) -> Mapping[str, str]:
    """The headers of one hand-over."""
    text = f"{message_id}.{stamp}.{body}".encode()
    signatures = [b64encode(digest(signing_key(secret), text, sha256)).decode() for secret in secrets]
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "PRM-Webhooks/1",
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }


def _post(line: Line, message_id: str, body: str) -> outgoing.Answer:
    """Hand over. The timestamp is machine time, also in a sandbox: receivers refuse what is old by their clocks."""
    headers = signed(message_id, str(int(line.at.timestamp())), body, line.secrets)
    answer = outgoing.post(line.address, body=body.encode(), headers=headers)
    if not answer.accepted:
        raise Failed(_trouble(answer))
    return answer


def _trouble(answer: outgoing.Answer) -> Trouble:
    said = f"HTTP {answer.status}"
    if answer.status == GONE:
        return Trouble(Kind.GONE, said, answer.text)
    if answer.status == 429 or (answer.status == 503 and answer.retry_after is not None):
        return Trouble(Kind.BUSY, said, answer.text, answer.retry_after)
    if answer.status >= 500 or answer.status == 408:
        return Trouble(Kind.UNREACHABLE, said, answer.text)
    return Trouble(Kind.DECLINED, said, answer.text)
