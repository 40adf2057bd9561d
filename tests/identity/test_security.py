"""Rows of SECURITY.md that concern sessions, headers, tokens and logs, each under its number."""

import json
import logging
import os
import subprocess
import sys
from functools import cache
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.models import Membership, Person, SecurityEvent
from tests.cast import PASSWORD, acme, ada, bo, client_of, vendor
from tests.identity.test_permission_matrix import TESTED, Endpoint
from tests.identity.test_tokens import call, key_of


@cache
def production(**environment: str) -> dict[str, Any]:
    """A login page as production serves it."""
    settings_ = {**os.environ, "PRM_EMBEDDED": "test", "PRM_SECURE": "1", "PYTHONPATH": str(settings.BASE_DIR)}
    ran = subprocess.run(
        [sys.executable, "-m", "tests.identity.production"],
        cwd=settings.BASE_DIR,
        check=True,
        env=settings_ | environment,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


class TestWhatABrowserIsTold:
    def test_3_3_1_cookies_are_host_bound_secure_and_out_of_scripts_reach(self) -> None:
        told = production()
        csrf = told["cookies"]["__Host-csrf"]
        assert csrf["secure"] and csrf["httponly"] and csrf["samesite"] == "Lax" and csrf["path"] == "/"
        assert "domain" not in csrf
        assert told["settings"]["SESSION_COOKIE_NAME"] == "__Host-session"
        assert told["settings"]["SESSION_COOKIE_SECURE"] and told["settings"]["SESSION_COOKIE_HTTPONLY"]
        assert told["settings"]["SESSION_COOKIE_SAMESITE"] == "Lax"

    def test_3_4_1_transport_is_strict_for_a_year(self) -> None:
        assert production()["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"

    def test_3_4_3_the_content_policy_has_a_nonce_and_nothing_unsafe(self) -> None:
        policy = production()["headers"]["Content-Security-Policy"]
        assert "default-src 'none'" in policy and "base-uri 'none'" in policy
        assert "unsafe-" not in policy and "*" not in policy

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "DENY"),
            ("Referrer-Policy", "same-origin"),
            ("Cross-Origin-Opener-Policy", "same-origin"),
        ],
    )
    def test_3_4_the_other_headers(self, name: str, value: str) -> None:
        assert production()["headers"][name] == value

    def test_3_4_6_nobody_frames_us(self) -> None:
        assert "frame-ancestors 'none'" in production()["headers"]["Content-Security-Policy"]

    def test_13_4_debug_is_off_and_documentation_is_gated(self) -> None:
        told = production()["settings"]
        assert (told["DEBUG"], told["API_DOCS_OPEN"], told["METRICS_TOKEN"], told["DEMO"]) == (False, False, "", False)

    def test_14_3_pages_with_data_are_not_kept(self) -> None:
        assert "no-store" in client_of(ada).get("/console/setup/people/")["Cache-Control"]
        assert "no-store" in call(key_of(ada, "ops"))["Cache-Control"]
        assert "no-store" in Client().get("/account/login/")["Cache-Control"]


class TestForgery:
    @pytest.mark.parametrize("endpoint", [e for e in TESTED if e.method == "POST" and "/api/" not in e.path], ids=str)
    def test_3_5_1_every_post_needs_the_token(self, endpoint: Endpoint) -> None:
        who = bo if endpoint.path.startswith("/portal/") else ada
        browser = client_of(who)
        browser.handler.enforce_csrf_checks = True
        for headers in ({}, {"HX-Request": "true"}):
            answer = browser.post(endpoint.path, headers=headers)
            assert answer.status_code == 403, answer

    def test_3_5_3_reading_changes_nothing(self, superuser: Any) -> None:
        browsers = {"/portal/": client_of(bo), "/console/": client_of(ada), "/admin/": client_of(ada)}
        before = _contents(superuser)
        for endpoint in TESTED:
            if endpoint.method == "GET" and (
                prefix := next((p for p in browsers if endpoint.path.startswith(p)), None)
            ):
                browsers[prefix].get(endpoint.path)
        assert _contents(superuser) == before


MOVING = {"django_session", "usersessions_usersession", "identity_securityevent"}
MOVING |= {"audit_auditentry", "audit_auditunsealed"}  # a refusal is told, too


def _contents(superuser: Any) -> dict[str, Any]:
    with superuser.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
        tables = [row[0] for row in cursor.fetchall() if row[0] not in MOVING]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM "{table}" AS t')
            found[table] = cursor.fetchone()
        return found


class TestProxies:
    def test_4_1_3_what_a_client_claims_about_itself_is_ignored(self) -> None:
        Client().post(
            "/account/login/",
            {"login": bo.email, "password": "wrong"},
            headers={"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Host": "evil.example"},
        )
        assert SecurityEvent.objects.get(person_id=bo.person_id).address == "127.0.0.1"

    def test_4_1_3_links_in_mails_do_not_follow_a_forged_host(self) -> None:
        answer = Client().post("/account/password/reset/", {"email": bo.email}, headers={"Host": "evil.example"})
        assert answer.status_code == 400

    def test_4_1_3_a_proxy_that_is_trusted_is_believed(self, settings: Any) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        Client().post(
            "/account/login/",
            {"login": bo.email, "password": "wrong"},
            headers={"X-Forwarded-For": "10.0.0.1, 198.51.100.7"},
        )
        assert SecurityEvent.objects.get(person_id=bo.person_id).address == "198.51.100.7"


class TestAudiences:
    def test_8_2_2_a_claimed_script_name_opens_no_other_audience(self) -> None:
        answer = client_of(bo).get("/console/deals/", SCRIPT_NAME="/portal")
        assert (answer.status_code, answer.url) == (302, "/account/choose/")  # type: ignore[attr-defined]

    @pytest.mark.parametrize("path", ["//portal/", "/Portal/", "/portal/../console/", "/%2e/console/deals/"])
    def test_8_2_2_a_path_written_otherwise_is_no_page(self, path: str) -> None:
        assert client_of(bo).get(path).status_code in (404, 302)

    def test_5_2_1_what_is_too_large_is_refused_before_it_is_read(self) -> None:
        answer = client_of(bo).generic("POST", "/portal/deals/new/", b"x", CONTENT_LENGTH=str(2**31))
        assert answer.status_code == 413


class TestPasswords:
    def test_11_4_2_they_rest_as_argon2id(self) -> None:
        person = Person.objects.create_user("new@acme.example", PASSWORD)
        assert person.password.startswith("argon2$argon2id$")

    def test_6_2_4_a_short_or_common_one_is_refused_when_changed(self) -> None:
        browser = Client()
        browser.post("/account/login/", {"login": bo.email, "password": PASSWORD})
        browser.post("/account/reauthenticate/", {"password": PASSWORD})

        def change(new: str) -> bool:
            typed = {"oldpassword": PASSWORD, "password1": new, "password2": new}
            browser.post("/account/password/change/", typed)
            return Person.objects.get(pk=bo.person_id).check_password(new)

        assert [change(bad) for bad in ("short", "qwertyuiop", "bo@birch.example")] == [False] * 3
        assert change("neun gelbe Giraffen")

    def test_6_3_2_a_fresh_database_has_no_account(self, superuser: Any) -> None:
        from tests.cast import EVERYBODY

        assert set(Person.objects.values_list("pk", flat=True)) == {who.person_id for who in EVERYBODY}


class TestEvidence:
    def test_16_3_a_denied_access_is_in_the_audit_though_the_request_was_rolled_back(self) -> None:
        client_of(bo).get("/portal/company/people/")
        with vendor(acme):
            entry = AuditEntry.objects.get(action="access.denied")
            assert (entry.actor_name, entry.after) == ("Bo", {"path": "/portal/company/people/", "method": "GET"})

    def test_the_page_of_a_refusal_says_who_may(self) -> None:
        page = client_of(bo).get("/portal/company/people/").content.decode()
        assert "Partner admin" in page and "Operations manager" not in page

    def test_16_2_5_secrets_never_reach_the_log(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        canary = "canary-7f3a9c"
        Client().post("/account/login/", {"login": bo.email, "password": canary})
        call(f"prm_{canary}")
        Client().get(f"/account/invitation/{canary}/")
        text = "\n".join(record.getMessage() for record in caplog.records if record.name != "asyncio")
        assert canary not in text.replace(f"/account/invitation/{canary}/", "")

    def test_16_5_an_error_shows_nothing_of_the_inside(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from prm.kernel.identity import queries

        monkeypatch.setattr(queries, "members", lambda: 1 / 0)
        browser = client_of(ada)
        browser.raise_request_exception = False
        answer = browser.get("/console/setup/people/")
        assert answer.status_code == 500
        assert "division" not in answer.content.decode() and "Traceback" not in answer.content.decode()

    def test_8_2_3_roles_and_limits_cannot_be_slipped_into_a_form(self) -> None:
        client_of(ada).post(
            "/console/setup/people/invite/",
            {
                "email": "n@acme.example",
                "roles": ["sales"],
                "approval_limit": "1",
                "tenant_id": "x",
                "accepted_at": "now",
            },
        )
        with vendor(acme):
            assert not Membership.objects.filter(email="n@acme.example").exists()
