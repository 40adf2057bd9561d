"""Messages: once for each cause, handed over at least once to a real SMTP server, and harmless templates."""

import socket
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email import message_from_bytes
from mailbox import Maildir

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from django.db.models.functions import Now
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext

from prm.kernel.messages import Letter, send, send_all
from prm.kernel.messages import sink as demo_sink
from prm.kernel.messages.actions import read_messages, save_template
from prm.kernel.messages.delivery import deliver_due
from prm.kernel.messages.models import Message, MessageTemplate
from prm.kernel.messages.registry import kinds, register_message
from prm.kernel.messages.rendering import TemplateProblem, render
from prm.kernel.money import Money
from tests.cast import acme, ada, bo, client_of, cy, finn, olivia, partner, vendor

register_message(
    "tests.hello",
    label="A test",
    variables=("what",),
    subject={"en": "Hello {{ recipient }}", "de": "Hallo {{ recipient }}"},
    body={"en": "About {{ what }}.", "de": "Es geht um {{ what }}."},
)


class Sink:
    """A real SMTP server that counts Message-IDs; it can be told to drop the connection after taking a mail."""

    def __init__(self):
        self.mails, self.ids, self.refusals = [], Counter(), 0

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content)
        self.mails.append(mail)
        self.ids[mail["Message-ID"]] += 1
        if self.refusals:
            self.refusals -= 1
            return "451 try later"
        return "250 taken"


@pytest.fixture
def sink():
    handler = Sink()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1",
                           EMAIL_PORT=port):  # fmt: skip
        yield handler
    controller.stop()


def hello(cause="c1", to=(bo,), **context):
    with vendor(acme) as now:
        return send(template="tests.hello", to=[who.membership_id for who in to], cause=cause, at=now,
                    context={"what": "a deal", **context}, url="/portal/deals/1")  # fmt: skip


@pytest.mark.usefixtures("as_worker")
class TestAMessage:
    def test_is_recorded_once_for_each_cause_person_and_channel(self):
        first, again = hello(), hello()

        assert (len(first), len(again)) == (2, 0)
        assert len(hello(cause="c2")) == 2
        with vendor(acme):
            assert Message.objects.filter(template="tests.hello").count() == 4

    def test_many_are_recorded_at_once_each_for_its_own_cause_and_only_what_is_new(self):
        hello(cause="known")
        causes = ("known", "fresh", "other")
        with vendor() as now, CaptureQueriesContext(connection) as asked:
            letters = [
                Letter(template="tests.hello", to=[who.membership_id for who in (bo, cy)], context={"what": cause},
                       cause=cause)
                for cause in causes
            ]  # fmt: skip
            made = send_all(letters, at=now)

        found = Counter((message.cause, message.recipient_id == bo.membership_id) for message in made)
        assert found == {
            ("known", False): 2,
            ("fresh", True): 2,
            ("fresh", False): 2,
            ("other", True): 2,
            ("other", False): 2,
        }
        assert sum("prm_messages_message" in query["sql"] for query in asked) == 1
        with vendor():
            kept = Message.objects.get(cause="fresh", recipient=bo.membership_id, channel="email")
            assert (kept.body, kept.state, kept.address, kept.not_before is not None) == (
                "About fresh.", "waiting", bo.email, True,
            )  # fmt: skip

    def test_does_not_reach_whoever_has_left(self):
        from prm.kernel.identity.models import Membership

        hello()  # they were known to be here
        with vendor() as now:
            Membership.objects.filter(pk=bo.membership_id).update(ended_at=now)

        assert hello(cause="c2") == []

    def test_goes_out_over_smtp_with_the_id_of_its_cause(self, sink):
        hello()

        assert deliver_due() == 1

        (mail,) = sink.mails
        assert mail["To"] == bo.email
        assert mail["Subject"] == "Hello Bo"
        assert "About a deal." in mail.get_payload(0).get_payload(decode=True).decode()
        with vendor(acme):
            message = Message.objects.get(template="tests.hello", channel="email")
            assert (message.state, mail["Message-ID"]) == ("sent", message.message_id)

    def test_is_repeated_with_the_same_id_until_it_is_taken(self, sink):
        sink.refusals = 1
        hello()

        assert deliver_due() == 0
        with vendor(acme):
            waiting = Message.objects.get(template="tests.hello", channel="email")
            assert (waiting.state, "451" in waiting.error) == ("waiting", True)
            Message.objects.update(not_before=Now() - timedelta(seconds=1))
        assert deliver_due() == 1

        assert list(sink.ids.values()) == [2]

    def test_waits_while_no_server_answers_and_is_never_lost(self):
        with override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_PORT=1):
            hello()
            assert deliver_due() == 0
        with vendor(acme):
            message = Message.objects.get(template="tests.hello", channel="email")
            assert (message.state, message.attempt) == ("waiting", 1)

    def test_speaks_the_readers_language_and_uses_the_vendors_own_wording(self):
        from prm.kernel.identity.models import Membership

        with vendor(acme) as now:
            Membership.objects.filter(pk=cy.membership_id).update(language="de")
            save_template(key="tests.hello", language="en", subject="Dear {{ recipient }}", body="{{ what }}",
                          actor=ada.actor, now=now)  # fmt: skip
        hello(to=(bo, cy))

        with vendor(acme):
            subjects = set(Message.objects.filter(channel="in_app").values_list("subject", flat=True))
        assert {"Dear Bo", "Hallo Cy"} <= subjects

    def test_leads_to_its_page_once_though_its_wording_names_the_address_too(self, sink):
        with vendor(acme) as now:
            save_template(key="tests.hello", language="en", subject="Hello", body="{{ what }}\n\n{{ url }}",
                          actor=ada.actor, now=now)  # fmt: skip
        hello()
        deliver_due()

        text, html = (part.get_payload(decode=True).decode() for part in sink.mails[0].get_payload())
        assert (text.count("/portal/deals/1"), html.count("/portal/deals/1")) == (1, 1)

    def test_falls_back_to_the_shipped_wording_when_an_edited_one_breaks(self):
        with vendor(acme) as now:
            MessageTemplate.objects.create(key="tests.hello", language="en", subject="{{ nobody }}", body="x",
                                           changed_at=now)  # fmt: skip
        hello()

        with vendor(acme):
            assert Message.objects.filter(subject="Hello Bo").count() == 2

    def test_1_3_11_never_lets_a_line_break_into_a_header(self, sink):
        with vendor(acme) as now:
            save_template(key="tests.hello", language="en", subject="Hi {{ what }}", body="x", actor=ada.actor, now=now)
        hello(what="there\r\nBcc: everybody@example.org")

        deliver_due()

        (mail,) = sink.mails
        assert mail["Bcc"] is None
        assert "\n" not in mail["Subject"]


ATTACKS = (
    "{{ recipient.__class__ }}",
    "{{ what.__init__.__globals__ }}",
    "{% include '/etc/passwd' %}",
    "{% render 'x' %}",
    "{{ what | attr: '__class__' }}",
    "{% for a in (1..100000) %}{% for b in (1..100000) %}x{% endfor %}{% endfor %}",
    "{{ settings.SECRET_KEY }}",
    "{% raise %}",
    "{{ what",
)


@pytest.mark.pure
class TestATemplate:
    @pytest.mark.parametrize("attack", ATTACKS)
    def test_1_3_7_reaches_no_attribute_method_or_file_and_meets_its_limits(self, attack):
        with pytest.raises(TemplateProblem):
            render(attack, {"recipient": "Bo", "what": "x"}, language="en", zone="UTC")

    def test_writes_money_days_and_moments_as_the_reader_does(self):
        moment = datetime(2026, 2, 19, 13, 0, tzinfo=UTC)
        context = {"amount": Money(Decimal("1234.50"), "EUR"), "day": date(2026, 2, 19), "at": moment}

        text = render("{{ amount }} | {{ day }} | {{ at }}", context, language="de", zone="Europe/Berlin")

        assert text == "1.234,50\xa0€ | 19. Feb. 2026 | Do., 19. Feb. 2026, 14:00"

    @pytest.mark.parametrize(("left", "told"), [(196, "3 h 16 min of working time left"), (45, "45 min of working")])
    def test_warns_of_a_promise_in_hours_and_minutes(self, left, told):
        wording = kinds["workflows.sla_warning"].subject["en"]

        assert render(wording, {"minutes_left": left, "name": "Elm"}, language="en", zone="UTC").startswith(told)


class TestTheInbox:
    def test_shows_only_ones_own_and_marks_only_ones_own_as_read(self):
        hello(to=(bo, olivia), what="mine")
        assert "Hello Bo" in client_of(bo).get("/portal/notifications/").content.decode()
        assert "Hello Bo" not in client_of(cy).get("/portal/notifications/").content.decode()

        client_of(bo).post("/portal/notifications/read")

        with vendor(acme):
            unread = Message.objects.filter(template="tests.hello", channel="in_app", read_at=None)
            assert [message.recipient_id for message in unread] == [olivia.membership_id]

    def test_does_not_let_a_sibling_partner_read_a_message(self):
        hello()
        with partner(bo.partner):
            assert Message.objects.filter(template="tests.hello").count() == 2
            assert read_messages(actor=cy.actor) == 0


class TestTheWordings:
    def test_are_edited_by_admins_and_refused_with_what_is_wrong(self):
        client = client_of(ada)
        path = "/console/messages/wordings/tests.hello/en/"

        refused = client.post(path, {"subject": "Hi", "body": "{{ customer_name }}"})
        saved = client.post(path, {"subject": "Hi {{ recipient }}", "body": "{{ what }}"})

        assert "customer_name" in refused.content.decode()
        assert saved.status_code == 302
        assert client_of(finn).get(path).status_code == 403


class TestTheDemosMails:
    RAW = (
        b"From: prm@acme.example\nTo: bo@birch.example\nSubject: Protected until 19 Feb\n"
        b"Date: Fri, 20 Nov 2026 10:00:00 +0000\n\nNordwind <script>alert(1)</script> is yours.\n"
    )

    def test_are_read_on_a_page_that_the_sign_in_and_every_accounts_menu_lead_to(self, settings):
        settings.DEMO = True
        box = Maildir(demo_sink.folder(), create=True)
        key = box.add(self.RAW)
        try:
            page = Client().get(f"/demo/mail/{key}/").content.decode()
        finally:
            box.remove(key)

        assert "Protected until 19 Feb" in page and "bo@birch.example" in page and "20 Nov" in page
        assert "<script>alert" not in page
        for client, address in (
            (Client(), "/account/login/"),
            (client_of(bo), "/portal/"),
            (client_of(ada), "/console/"),
        ):
            assert 'href="/demo/mail/"' in client.get(address).content.decode(), address

    def test_are_no_page_outside_the_demo(self):
        assert Client().get("/demo/mail/").status_code == 404
        assert "/demo/mail/" not in client_of(bo).get("/portal/").content.decode()
