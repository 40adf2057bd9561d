"""What /api/schema says is true: schemathesis calls every address with what fits and with what doesn't.

`make test-api` runs it (MAX_EXAMPLES=50 for each address and key); the same numbers make the same calls.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.db.models import Model
from django.test import Client

from dealreg.models import Deal, Dispute, Verdict
from partners.models import Partner
from prm.kernel.api_defaults import PerToken
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.identity.models import Membership
from tests.cast import Somebody, ada, bea, birch, cedar, vendor
from tests.dealreg import deals
from tests.identity.test_tokens import key_of
from workflows.models import HumanTask

KEYS: dict[str, tuple[Somebody, str]] = {
    "an operations manager": (ada, "ops"),
    "a seller": (bea, "seller"),
    "an auditor": (ada, "auditor"),
}
THERE: dict[str, type[Model]] = {
    "deals": Deal,
    "partners": Partner,
    "people": Membership,
    "decisions": DecisionRecord,
    "tasks": HumanTask,
    "verdicts": Verdict,
    "disputes": Dispute,
}
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
    "ignored_auth",
)
pytestmark = pytest.mark.api


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing: the test's own output matters."""


@pytest.fixture
def address(the_world: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server with something of every kind to read and to change, and no throttle."""
    monkeypatch.setattr(PerToken, "allow_request", lambda *_: True)
    for of in (birch, cedar):
        for make in (deals.draft, deals.submitted, deals.in_review, deals.approved, deals.returned):
            make(of, customer_name=f"{make.__name__} {of.name}", customer_domain=f"{make.__name__}-{of.domain}")
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.mark.parametrize("whose", KEYS)
def test_every_address_answers_as_the_document_says(address: str, whose: str, tmp_path: Path) -> None:
    who, role = KEYS[whose]
    (tmp_path / "known.toml").write_text(known())
    (tmp_path / "schema.json").write_bytes(Client().get("/api/schema?format=json").content)
    schemathesis = [sys.executable, "-m", "schemathesis.cli", "--config-file", str(tmp_path / "known.toml"), "run"]
    how = {
        "--header": f"Authorization: Bearer {key_of(who, role)}",
        "--url": address,
        "--request-timeout": "60",
        "--checks": ",".join(CHECKS),
        "--phases": "examples,coverage,fuzzing",
        "--max-examples": os.environ.get("MAX_EXAMPLES", "20"),
        "--seed": "4",
    }
    options = [word for option in how.items() for word in option]
    flags = ["--generation-deterministic", "--continue-on-failure", "--no-color"]
    ran = subprocess.run(
        [*schemathesis, str(tmp_path / "schema.json"), *options, *flags],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    if ran.returncode:
        pytest.fail(ran.stdout + ran.stderr, pytrace=False)


def known() -> str:
    """Settings: half of the ids that it sends are of things that are there."""
    with vendor():
        ids = {kind: [str(pk) for pk in rows.objects.values_list("pk", flat=True)[:12]] for kind, rows in THERE.items()}
    parts = [f"hooks = {json.dumps(str(Path(__file__).parent / 'each_call.py'))}\n"]
    for kind, found in ids.items():
        if found:
            parts.append(f"[dictionaries.{kind}]\nvalues = {json.dumps(found)}\n")
            parts.append(
                f'[[operations]]\ninclude-path-regex = "^/api/v1/{kind}/"\n'
                f'parameters = {{ "path.id" = {{ dictionary = "{kind}", probability = 0.5 }} }}\n'
            )
    return "\n".join(parts)
