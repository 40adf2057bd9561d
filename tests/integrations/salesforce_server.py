"""Salesforce as its REST documentation describes it, over TCP and TLS: a real server that a real client talks to.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/: OAuth 2.0 client credentials; sObject
describe; sObject Rows by External ID (PATCH: 201 created, 200 updated, 300 ambiguous, `updateOnly`); errors as
[{"message", "errorCode", "fields"}]; Sforce-Limit-Info. `faults` says what the next calls meet instead.
"""

import json
import ssl
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

FIELDS = {
    "Id": ("id", False),
    "Name": ("string", True),
    "StageName": ("picklist", True),
    "CloseDate": ("date", True),
    "Amount": ("currency", True),
    "Description": ("string", True),
    "PRM_Id__c": ("string", True),
    "IsClosed": ("boolean", False),
}
REQUIRED = ("Name", "StageName", "CloseDate")
KEY, SECRET = "consumer-key", "consumer-secret"
Answer = tuple[int, Any, dict[str, str]]


@dataclass
class SalesforceServer:
    """One org. `records` by external id; `written` is every write in order; `faults` are met by the next writes."""

    folder: Path
    port: int = 0
    records: dict[str, dict[str, Any]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    twice: set[str] = field(default_factory=set)
    written: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    faults: list[Any] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    logins: int = 0
    calls: int = 0
    limit: int = 100_000
    refuse: Any = None
    secret: str = SECRET
    _server: Any = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def up(self) -> None:
        """Listen, on the same port as before."""
        org = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self._answer(org.login(dict(self.headers), self._body()))

            def do_GET(self) -> None:
                self._answer(org.read(self.path, dict(self.headers)))

            def do_PATCH(self) -> None:
                body = self._body()
                if org.faults and org.faults[0] in ("drop", "drop_after"):
                    if org.faults.pop(0) == "drop_after":
                        org.write(self.path, dict(self.headers), body)
                    self.close_connection = True
                    self.connection.close()
                    return
                self._answer(org.write(self.path, dict(self.headers), body))

            def _body(self) -> bytes:
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))

            def _answer(self, answer: Answer) -> None:
                status, told, headers = answer
                text = told.encode() if isinstance(told, str) else b"" if told is None else json.dumps(told).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Sforce-Limit-Info", f"api-usage={org.calls}/{org.limit}")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_args: Any) -> None:
                return

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_args: Any) -> None:
                """A client that hung up is what some tests are about."""

        self._server = Server(("127.0.0.1", self.port), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(self.folder))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def down(self) -> None:
        """Answer nobody any more: connections are refused."""
        self._server.shutdown()
        self._server.server_close()

    # --- what it answers --------------------------------------------------------------------------

    def login(self, headers: dict[str, str], body: bytes) -> Answer:
        given = b64decode(headers.get("Authorization", "").removeprefix("Basic ")).decode()
        if parse_qs(body.decode()).get("grant_type") != ["client_credentials"]:
            return 400, {"error": "unsupported_grant_type", "error_description": "grant type not supported"}, {}
        if given != f"{KEY}:{self.secret}":
            return 400, {"error": "invalid_client", "error_description": "invalid client credentials"}, {}
        self.logins += 1
        token = f"00D!token{self.logins}"
        self.tokens = {token}
        return 200, {"access_token": token, "instance_url": self.url, "token_type": "Bearer", "scope": "api"}, {}

    def read(self, path: str, headers: dict[str, str]) -> Answer:
        if refused := self._refused(headers):
            return refused
        parts = urlsplit(path).path.split("/")[5:]  # "", services, data, v62.0, sobjects, …
        if parts == ["Opportunity", "describe"]:
            return 200, {"name": "Opportunity", "fields": [_described(name) for name in FIELDS]}, {}
        if parts[:2] == ["Opportunity", "PRM_Id__c"] and parts[2] in self.records:
            return 200, self.records[parts[2]], {}
        return 404, [error("NOT_FOUND", "The requested resource does not exist")], {}

    def write(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        if refused := self._refused(headers):
            return refused
        if self.faults:
            fault = self.faults.pop(0)
            if fault == "slow":
                sleep(3)
            elif fault is not None:
                return fault  # type: ignore[no-any-return]
        split = urlsplit(path)
        parts = split.path.split("/")[5:]
        if parts[:2] != ["Opportunity", "PRM_Id__c"]:
            told = "Provided external ID field does not exist or is not accessible: "
            return 404, [error("NOT_FOUND", told + str(parts[1:2]))], {}
        return self._upsert(parts[2], json.loads(body), only_update="updateOnly=true" in split.query)

    def _refused(self, headers: dict[str, str]) -> Answer | None:
        self.calls += 1
        if headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return 401, [error("INVALID_SESSION_ID", "Session expired or invalid")], {}
        if self.calls > self.limit:
            return 403, [error("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")], {}
        return None

    def _upsert(self, key: str, fields: dict[str, Any], *, only_update: bool) -> Answer:
        if unknown := [name for name in fields if name not in FIELDS]:
            told = f"No such column '{unknown[0]}' on sobject of type Opportunity"
            return 400, [error("INVALID_FIELD", told)], {}
        if key in self.twice:
            return 300, [f"/services/data/v62.0/sobjects/Opportunity/{one}" for one in ("006A", "006B")], {}
        if self.refuse and (told := self.refuse({**self.records.get(key, {}), **fields})):
            return 400, [error("FIELD_CUSTOM_VALIDATION_EXCEPTION", told, ["Amount"])], {}
        is_there = key in self.records
        if only_update and not is_there:
            return 404, [error("NOT_FOUND", "The requested resource does not exist")], {}
        whole = {**self.records.get(key, {}), **fields}
        if missing := [name for name in REQUIRED if not whole.get(name)]:
            told = f"Required fields are missing: [{', '.join(missing)}]"
            return 400, [error("REQUIRED_FIELD_MISSING", told, missing)], {}
        identity = whole.setdefault("Id", f"006{len(self.records):015d}")
        self.records[key] = whole
        self.written.append((key, fields))
        answer = {"id": identity, "success": True, "errors": [], "created": not is_there}
        return (200 if is_there else 201), answer, {}


def error(code: str, message: str, fields: list[str] | None = None) -> dict[str, Any]:
    return {"message": message, "errorCode": code, "fields": fields or []}


DUPLICATE = (
    400,
    [
        {
            **error("DUPLICATES_DETECTED", "Use one of these records?"),
            "duplicateResult": {"allowSave": False, "duplicateRule": "Standard_Rule", "matchResults": []},
        }
    ],
    {},
)
LOCKED = (400, [error("UNABLE_TO_LOCK_ROW", "unable to obtain exclusive access to this record")], {})
GONE = (404, [error("ENTITY_IS_DELETED", "entity is deleted")], {})
NOT_YOURS = (403, [error("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")], {})
SHUT = (503, "<html>Server Too Busy</html>", {})


def _described(name: str) -> dict[str, Any]:
    kind, writable = FIELDS[name]
    return {
        "name": name, "label": name, "type": kind, "length": 255, "nillable": name not in REQUIRED,
        "defaultedOnCreate": False, "createable": writable, "updateable": writable,
        "picklistValues": [{"value": "Prospecting", "active": True}] if kind == "picklist" else [],
    }  # fmt: skip


def certificate(folder: Path) -> Path:
    """A key and a certificate for 127.0.0.1 that is its own authority."""
    path = folder / "salesforce.pem"
    if path.exists():
        return path
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    today = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - timedelta(days=1))
        .not_valid_after(today + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@contextmanager
def running(folder: Path) -> Iterator[SalesforceServer]:
    org = SalesforceServer(folder)
    org.up()
    try:
        yield org
    finally:
        org.down()
