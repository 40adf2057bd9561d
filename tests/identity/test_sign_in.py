"""Signing in: by mail and password, a second factor, sessions that end, tries that are counted."""

import re
import time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value, yield_hotp_counters_from_time
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.letters import deliver_due
from prm.kernel.identity.models import Membership, Person, SecurityEvent
from prm.kernel.tenancy.models import Tenant
from tests.cast import PASSWORD, acme, ada, birch, bo, client_of, olivia, vendor, zenith, zoe
from tests.world import logged_in_as


def sign_in(who: Any, *, password: str = PASSWORD, browser: Client | None = None, **where: str) -> tuple[Client, Any]:
    browser = browser or Client()
    answer = browser.post("/account/login/", {"login": who.email, "password": password, **where})
    return browser, answer


def events_of(who: Any) -> list[str]:
    return list(
        SecurityEvent.objects.filter(person_id=who.person_id).order_by("recorded_at").values_list("kind", flat=True)
    )


def give_factor(who: Any) -> str:
    secret = generate_totp_secret()
    TOTP.activate(Person.objects.get(pk=who.person_id), secret)
    return secret


def letters_sent() -> list[Any]:
    """What the worker has handed over."""
    with logged_in_as("worker"):
        deliver_due()
    return list(mail.outbox)


def code_of(secret: str) -> str:
    from allauth.mfa.totp.internal.auth import format_hotp_value

    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


class TestLandingAfterSignIn:
    def test_one_membership_leads_straight_home(self) -> None:
        assert sign_in(bo)[1].url == "/portal/"
        assert sign_in(olivia)[1].url == "/console/"

    def test_several_memberships_lead_to_the_chooser(self) -> None:
        with vendor(zenith):
            Membership.objects.create(person_id=ada.person_id, name="Ada", email=ada.email, roles=["ops"])

        browser, answer = sign_in(ada)
        assert answer.url == "/account/choose/"
        page = browser.get("/account/choose/").content.decode()
        assert "Acme" in page and "Zenith" in page

    def test_somebody_without_any_organisation_is_told_so(self) -> None:
        person = Person.objects.create_user("free@nowhere.example", PASSWORD)
        browser = Client()
        browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")

        assert browser.get("/", follow=True).status_code == 200
        assert browser.get("/console/setup/people/").url == "/account/choose/"

    def test_choosing_another_persons_membership_is_not_there(self) -> None:
        browser = client_of(bo)
        answer = browser.post("/account/choose/", {"membership": str(zoe.membership_id)})
        assert answer.status_code == 404

    @pytest.mark.parametrize(
        "target",
        [
            "https://evil.example/",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "http:///evil.example",
            "javascript:alert(1)",
            "/%09/evil.example/..//",
            "\t//evil.example",
            "https:evil.example",
            "http://testserver@evil.example/",
            "///evil.example",
            "/\r\nLocation: https://evil.example",
        ],
    )
    def test_3_7_2_next_leads_nowhere_else(self, target: str) -> None:
        answer = sign_in(bo, next=target)[1]
        assert answer.status_code == 302
        assert answer.url == "/portal/" or (answer.url.startswith("/%09/") and "//evil" not in answer.url[:4])

    def test_next_leads_to_the_page_that_was_asked_for(self) -> None:
        assert sign_in(olivia, next="/console/setup/people/")[1].url == "/console/setup/people/"


class TestTries:
    def test_6_3_1_a_hundred_tries_are_blocked(self) -> None:
        browser = Client()
        for _ in range(12):
            sign_in(bo, password="wrong", browser=browser)
        answer = sign_in(bo, browser=browser)[1]
        assert answer.status_code == 200 and "Too many failed" in answer.content.decode()

    def test_6_3_1_a_stranger_does_not_lock_the_victim_out(self) -> None:
        home = sign_in(bo)[0]
        home.post("/account/logout/")
        stranger = Client(REMOTE_ADDR="203.0.113.9")
        for _ in range(30):
            sign_in(bo, password="guess", browser=stranger)

        assert sign_in(bo, browser=home)[1].url == "/portal/"

    def test_an_unknown_address_gets_the_same_answer_as_a_wrong_password(self) -> None:
        unknown = Client().post("/account/login/", {"login": "x@nowhere.example", "password": "x"}).content.decode()
        wrong = Client().post("/account/login/", {"login": bo.email, "password": "x"}).content.decode()
        assert "not correct" in unknown and "not correct" in wrong

    def test_16_3_failures_and_sign_ins_are_kept(self) -> None:
        browser = sign_in(bo, password="wrong")[0]
        sign_in(bo, browser=browser)
        browser.post("/account/logout/")
        assert events_of(bo) == ["login.failed", "login", "logout"]

    def test_signing_up_is_closed(self) -> None:
        before = Person.objects.count()
        Client().post("/account/signup/", {"email": "me@evil.example", "password1": "sieben graue Elefanten"})
        assert Person.objects.count() == before


class TestSecondFactor:
    def test_it_is_asked_for_at_sign_in(self) -> None:
        secret = give_factor(bo)
        browser, answer = sign_in(bo)
        assert answer.url.startswith("/account/2fa/authenticate/")
        assert browser.get("/portal/company/people/").url.startswith("/account/login/")

        assert browser.post("/account/2fa/authenticate/", {"code": code_of(secret)}).url == "/portal/"

    def test_a_recovery_code_works_once(self) -> None:
        give_factor(bo)
        person = Person.objects.get(pk=bo.person_id)
        code = RecoveryCodes.activate(person).get_unused_codes()[0]
        assert sign_in(bo)[0].post("/account/2fa/authenticate/", {"code": code}).url == "/portal/"
        assert sign_in(bo)[0].post("/account/2fa/authenticate/", {"code": code}).status_code == 200

    def test_its_secret_rests_encrypted(self) -> None:
        secret = give_factor(bo)
        assert secret not in str(Authenticator.objects.get(user_id=bo.person_id).data)

    def test_6_3_3_staff_of_a_vendor_that_asks_for_it_cannot_go_on_without(self) -> None:
        with vendor(acme):
            Tenant.objects.update(mfa_required=True)
        browser = client_of(olivia)

        assert browser.get("/console/setup/people/").url == "/account/second-factor/"
        assert client_of(bo).get("/portal/company/people/").status_code == 403  # partners are not staff

        give_factor(olivia)
        assert browser.get("/console/setup/people/").status_code == 200

    def test_6_4_1_a_reset_does_not_bypass_it(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        give_factor(bo)
        browser = Client()
        browser.post("/account/password/reset/", {"email": bo.email})
        link = re.search(r"http://\S+?(/account/password/reset/key/\S+)", letters_sent()[-1].body).group(1)  # type: ignore[union-attr]
        page = browser.get(link, follow=True)
        browser.post(
            page.request["PATH_INFO"], {"password1": "neun gelbe Giraffen", "password2": "neun gelbe Giraffen"}
        )

        assert browser.get("/portal/").url.startswith("/account/login/")
        assert sign_in(bo, password="neun gelbe Giraffen")[1].url.startswith("/account/2fa/authenticate/")
        assert "password.reset" in events_of(bo)

    def test_7_5_adding_one_asks_for_the_password_again(self) -> None:
        browser = client_of(bo)
        answer = browser.get("/account/2fa/totp/activate/")
        assert answer.url.startswith("/account/reauthenticate/")

    def test_7_5_changing_the_address_asks_for_the_password_again(self) -> None:
        answer = client_of(bo).post("/account/email/", {"action_add": "", "email": "new@birch.example"})
        assert answer.url.startswith("/account/reauthenticate/")


class TestChangingTheAddress:
    def test_organisations_write_to_the_new_one_once_it_is_proven(self, settings: Any) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
        browser = sign_in(bo)[0]
        browser.post("/account/reauthenticate/", {"password": PASSWORD})
        browser.post("/account/email/", {"action_add": "", "email": "bodo@birch.example"})
        assert Person.objects.get(pk=bo.person_id).email == bo.email

        link = re.search(r"http://\S+?(/account/confirm-email/\S+)", letters_sent()[-1].body).group(1)  # type: ignore[union-attr]
        browser.post(link)

        assert Person.objects.get(pk=bo.person_id).email == "bodo@birch.example"
        assert Membership.objects.get(pk=bo.membership_id).email == "bodo@birch.example"
        with vendor(acme):
            assert AuditEntry.objects.get(action="membership.email_changed").before == {"email": bo.email}
        assert "email.changed" in events_of(bo)

    def test_nonsense_instead_of_an_id_is_not_there(self) -> None:
        assert client_of(bo).post("/account/choose/", {"membership": "nonsense"}).status_code == 404


class TestSessions:
    def test_7_2_4_the_session_id_changes_at_sign_in(self) -> None:
        browser = Client()
        browser.get("/account/invitation/planted-secret/")
        planted = browser.session.session_key
        sign_in(bo, browser=browser)
        assert browser.session.session_key != planted

    def test_7_3_an_idle_session_ends(self, settings: Any) -> None:
        browser = self._aged(bo, seen_at=settings.SESSION_IDLE_SECONDS + 1)
        assert browser.get("/portal/").url.startswith("/account/login/")

    def test_7_3_a_busy_session_ends_too(self, settings: Any) -> None:
        browser = self._aged(bo, started_at=settings.SESSION_COOKIE_AGE + 1)
        assert browser.get("/portal/").url.startswith("/account/login/")

    def test_7_5_a_person_sees_and_ends_other_sessions(self) -> None:
        phone, desk = sign_in(bo)[0], sign_in(bo)[0]
        assert UserSession.objects.filter(user_id=bo.person_id).count() == 2

        desk.post("/account/sessions/")

        assert phone.get("/account/security/").status_code == 302
        assert desk.get("/account/security/").status_code == 200

    def test_7_5_one_device_is_signed_out_alone_and_only_by_its_person(self) -> None:
        lost, phone, desk, other = sign_in(bo)[0], sign_in(bo)[0], sign_in(bo)[0], sign_in(olivia)[0]
        oldest = UserSession.objects.filter(user_id=bo.person_id).earliest("created_at")
        address = f"/account/sessions/{oldest.pk}/end/"

        assert other.post(address).status_code == 404
        assert lost.get("/account/security/").status_code == 200
        assert address in desk.get("/account/sessions/").content.decode()
        assert desk.post(address).url == "/account/sessions/"
        assert lost.get("/account/security/").status_code == 302
        assert phone.get("/account/security/").status_code == desk.get("/account/security/").status_code == 200
        assert "Another device signed out" in desk.get("/account/security/").content.decode()

    def test_7_5_devices_have_names_and_times_are_the_readers_own(self) -> None:
        desk = sign_in(bo)[0]
        agent = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
        UserSession.objects.update(user_agent=agent)
        with vendor():
            Membership.objects.filter(pk=bo.membership_id).update(time_zone="Asia/Kolkata")
        begun = SecurityEvent.objects.filter(person_id=bo.person_id).latest("recorded_at").recorded_at

        assert "Chrome on Linux" in desk.get("/account/sessions/").content.decode()
        clock = begun.astimezone(ZoneInfo("Asia/Kolkata")).strftime("%H:%M")
        assert clock in desk.get("/account/security/").content.decode()

    def test_7_4_signing_out_ends_the_session_and_clears_the_browser(self) -> None:
        browser = sign_in(bo)[0]
        stolen = browser.cookies["session"].value
        answer = browser.post("/account/logout/")

        assert answer["Clear-Site-Data"] == '"cache", "storage"'
        thief = Client()
        thief.cookies["session"] = stolen
        assert thief.get("/portal/").url.startswith("/account/login/")

    def test_3_5_3_signing_out_needs_a_post(self) -> None:
        browser = sign_in(bo)[0]
        browser.get("/account/logout/")
        assert browser.get("/account/security/").status_code == 200

    @staticmethod
    def _aged(who: Any, **seconds: int) -> Client:
        browser = client_of(who)
        session = browser.session
        now = int(time.time())
        session.update({"started_at": now, "seen_at": now, **{key: now - ago for key, ago in seconds.items()}})
        session.save()
        return browser


class TestPreferences:
    def test_they_belong_to_the_organisation_chosen(self) -> None:
        client_of(bo).post("/account/preferences/", {"language": "de", "time_zone": "Europe/Vienna", "title": "Sales"})

        with vendor(acme):
            member = Membership.objects.get(pk=bo.membership_id)
            assert (member.language, member.time_zone, member.partner_id) == ("de", "Europe/Vienna", birch.id)

    def test_8_2_3_roles_sent_along_are_ignored(self) -> None:
        client_of(bo).post("/account/preferences/", {"language": "de", "roles": "partner_admin", "approval_limit": "9"})

        assert Membership.objects.get(pk=bo.membership_id).roles == ["seller"]

    def test_nobody_of_another_organisation_stands_in(self) -> None:
        answer = client_of(bo).post("/account/preferences/", {"delegate": str(olivia.membership_id)})

        assert answer.status_code == 200
        assert Membership.objects.get(pk=bo.membership_id).delegate_id is None


class TestItsPages:
    """Those that the sign-in library brings are told in our words."""

    STOCK = ("Confirm Access", "reauthenticate to", "Two-Factor", "Bad Token", "Change Password", "Email Address")

    def page(self, browser: Client, path: str) -> str:
        answer = browser.get(path, follow=True)
        assert answer.status_code == 200
        page = answer.content.decode()
        assert [words for words in self.STOCK if words in page] == []
        return page

    def test_ask_for_the_password_again_and_say_what_for(self) -> None:
        browser = client_of(bo)
        assert "Is it you?" in self.page(browser, "/account/2fa/totp/activate/")
        answer = browser.post("/account/reauthenticate/?next=/account/2fa/totp/activate/", {"password": PASSWORD})
        page = self.page(browser, answer.url)
        assert "Set up the authenticator app" in page and 'class="qr"' in page

    def test_of_the_account_stand_in_one_voice(self) -> None:
        give_factor(bo)
        browser = client_of(bo)
        assert "Authenticator app" in self.page(browser, "/account/2fa/")
        assert "Your e-mail address" in self.page(browser, "/account/email/")
        assert self.page(browser, "/account/password/change/").count('type="password"') == 2
        assert "Sign out?" in self.page(browser, "/account/logout/")

    def test_tell_of_a_link_that_works_no_more(self) -> None:
        page = self.page(Client(), "/account/password/reset/key/abc-set-password/")
        assert "This link works no more" in page and "/account/password/reset/" in page
        assert "This link works no more" in self.page(Client(), "/account/confirm-email/nonsense/")
