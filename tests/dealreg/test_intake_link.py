"""A link without a login: one contact, one partner, confirmed by e-mail, and an answer that tells nothing else."""

import re
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.test import Client

from dealreg import actions
from dealreg.models import Deal, IntakeConfirmation, IntakeLink
from prm.kernel.audit.models import AuditEntry, DecisionRecord
from prm.kernel.events import relay
from tests.cast import ada, bea, birch, bo, cam, cedar, client_of, cy, olivia, partner, vendor, zed, zenith
from tests.dealreg.deals import fields, submitted, the
from tests.dealreg.mails import at_work

CONTACT = "pat@agency.example"


def made(of=birch, *, by=olivia, most_deals=3, days=30, email=CONTACT) -> Any:
    with vendor(of.vendor) as now:
        return actions.make_link(
            partner_id=of.id, name="Pat", email=email, days=days, most_deals=most_deals, actor=by.actor, now=now
        )


def typed(**changes: Any) -> dict[str, Any]:
    with vendor() as now:
        return fields(now, **changes) | {"form": uuid4().hex}


def opened(secret: str, client: Client | None = None) -> Client:
    client = client or Client()
    answer = client.get(f"/hand-in/{secret}/")
    assert answer.status_code == 302 and secret not in answer.headers["Location"]
    return client


def question_in(letter: Any) -> str:
    found = re.search(r"/hand-in/yes/[^/\s]+/", letter.body)
    assert found
    return found.group()


def asked(client: Client, **changes: Any) -> str:
    """Hand the form in; the way to the confirmation, as the mail says it."""
    sent = client.post("/hand-in/", typed(**changes))
    assert sent.status_code == 200, sent.content.decode()
    at_work(relay.drain)
    return question_in(mail.outbox[-1])


def hurry(table: str, superuser: Any) -> None:
    """Time passes for links and questions: they go by the machine's clock."""
    with superuser.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET expires_at = clock_timestamp() - interval '1 second'")


class TestByALink:
    def test_a_deal_is_handed_in_once_the_contact_has_said_yes(self):
        client = opened(made().secret)
        way = asked(client)
        with vendor():
            deal = Deal.objects.get()
            assert (deal.status, deal.way, deal.partner_id) == ("draft", "link", birch.id)
        assert mail.outbox[-1].to == [CONTACT]

        seen = Client()  # another device: the mail is enough
        assert seen.get(way).status_code == 302
        page = seen.get("/hand-in/yes/")
        assert "Nordwind Logistik" in page.content.decode()
        assert the(deal.pk).status == "draft", "looking hands nothing in: programs follow links, too"
        done = seen.post("/hand-in/yes/").content.decode()

        deal = the(deal.pk)
        assert deal.status == "submitted" and deal.number in done
        assert seen.post("/hand-in/yes/").status_code == 410
        assert opened_question(way).get("/hand-in/yes/").status_code == 410
        with vendor():
            told = AuditEntry.objects.get(target_id=deal.pk, action="deal.submitted")
            assert (told.actor_kind, told.actor_name) == ("link", "Pat")

    def test_the_same_form_twice_is_one_draft_and_one_mail(self):
        client, form = opened(made().secret), typed()
        for _twice in range(2):
            assert client.post("/hand-in/", form).status_code == 200
        at_work(relay.drain)

        with vendor():
            assert Deal.objects.count() == IntakeConfirmation.objects.count() == 1
        assert len(mail.outbox) == 1

    def test_what_is_wrong_is_told_in_the_form_and_leaves_nothing(self):
        client = opened(made().secret)
        page = client.post("/hand-in/", typed(amount="lots", expected_close_on="2020-01-01"))

        assert page.status_code == 422 and "in the past" in page.content.decode()
        with vendor():
            assert not Deal.objects.exists() and not IntakeConfirmation.objects.exists()

    def test_its_secrets_are_kept_as_hashes_alone(self, superuser):
        issued = made()
        way = asked(opened(issued.secret))
        with superuser.cursor() as cursor:
            for table in ("dealreg_intakelink", "dealreg_intakeconfirmation", "events_eventrow", "audit_auditentry"):
                cursor.execute(f"SELECT string_agg(t::text, '') FROM {table} AS t")
                held = cursor.fetchone()[0]
                assert issued.secret not in held and way.split("/")[-2] not in held, table

    def test_a_members_own_address_makes_the_deal_theirs(self):
        way = asked(opened(made(email=bo.email).secret))
        opened_question(way).post("/hand-in/yes/")

        with vendor():
            assert Deal.objects.get().submitted_by_id == bo.membership_id


def opened_question(way: str) -> Client:
    client = Client()
    client.get(way)
    return client


class TestALinkThatOpensNothing:
    def test_answers_alike_whatever_it_was(self, superuser):
        unknown = Client()
        unknown.get("/hand-in/" + "x" * 43 + "/")
        never = Client()
        expired = opened(made().secret)
        hurry("dealreg_intakelink", superuser)
        taken_back = made()
        revoked = opened(taken_back.secret)
        with vendor() as now:
            actions.revoke_link(link_id=taken_back.link_id, actor=olivia.actor, now=now)
        used_up = opened(made(most_deals=1).secret)
        asked(used_up)

        answers = {
            (kept.status_code, re.sub(r'(nonce="|value="|CSRFToken": ")[^"]+', "", kept.content.decode()))
            for kept in (client.post("/hand-in/", typed()) for client in (unknown, never, expired, revoked, used_up))
        }

        assert len(answers) == 1
        status, page = answers.pop()
        assert status == 410 and "Acme" not in page and "Birch" not in page

    def test_takes_its_open_questions_with_it(self):
        issued = made()
        way = asked(opened(issued.secret))
        with vendor() as now:
            actions.revoke_link(link_id=issued.link_id, actor=ada.actor, now=now)

        assert opened_question(way).post("/hand-in/yes/").status_code == 410
        with vendor():
            assert Deal.objects.get().status == "draft"

    def test_what_was_never_confirmed_is_thrown_away(self, superuser):
        way = asked(opened(made(most_deals=1).secret))
        hurry("dealreg_intakeconfirmation", superuser)
        assert opened_question(way).post("/hand-in/yes/").status_code == 410

        with vendor() as now:
            assert actions.discard_unconfirmed(actor=olivia.actor, now=now) == 1
            assert Deal.objects.get().status == "withdrawn"

    def test_is_slowed_down(self):
        guesser = Client(REMOTE_ADDR="203.0.113.9")
        answers = [guesser.get("/hand-in/").status_code for _try in range(40)]
        assert answers[0] == 410 and answers[-1] == 429


class TestTheWall:
    def test_whoever_is_signed_in_plays_no_part(self):
        client = opened(made().secret, client_of(cy))  # Cy of Cedar opens Birch's link
        asked(client)
        with vendor():
            deal = Deal.objects.get()
            assert deal.partner_id == birch.id and deal.submitted_by_id is None
        with partner(cedar):
            assert not Deal.objects.exists()

    def test_nothing_of_others_is_told(self):
        submitted(cedar)
        client = opened(made().secret)
        page = client.post("/hand-in/", typed(customer_name="", customer_domain="nordwind-logistik.de"))
        assert "Nordwind" not in page.content.decode() and "Cedar" not in page.content.decode()

    def test_a_partner_sees_and_takes_back_its_own_links_only(self):
        issued = made(cedar)
        page = client_of(bea).get("/portal/deals/links/")
        assert CONTACT not in page.content.decode()
        assert client_of(bea).post(f"/portal/deals/links/{issued.link_id}/revoke").status_code == 404
        assert client_of(bo).get("/portal/deals/links/").status_code == 403
        with vendor():
            assert IntakeLink.objects.get().revoked_at is None

    def test_a_link_of_another_vendor_is_out_of_sight(self):
        zinc = zed.partner
        issued = made(zinc, by=zed)
        with vendor():
            assert not IntakeLink.objects.exists()
        with vendor(zenith):
            assert IntakeLink.objects.get().pk == issued.link_id


class TestMakingALink:
    @pytest.mark.parametrize(("who", "url"), [(bea, "/portal/deals/links/"), (cam, "/console/intakes/links")])
    def test_shows_its_address_once(self, who, url):
        form = {"name": "Pat", "email": CONTACT, "days": "14", "most_deals": "5", "partner": str(birch.id)}
        page = client_of(who).post(url, form).content.decode()
        secret = re.search(r"/hand-in/([^/<\s]+)/", page)
        assert secret
        assert opened(secret.group(1)).get("/hand-in/").status_code == 200
        assert secret.group(1) not in client_of(who).get(url).content.decode()
        with vendor():
            assert DecisionRecord.objects.filter(rule="intake-link/1", outcome="made").count() == 1

    @pytest.mark.parametrize(
        ("change", "key"),
        [({"days": 0}, "days"), ({"days": 9999}, "days"), ({"most_deals": 0}, "most_deals"), ({"email": "x"}, "email")],
    )
    def test_is_refused_beyond_its_limits(self, change, key):
        decision = made(**change).decision
        assert decision.refused and [reason.split(".")[0] for reason in decision.reason_keys] == [key]
        with vendor():
            assert not IntakeLink.objects.exists()
