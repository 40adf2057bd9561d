"""Bringing people in: single-use, expiring, and only by whom it concerns."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models.functions import Now
from django.test import Client

from prm.kernel.events.relay import drain
from prm.kernel.identity import actions
from prm.kernel.identity.letters import deliver_due
from prm.kernel.identity.models import Invitation, Membership, Person
from tests.cast import PASSWORD, acme, ada, bea, birch, bo, cedar, client_of, olivia, partner, vendor
from tests.world import logged_in_as

NEW = "nora@birch.example"
STRONG = "sieben graue Elefanten"


@pytest.fixture(autouse=True)
def letters(settings: Any) -> list[Any]:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    mail.outbox = []
    return mail.outbox


def invited(email: str = NEW, *, by: Any = bea, at: Any = birch, roles: tuple[str, ...] = ("seller",)) -> str:
    """Invite, let the worker send the letter, and give the link in it."""
    with partner(at) as now:
        assert actions.invite_person(
            email=email, name="Nora", roles=roles, partner_id=at.id, actor=by.actor, now=now
        ).allowed
    with logged_in_as("worker"):
        drain()
        deliver_due()
    return re.search(r"http://[^/]+(/account/invitation/\S+)", mail.outbox[-1].body).group(1)  # type: ignore[union-attr]


def accept(link: str, **typed: str) -> tuple[Client, Any]:
    browser = Client()
    browser.get(link)
    return browser, browser.post("/account/invitation/", {"name": "Nora Nord", "password": STRONG, **typed})


class TestInviting:
    def test_the_letter_carries_a_link_that_no_table_holds(self) -> None:
        link = invited()

        assert mail.outbox[-1].to == [NEW]
        secret = link.rstrip("/").rsplit("/", 1)[1]
        with vendor(acme):
            invitation = Invitation.objects.get(email=NEW)
            assert secret not in str(Invitation.objects.filter(pk=invitation.pk).values().get())

    def test_the_letter_is_sent_again_under_the_same_message_id(self) -> None:
        from prm.kernel.identity.handlers import letter

        invited()
        with vendor(acme):
            again = letter(Invitation.objects.select_related("tenant").get(email=NEW))
        assert again.extra_headers["Message-ID"] == mail.outbox[-1].extra_headers["Message-ID"]

    def test_a_partner_admin_cannot_invite_into_the_vendor(self) -> None:
        with partner(birch) as now:
            decision = actions.invite_person(
                email=NEW, name="", roles=["admin"], partner_id=None, actor=bea.actor, now=now
            )
        assert decision.reason_keys == ("membership.not_yours_to_manage",)

    def test_a_partner_admin_cannot_invite_into_another_partner(self) -> None:
        with partner(birch) as now, pytest.raises(Exception, match="does not exist"):
            actions.invite_person(email=NEW, name="", roles=["seller"], partner_id=cedar.id, actor=bea.actor, now=now)

    def test_a_seller_cannot_invite(self) -> None:
        assert (
            client_of(bo).post("/portal/company/people/invite/", {"email": NEW, "roles": "seller"}).status_code == 403
        )

    def test_a_member_is_not_invited_again(self) -> None:
        with partner(birch) as now:
            decision = actions.invite_person(
                email=bo.email.upper(), name="", roles=["seller"], partner_id=birch.id, actor=bea.actor, now=now
            )
        assert decision.reason_keys == ("invitation.already_member",)

    def test_the_form_of_the_portal_invites_to_ones_own_company(self) -> None:
        answer = client_of(bea).post(
            "/portal/company/people/invite/", {"email": NEW, "roles": ["seller"], "organisation": str(cedar.id)}
        )

        assert answer.status_code == 302
        with vendor(acme):
            assert Invitation.objects.get(email=NEW).partner_id == birch.id

    def test_the_form_of_the_console_invites_to_a_partner(self) -> None:
        answer = client_of(olivia).post(
            "/console/setup/people/invite/", {"email": NEW, "roles": ["partner_admin"], "organisation": str(cedar.id)}
        )

        assert answer.status_code == 302
        with vendor(acme):
            assert Invitation.objects.get(email=NEW).roles == ["partner_admin"]

    def test_only_an_admin_invites_staff(self) -> None:
        answer = client_of(olivia).post(
            "/console/setup/people/invite/", {"email": NEW, "roles": ["admin"], "organisation": ""}
        )

        assert answer.status_code == 200 and "Only an admin" in answer.content.decode()
        with vendor(acme):
            assert not Invitation.objects.exists()


class TestAccepting:
    def test_a_newcomer_sets_name_and_password_and_is_in(self) -> None:
        browser, answer = accept(invited())

        assert (answer.status_code, answer.url) == (302, "/portal/")
        with vendor(acme):
            member = Membership.objects.get(email=NEW)
            assert (member.name, member.roles, member.partner_id) == ("Nora Nord", ["seller"], birch.id)
        assert browser.get("/portal/company/people/").status_code == 403  # signed in, as a seller

    def test_14_2_1_the_secret_leaves_the_address_at_once(self) -> None:
        answer = Client().get(invited())

        assert (answer.status_code, answer.url) == (302, "/account/invitation/")

    def test_6_4_1_an_invitation_works_once(self) -> None:
        link = invited()
        accept(link)

        _, again = accept(link, name="Somebody else")

        assert again.status_code == 410
        assert Person.objects.filter(email=NEW).count() == 1

    def test_6_4_1_an_invitation_expires(self) -> None:
        link = invited()
        with vendor(acme):
            Invitation.objects.update(expires_at=Now() - timedelta(seconds=1))

        assert accept(link)[1].status_code == 410
        assert not Person.objects.filter(email=NEW).exists()

    def test_a_withdrawn_invitation_works_no_more(self) -> None:
        link = invited()
        with vendor(acme):
            pk = Invitation.objects.get().pk
        client_of(bea).post(f"/portal/company/people/invitations/{pk}/revoke/")

        assert accept(link)[1].status_code == 410

    def test_a_new_invitation_replaces_an_open_one(self) -> None:
        first, second = invited(), invited()

        assert accept(first)[1].status_code == 410
        assert accept(second)[1].status_code == 302

    def test_6_2_4_a_common_password_is_refused(self) -> None:
        answer = accept(invited(), password="password1234")[1]

        assert answer.status_code == 200 and "common" in answer.content.decode()
        assert not Person.objects.filter(email=NEW).exists()

    def test_somebody_who_has_an_account_joins_with_it(self) -> None:
        link = invited(ada.email)
        stranger = Client()
        stranger.get(link)
        assert stranger.get("/account/invitation/").url.startswith("/account/login/")

        browser = client_of(ada)
        browser.get(link)
        assert browser.post("/account/invitation/").url == "/portal/"
        assert Person.objects.get(email=ada.email).check_password(PASSWORD)

    def test_another_person_cannot_use_it(self) -> None:
        browser = client_of(bo)
        browser.get(invited())

        assert browser.post("/account/invitation/").status_code == 409
