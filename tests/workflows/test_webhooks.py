"""The webhook block: signed, repeated until taken, given up in the end, and never into our own network."""

import json
import ssl
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest, digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from django.db.models.functions import Now

from prm.kernel import outgoing
from prm.kernel.outgoing import Refused, Unreachable, problem_of
from tests import world
from tests.cast import acme, ada, client_of, mia, olivia, vendor, zenith
from tests.workflows.things import KEEP, THROW, find, happened, publish, settle, tree
from workflows import actions, engine
from workflows.definition import lint
from workflows.engine import calling, delivering
from workflows.models import Incident, Run, WebhookCall, Work

pytestmark = pytest.mark.usefixtures("replays_true")


@dataclass
class Receiver:
    """A real server on loopback that answers as it is told, and keeps what came."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    location: str = ""
    got: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    here = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            here.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(here.answers.pop(0) if here.answers else 200)
            if here.location:
                self.send_header("Location", here.location)
            self.end_headers()
            self.wfile.write(b"noted")

        def log_message(self, *_args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    here.port = server.server_address[1]
    settings.OUTGOING_HOSTS = ["127.0.0.1"]
    Thread(target=server.serve_forever, daemon=True).start()
    yield here
    server.shutdown()
    server.server_close()


def hook(url: str, **parts: Any) -> dict[str, Any]:
    return {"id": "call", "type": "webhook", "url": url, "save_as": "call", **parts}


FAILED = {
    "id": "b",
    "type": "branch",
    "cases": [{"id": "failed", "when": {"field": "steps.call", "operator": "=", "value": "failed"}, "blocks": [THROW]}],
    "otherwise": [KEEP],
}


def go() -> int:
    tried = engine.deliver_due()
    settle()
    return tried


def at_once() -> None:
    """Back-off is machine time, so it is skipped here."""
    with vendor():
        WebhookCall.objects.update(not_before=Now())


@pytest.mark.usefixtures("as_worker")
class TestACall:
    def test_is_signed_so_that_any_standard_webhooks_library_accepts_it(self, receiver: Receiver):
        variables = {"weight": {"from": "thing.weight"}, "kind": "found"}
        publish(hook(receiver.url, headers={"X-Team": "deals"}, variables=variables), KEEP)
        subject = find(weight="7")
        settle()
        assert receiver.got == []  # nothing goes out inside of a step
        go()

        [(headers, body)] = receiver.got
        with vendor():
            key = b64decode(calling.shown(0).removeprefix("whsec_"))
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body.decode()}".encode()
        expected = "v1," + b64encode(digest(key, signed, sha256)).decode()
        assert compare_digest(headers["webhook-signature"], expected)
        assert headers["x-team"] == "deals"
        told = json.loads(body)
        assert told["type"] == "things.call"
        assert told["data"]["values"] == {"weight": "7", "kind": "found"}
        assert told["data"]["subject"]["id"] == str(subject)
        assert happened(subject)[-3:] == [("call", "delivered"), ("keep", "done"), ("ended", "done")]

    def test_is_repeated_with_the_same_id_until_it_is_taken(self, receiver: Receiver):
        receiver.answers = [503, 500]
        publish(hook(receiver.url), KEEP)
        subject = find()
        settle()
        for _try in range(3):
            go()
            assert go() == 0  # not before its pause is over
            at_once()
        assert len(receiver.got) == 3
        assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
        assert ("call", "delivered") in happened(subject)
        with vendor():
            assert (WebhookCall.objects.get().attempt, WebhookCall.objects.get().status_code) == (3, 200)

    def test_is_given_up_in_the_end_and_the_run_goes_on_with_failed(self, receiver: Receiver):
        receiver.answers = [500] * 20
        publish(hook(receiver.url), FAILED)
        subject = find()
        settle()
        for _try in range(delivering.MAX_ATTEMPTS + 2):
            go()
            at_once()
        assert len(receiver.got) == delivering.MAX_ATTEMPTS
        assert happened(subject)[-3:] == [("b", "failed"), ("throw", "done"), ("ended", "done")]

    def test_is_given_up_at_once_by_a_receiver_that_is_gone(self, receiver: Receiver):
        receiver.answers = [410]
        publish(hook(receiver.url), FAILED)
        subject = find()
        settle()
        go()
        assert ("call", "failed") in happened(subject)

    def test_follows_no_redirect(self, receiver: Receiver):
        receiver.answers, receiver.location = [302], "http://169.254.169.254/latest/meta-data/"
        publish(hook(receiver.url), KEEP)
        find()
        settle()
        go()
        with vendor():
            assert (WebhookCall.objects.get().state, WebhookCall.objects.get().status_code) == ("waiting", 302)

    def test_of_a_run_that_is_over_is_not_made(self, receiver: Receiver):
        from tests.workflows.things import ThingLost

        publish(hook(receiver.url), KEEP, cancel_on=["test.thing.lost"])
        subject = find()
        settle()
        find(subject=subject, kind=ThingLost)
        settle()
        assert go() == 0
        assert receiver.got == []
        with vendor():
            assert WebhookCall.objects.get().state == "withdrawn"

    def test_whose_worker_dies_after_sending_is_sent_again_with_the_same_id(self, receiver: Receiver):
        publish(hook(receiver.url), KEEP)
        subject = find()
        settle()
        [claimed] = delivering._claim(8)
        with vendor():
            made = WebhookCall.objects.get()
            delivering._try(made, calling.signed(made, made.made_at))  # and never heard of again
            WebhookCall.objects.update(lease_until=None, not_before=Now())
        go()
        assert claimed[0] == made.pk
        assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
        assert [value for name, value in happened(subject) if name == "keep"] == ["done"]

    def test_can_be_made_again_by_operations_once_it_was_given_up(self, receiver: Receiver):
        receiver.answers = [410]
        publish(hook(receiver.url), FAILED)
        find()
        settle()
        go()
        with vendor() as now:
            made = WebhookCall.objects.get()
            assert actions.deliver_again(call_id=made.pk, actor=mia.actor, now=now).reason_keys == (
                "webhook.not_yours",
            )
            assert actions.deliver_again(call_id=made.pk, actor=olivia.actor, now=now).allowed
            assert actions.deliver_again(call_id=made.pk, actor=olivia.actor, now=now).refused
        go()
        with vendor():
            assert WebhookCall.objects.get().state == "delivered"

    def test_is_given_up_by_operations_who_know_that_nobody_will_answer(self, receiver: Receiver):
        receiver.answers = [503]
        publish(hook(receiver.url), FAILED)
        find()
        settle()
        go()
        made = WebhookCall.objects.get
        with vendor():
            page = f"/console/workflows/webhooks/{made().pk}/give-up/"
            run = f"/console/workflows/runs/{made().run_id}/"
        with world.logged_in_as("web"):
            assert "give-up" in client_of(olivia).get(run).content.decode()
            assert client_of(mia).post(page).status_code == 403
            assert client_of(olivia).post(page)["Location"] == run
        settle()
        with vendor() as now:
            assert (made().state, made().answer) == ("failed", "Given up by Olivia.")
            assert Run.objects.get().status == "ended"
            assert actions.give_up_call(call_id=made().pk, actor=olivia.actor, now=now).reason_keys == (
                "webhook.not_on_its_way",
            )
        with world.logged_in_as("web"):
            assert "/again/" in client_of(olivia).get(run).content.decode()


PRIVATE = [
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://10.0.0.8/",
    "https://172.16.5.4/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/",
    "https://0.0.0.0/",
    "https://224.0.0.1/",
    "https://[::1]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[64:ff9b::a00:1]/",
    "https://[2002:a00:1::]/",
    "https://localhost/",
    "https://db.internal/",
    "https://printer.local/",
    "https://intranet/",
]
WRONG = [
    "http://hooks.example.com/",
    "ftp://hooks.example.com/",
    "file:///etc/passwd",
    "https://",
    "https://user:secret@hooks.example.com/",
    "https://hooks.example.com:0/",
    "https://hooks.example.com:99999/",
    "https://hooks.example.com/\r\nX-Evil: 1",
    "https://hooks.example.com/ö",
    "hooks.example.com",
    "",
    None,
    7,
]


class TestAnAddress:
    @pytest.mark.pure
    @pytest.mark.parametrize("url", [*PRIVATE, *WRONG])
    def test_that_is_private_or_none_is_refused_by_its_text(self, url: Any):
        assert problem_of(url)
        [problem] = lint(tree(hook(url) if url else hook("x")))
        assert problem.block == "call"

    @pytest.mark.pure
    def test_in_the_public_internet_is_fine(self):
        assert problem_of("https://hooks.example.com:8443/a?b=c") == ""
        assert problem_of("https://93.184.216.34/") == ""
        assert lint(tree(hook("https://hooks.example.com/deals"))) == []

    def test_whose_name_leads_into_a_private_network_is_refused_when_it_is_called(self, monkeypatch: Any):
        import socket

        def rebound(host: str, port: int, **_options: Any) -> Any:
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port)),
                    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]  # fmt: skip

        monkeypatch.setattr(outgoing.socket, "getaddrinfo", rebound)
        with pytest.raises(Refused):
            outgoing.post("https://rebind.example.com/", body=b"{}", headers={})

    @pytest.mark.usefixtures("as_worker")
    def test_that_turns_private_fails_the_call_at_once(self, monkeypatch: Any):
        import socket

        publish(hook("https://rebind.example.com/"), FAILED)
        subject = find()
        settle()
        inside = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 443))]
        monkeypatch.setattr(outgoing.socket, "getaddrinfo", lambda *_a, **_k: inside)
        go()
        assert ("call", "failed") in happened(subject)

    @pytest.mark.usefixtures("as_worker")
    def test_that_was_published_all_the_same_is_an_incident(self):
        publish(hook("https://10.0.0.1/"), unlinted=True)
        find()
        settle()
        with vendor():
            assert "private network" in Incident.objects.get().message
            assert not WebhookCall.objects.exists()

    def test_that_does_not_answer_is_unreachable_and_not_a_fault(self, settings: Any):
        settings.OUTGOING_HOSTS = ["127.0.0.1"]
        with pytest.raises(Unreachable):
            outgoing.post("http://127.0.0.1:1/", body=b"{}", headers={}, seconds=1)

    def test_with_a_certificate_that_is_not_the_hosts_is_not_spoken_to(self, receiver: Receiver):
        with pytest.raises(Unreachable):
            outgoing.post(receiver.url.replace("http:", "https:"), body=b"{}", headers={}, seconds=2)
        assert receiver.got == []
        assert ssl.create_default_context().check_hostname


class TestHeaders:
    @pytest.mark.pure
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-A\r\nX-B", "1"),
            ("X-A", "1\r\nX-B: 2"),
            ("Host", "evil"),
            ("Content-Length", "1"),
            ("webhook-id", "mine"),
            ("", "1"),
            ("X A", "1"),
        ],
    )
    def test_that_could_change_the_message_are_refused(self, name: str, value: str):
        [problem] = lint(tree(hook("https://hooks.example.com/", headers={name: value})))
        assert "can't be sent" in problem.message

    @pytest.mark.pure
    def test_that_are_no_text_are_refused(self):
        [problem] = lint(tree(hook("https://hooks.example.com/", headers={"X-A": 1})))
        assert (problem.path, "to be text" in problem.message) == ("blocks.0.headers.X-A", True)


class TestTheSecret:
    def test_is_each_vendors_own_and_the_old_one_signs_for_a_day_after_a_change(self):
        with vendor(acme) as now:
            before = calling.shown(calling.keys_in_use()[0])
            assert actions.renew_webhook_key(actor=olivia.actor, now=now).refused
            assert actions.renew_webhook_key(actor=ada.actor, now=now).allowed
            assert calling.keys_in_use() == [1, 0]
            assert calling.shown(1) != before
        with vendor(zenith):
            assert calling.shown(0) != before

    def test_is_shown_to_admins_alone(self):
        assert b"whsec_" in client_of(ada).get("/console/workflows/webhooks/").content
        assert b"whsec_" not in client_of(olivia).get("/console/workflows/webhooks/").content


@pytest.mark.usefixtures("as_worker")
class TestTheShippedSyncErrors:
    def test_ask_what_happens_and_deliver_again(self, receiver: Receiver):
        from workflows.models import HumanTask

        receiver.answers = [410]
        with vendor() as now:
            actions.install_template(key="sync-error", actor=ada.actor, now=now)
        publish(hook(receiver.url), FAILED)
        find()
        settle()
        go()
        with vendor() as now:
            task = HumanTask.objects.get()
            assert (task.queue, task.owner_id) == ("data", olivia.membership_id)
            actions.decide_task(task_id=task.pk, outcome="again", actor=olivia.actor, now=now, immediately=True)
        settle()
        go()
        assert len(receiver.got) == 2
        with vendor():
            assert Run.objects.get(workflow__key="sync-error").result == "again"
            assert not Work.objects.exists()
