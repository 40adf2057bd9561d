"""The program's address: each mail once, nothing lost, nobody answered who should not be."""

import pytest

from dealreg import actions
from dealreg.actions import mails
from dealreg.intake import imap
from dealreg.intake.letters import read_letter
from dealreg.intake.lines import read_lines, template
from dealreg.intake.proof import proof_of
from dealreg.models import Deal, DealFile, DealPolicy, InboundMail, Mailbox
from prm.kernel.identity.models import Membership
from prm.kernel.messages.models import Message
from prm.kernel.messages.sending import loop_mark
from tests.cast import acme, ada, birch, bo, cedar, client_of, cy, finn, olivia, partner, vendor, zenith, zoe
from tests.dealreg.mails import ADDRESS, CHECKER, FULL, arrives, letter, mailbox, read, read_all, rows, served
from tests.imap import Mailserver

PDF = b"%PDF-1.7 an offer"


@pytest.fixture
def box():
    return mailbox()


def everything(server: Mailserver) -> list[InboundMail]:
    """Read until nothing new comes."""
    read_all()
    return rows()


class TestAMailOfAPartnersPerson:
    def test_is_a_registration_with_its_files_and_an_answer(self, box):
        answer = arrives(
            FULL + "\n-- \nBo Berg\nCustomer: no, a signature", sender=bo.email, files=(("offer.pdf", PDF),)
        )

        [mail] = rows()
        with vendor():
            deal = Deal.objects.get()
            assert DealFile.objects.get().deal_id == deal.pk
        assert (mail.state, mail.deal_id, mail.is_trusted) == ("taken", deal.pk, True)
        assert (deal.status, deal.way, deal.submitted_by_id) == ("submitted", "email", bo.membership_id)
        assert (str(deal.amount), deal.currency, deal.customer_country) == ("12000.00", "EUR", "DE")
        assert deal.number in answer.body and answer.address == bo.email
        assert (answer.reply_to, answer.in_reply_to) == (ADDRESS, mail.message_id)

    def test_that_lacks_something_is_a_draft_and_its_answer_completes_it(self, box):
        asked = arrives(
            "Hello!\nCustomer: Nordwind Logistik GmbH\nCountry: Germany\nAmount: quite a lot",
            sender=bo.email,
            files=(("run.exe", b"MZ"),),
        )
        with vendor():
            assert Deal.objects.get().status == "draft"
        for told in ("- Amount –", "- Expected close –", "- Products –", "run.exe"):
            assert told in asked.body
        assert "Customer: Nordwind Logistik GmbH" in asked.body and "Country: Germany" in asked.body

        reply = "\n".join(
            ["Here you are.", "", "On Monday Acme wrote:"]
            + [f"> {line}" for line in asked.body.split("\n") if not line.startswith(("Amount", "Prod", "Expected"))]
            + ["> Amount: 12000", "> Currency: EUR", "> Products: platform", "> Expected close: 2031-03-01"]
        )
        arrives(reply, sender=bo.email, In_Reply_To=asked.message_id)

        with vendor():
            deal = Deal.objects.get()
        assert (deal.status, deal.customer_name) == ("submitted", "Nordwind Logistik GmbH")

    def test_that_answers_what_was_handed_in_meanwhile_is_a_comment(self, box):
        asked = arrives("Customer: Nordwind", sender=bo.email)
        with vendor() as now:
            from tests.dealreg.deals import fields

            assert actions.submit_deal(
                deal_id=Deal.objects.get().pk, fields=fields(now), actor=ada.actor, now=now
            ).allowed
        arrives("By the way, they want 45 seats.", sender=bo.email, In_Reply_To=asked.message_id)

        assert rows()[-1].state == "noted"
        with vendor():
            assert "45 seats" in Deal.objects.get().comments.get().body

    def test_needs_only_the_domain_of_a_customer_that_the_partner_knows(self, box):
        from tests.dealreg.deals import approved

        approved()
        text = "Website: www.nordwind-logistik.de\nProducts: security\nAmount: EUR 5000\nExpected close: 2031-03-01"
        arrives(text, sender=bo.email)
        with vendor():
            deal = Deal.objects.get(way="email")
            assert (deal.customer_name, deal.customer_city) == ("Nordwind Logistik GmbH", "Hamburg")

        arrives(text, sender=cy.email)  # Cedar doesn't know it, whatever Birch does
        with vendor():
            theirs = Deal.objects.get(partner_id=cedar.id)
            assert (theirs.status, theirs.customer_name, theirs.customer_country) == ("draft", "", "")

    def test_html_alone_is_read_too(self, box):
        mail = letter("x", sender=bo.email)
        mail.set_content(
            "<style>p{}</style>" + "".join(f"<p><b>{line.replace(': ', '</b>: ')}</p>" for line in FULL.splitlines()),
            subtype="html",
        )
        read(mail)
        assert rows()[0].state == "taken"


class TestOnceAndNeverLost:
    def test_a_mail_that_is_delivered_twice_is_read_once(self, box):
        mail = letter(FULL, sender=bo.email).as_bytes()
        with served() as server:
            for _twice in range(2):
                server.deliver(mail)
            read_all()
            assert server.unread == []
        with vendor():
            assert (
                Deal.objects.count()
                == InboundMail.objects.count()
                == Message.objects.filter(template="intake.registered").count()
                == 1
            )

    def test_killed_before_the_commit_it_is_read_again(self, box, monkeypatch):
        with served() as server:
            server.deliver(letter(FULL, sender=bo.email).as_bytes())
            real = mails._answer
            monkeypatch.setattr(mails, "_answer", lambda *given: (real(*given), 1 / 0))
            assert read_all() == 0
            assert len(server.unread) == 1 and not rows()
            with vendor():
                assert not Deal.objects.exists() and "ZeroDivisionError" in Mailbox.objects.get().error
            monkeypatch.undo()

            assert read_all() == 1 and server.unread == []
        with vendor():
            assert Deal.objects.count() == 1 and Mailbox.objects.get().error == ""

    def test_killed_between_the_commit_and_the_mark_it_is_known_again(self, box):
        with served() as server:
            server.deliver(letter(FULL, sender=bo.email).as_bytes())
            server.fails_at = "uid_fetch"  # the line is cut before STORE comes
            read_all()
            server.fails_at = "uid_store"
            read_all()
            server.fails_at = ""
            server.mails[0].flags.clear()
            read_all()
            assert server.unread == []
        with vendor():
            assert Deal.objects.count() == 1

    def test_one_that_can_not_be_taken_in_holds_back_no_other(self, box, monkeypatch):
        real = mails.read_letter

        def chokes(raw):
            if b"poison" in raw:
                raise RuntimeError("poison")
            return real(raw)

        monkeypatch.setattr(mails, "read_letter", chokes)
        with served() as server:
            server.deliver(letter("poison", sender=bo.email).as_bytes())
            server.deliver(letter(FULL, sender=bo.email).as_bytes())
            assert read_all() == 1
            assert server.unread == [101]

    def test_a_wrong_password_stands_on_the_mailbox(self, box):
        with served() as server:
            server.password = "another"
            read_all()
        with vendor():
            held = Mailbox.objects.get()
        assert "wrong name or password" in held.error and held.read_at is None and held.lease_until is None
        assert "wrong name or password" in client_of(olivia).get("/console/intakes/").content.decode()

    def test_two_readers_never_share_a_mailbox(self, box):
        with served() as server, vendor():
            from datetime import timedelta

            from prm.kernel.clock import machine_now

            Mailbox.objects.update(lease_until=machine_now() + timedelta(minutes=1))
        with served() as server:
            server.deliver(letter(FULL, sender=bo.email).as_bytes())
            assert read_all() == 0 and server.log == []

    def test_with_no_room_left_it_stays_unread(self, box):
        with vendor():
            DealPolicy.objects.create(file_quota_mb=0)
        with served() as server:
            server.deliver(letter(FULL, sender="who@nowhere.example").as_bytes())
            read_all()
            assert len(server.unread) == 1
        with vendor():
            assert "no room" in Mailbox.objects.get().error

    def test_one_that_is_larger_than_anything_we_take_waits_for_a_person(self, box, monkeypatch):
        monkeypatch.setattr(imap, "LARGEST_MAIL", 2_000)
        with served() as server:
            server.deliver(letter("x" * 5_000, sender=bo.email).as_bytes())
            read_all()
            assert server.unread == []
        assert [mail.state for mail in rows()] == ["unmatched"]
        assert rows()[0].reasons[0][0] == "mail.too_big"


class TestAnUnknownSender:
    @pytest.mark.parametrize(
        ("sender", "headers", "reason"),
        [
            ("who@nowhere.example", {}, "sender.unknown"),
            (bo.email, {"verdict": "dmarc=fail"}, "sender.unproven"),
            (bo.email, {"verdict": "spf=pass smtp.mailfrom=birch.example"}, "sender.unproven"),
            (bo.email, {"Authentication_Results": "mx.evil.example; dmarc=pass"}, "sender.unproven"),
            (finn.email, {}, "sender.unknown"),
            (bo.email, {"From": f"{bo.email}, {cy.email}"}, "mail.no_sender"),
        ],
    )
    def test_is_no_partners_and_gets_no_answer(self, box, sender, headers, reason):
        with served() as server:
            server.deliver(letter(FULL, sender=sender, **headers).as_bytes())
            read_all()
        [mail] = rows()
        assert (mail.state, mail.reasons[0][0], mail.answered) == ("unmatched", reason, False)
        with vendor():
            assert not Deal.objects.exists() and not Message.objects.filter(template__startswith="intake").exists()

    def test_can_not_take_the_place_of_the_senders_own_mail(self, box):
        true = letter(FULL, sender=bo.email)
        false = letter("Customer: Nobody", sender=bo.email, verdict="dmarc=fail", Message_ID=true["Message-ID"])
        with served() as server:
            server.deliver(false.as_bytes())
            server.deliver(true.as_bytes())
            read_all()
        assert [mail.state for mail in rows()] == ["unmatched", "taken"]

    def test_is_given_to_a_partner_as_a_draft_by_a_person(self, box):
        with served() as server:
            mail = letter(FULL, sender="who@nowhere.example")
            mail.add_attachment(PDF, maintype="application", subtype="pdf", filename="offer.pdf")
            server.deliver(mail.as_bytes())
            read_all()
        [mail] = rows()
        page = client_of(olivia)
        assert "who@nowhere.example" in page.get("/console/intakes/?view=unmatched").content.decode()
        assert "Nordwind" in page.get(f"/console/intakes/mails/{mail.pk}/").content.decode()
        page.post(f"/console/intakes/mails/{mail.pk}/assign", {"partner": str(birch.id)})
        page.post(f"/console/intakes/mails/{mail.pk}/assign", {"partner": str(cedar.id)})  # too late

        [mail] = rows()
        assert (mail.state, mail.partner_id, mail.stored_name) == ("assigned", birch.id, "")
        with partner():
            deal = Deal.objects.get()
            assert (deal.status, deal.customer_name, deal.files.count()) == ("draft", "Nordwind Logistik GmbH", 1)
        with vendor():
            assert Message.objects.filter(template="intake.assigned", recipient=bo.membership_id).exists()

    def test_is_set_aside_by_a_person_and_out_of_another_vendors_sight(self, box):
        with served() as server:
            server.deliver(letter("Buy now", sender="who@nowhere.example").as_bytes())
            read_all()
        [mail] = rows()
        assert client_of(zoe).post(f"/console/intakes/mails/{mail.pk}/dismiss").status_code == 404
        client_of(olivia).post(f"/console/intakes/mails/{mail.pk}/dismiss")
        assert rows()[0].state == "dismissed"
        with vendor(zenith):
            assert not InboundMail.objects.exists()

    def test_one_of_two_partners_belongs_to_neither(self, box):
        with vendor():
            Membership.objects.filter(pk=cy.membership_id).update(email=bo.email)
        with served() as server:
            server.deliver(letter(FULL, sender=bo.email).as_bytes())
            read_all()
        assert rows()[0].reasons[0][0] == "sender.of_many"


class TestALoop:
    def test_two_machines_that_answer_each_other_come_to_rest(self, box):
        """Our own answer, sent back by a program that answers everything and says so, or says nothing."""
        for honest, rounds in ((True, 4), (False, 14)):  # more than may be answered
            with served() as server:
                headers = {"Auto_Submitted": "auto-replied"} if honest else {}
                server.deliver(letter("I am away.", sender=bo.email).as_bytes())
                for _round in range(rounds):
                    read_all()
                    with vendor():
                        sent = Message.objects.filter(template__startswith="intake").order_by("-recorded_at").first()
                    assert sent is not None
                    server.deliver(
                        letter("I am away.", sender=bo.email, In_Reply_To=sent.message_id, **headers).as_bytes()
                    )
                read_all()
            with vendor():
                answers = Message.objects.filter(template__startswith="intake").count()
                assert answers <= (1 if honest else 10)
                assert Deal.objects.count() <= 2  # an answer goes on with its draft

    @pytest.mark.parametrize(
        "headers",
        [
            {"Auto_Submitted": "auto-generated"},
            {"Precedence": "bulk"},
            {"X_Loop": loop_mark(acme.id)},
            {"Return_Path": "<>"},
            {"List_Id": "<all.birch.example>"},
            {"X_Autoreply": "yes"},
            {"From": ADDRESS},
        ],
    )
    def test_what_a_program_wrote_is_kept_and_never_answered(self, box, headers):
        with served() as server:
            server.deliver(letter(FULL, sender=bo.email, **headers).as_bytes())
            read_all()
        assert [mail.state for mail in rows()] == ["automatic"]
        with vendor():
            assert not Message.objects.filter(template__startswith="intake").exists() and not Deal.objects.exists()


@pytest.mark.pure
class TestWhatIsBelieved:
    @pytest.mark.parametrize(
        ("results", "proven"),
        [
            ([f"{CHECKER}; dmarc=pass header.from=birch.example"], True),
            ([f"{CHECKER} 1; dmarc=pass (p=reject (really)) header.from=birch.example; spf=fail"], True),
            ([f"{CHECKER}; dkim=pass header.d=birch.example; dmarc=none"], True),
            ([f"{CHECKER}; dkim=pass header.d=mailer.example"], False),
            ([f"{CHECKER}; dmarc=pass header.from=evil.example"], False),
            ([f"{CHECKER}; dmarc=fail (dmarc=pass) header.from=birch.example"], False),
            ([f"{CHECKER}; dmarc=fail", f"{CHECKER}; dmarc=pass header.from=birch.example"], False),
            (["other.example; dmarc=pass header.from=birch.example"], False),
            ([f"{CHECKER}.evil.example; dmarc=pass"], False),
            ([f"{CHECKER}; none"], False),
            ([], False),
        ],
    )
    def test_is_the_topmost_word_of_the_vendors_own_server(self, results, proven):
        assert proof_of(results, CHECKER, "bo@birch.example")[0] is proven

    def test_is_nothing_without_a_server_named(self):
        assert proof_of(["; dmarc=pass"], "", "bo@birch.example") == (False, "unchecked")


@pytest.mark.pure
class TestLines:
    def test_are_read_in_both_languages_with_their_currency(self):
        text = (
            "Kunde: Nordwind\n* Land: Deutschland\nBetrag: 12.000,50 €\nProdukte: platform; security\nAnmerkung: a\nb"
        )
        assert read_lines(text) == {
            "customer_name": "Nordwind",
            "customer_country": "Deutschland",
            "amount": "12000.50",
            "currency": "EUR",
            "product_lines": "platform; security",
            "notes": "a\nb",
        }

    @pytest.mark.parametrize(
        ("typed", "amount"),
        [
            ("12.000,50", "12000.50"),
            ("12,000.5 EUR", "12000.50"),
            ("12.000", "12000"),
            ("1,234,567", "1234567"),
            ("12000", "12000"),
            ("12.50", "12.50"),
            ("1.2.3", "1.2.3"),
            ("1.000.00", "1.000.00"),
            ("a lot", "a lot"),
        ],
    )
    def test_amounts_are_read_as_people_of_either_language_write_them(self, typed, amount):
        assert read_lines(f"Amount: {typed}")["amount"] == amount

    def test_quoted_ones_count_in_an_answer_only(self):
        text = "> Customer: Old GmbH\n> Amount: 5\nCustomer: New GmbH"
        assert read_lines(text) == {"customer_name": "New GmbH"}
        assert read_lines(text, quoted=True) == {"customer_name": "New GmbH", "amount": "5"}

    def test_the_template_is_read_as_it_is_written(self):
        asked = template({"customer_name": "Nordwind", "amount": "wrong"}, ["amount.unreadable"])
        assert read_lines(asked) == {"customer_name": "Nordwind"}

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\x00\xff\xfe",
            b"From: =?x?q?=\r\nSubject: =?utf-8?b?!!!?=\r\nContent-Type: text/plain; charset=nope\r\n\r\nx",
            b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\n--a--",
            b"From: a@b\r\nFrom: c@d\r\n\r\n",
            b"Content-Transfer-Encoding: base64\r\nContent-Type: application/pdf; name=x.pdf\r\n\r\n!!!",
        ],
    )
    def test_no_mail_is_too_odd_to_be_read(self, raw):
        read = read_letter(raw)
        assert read.message_id and "\x00" not in read.text and "\n" not in read.subject
