"""Keys for programs: shown once, scoped, and stopped at once."""

import re
from datetime import timedelta
from typing import Any

from django.db.models.functions import Now
from django.test import Client

from prm.kernel.identity import actions
from prm.kernel.identity.models import ApiToken
from tests.cast import acme, ada, bea, birch, bo, client_of, olivia, partner, vendor


def key_of(who: Any, *roles: str, of: Any = None) -> str:
    """A key that somebody made for their own organisation, or for a partner (`of`)."""
    of = of or who.partner
    with partner(who.partner) if who.partner else vendor(who.vendor) as now:
        issued = actions.issue_token(
            name="CRM", roles=roles, partner_id=of and of.id, days=30, actor=who.actor, now=now
        )
    assert issued.decision.allowed
    return issued.secret


def call(secret: str, path: str = "/api/v1/people", **headers: str) -> Any:
    return Client().get(path, headers={"Authorization": f"Bearer {secret}", **headers})


class TestAKey:
    def test_is_shown_once_and_kept_as_a_hash(self) -> None:
        page = client_of(ada).post("/console/setup/keys/", {"name": "CRM", "days": "30", "roles": ["ops"]})
        secret = re.search(r"prm_[\w-]{43}", page.content.decode()).group()  # type: ignore[union-attr]

        assert secret not in client_of(ada).get("/console/setup/keys/").content.decode()
        with vendor(acme):
            assert secret not in str(ApiToken.objects.values().get())
        assert call(secret).status_code == 200

    def test_of_a_partner_sees_that_partner_only(self) -> None:
        emails = [row["email"] for row in call(key_of(bea, "partner_admin")).json()["results"]]
        assert sorted(emails) == ["bea@birch.example", "bo@birch.example"]

    def test_of_a_vendor_sees_its_tenant_only(self) -> None:
        emails = {row["email"] for row in call(key_of(ada, "ops")).json()["results"]}
        assert "olivia@acme.example" in emails
        assert not any(email.endswith(("zenith.example", "zinc.example")) for email in emails)

    def test_works_no_more_once_revoked(self) -> None:
        secret = key_of(ada, "ops")
        with vendor(acme):
            pk = ApiToken.objects.get().pk
        client_of(ada).post(f"/console/setup/keys/{pk}/revoke/")
        assert call(secret).status_code == 401

    def test_works_no_more_once_expired(self) -> None:
        secret = key_of(ada, "ops")
        with vendor(acme):
            ApiToken.objects.update(expires_at=Now() - timedelta(seconds=1))
        assert call(secret).status_code == 401

    def test_notes_when_it_was_used(self) -> None:
        call(key_of(ada, "ops"))
        with vendor(acme):
            assert ApiToken.objects.get().last_used_at is not None

    def test_is_made_by_admins_only(self) -> None:
        assert client_of(olivia).get("/console/setup/keys/").status_code == 403
        assert client_of(bo).get("/portal/company/keys/").status_code == 403
        with vendor(acme) as now:
            issued = actions.issue_token(
                name="x", roles=["admin"], partner_id=None, days=1, actor=olivia.actor, now=now
            )
        assert issued.decision.reason_keys == ("token.not_yours_to_make",) and not issued.secret

    def test_of_a_partner_cannot_hold_the_vendors_roles(self) -> None:
        with partner(birch) as now:
            issued = actions.issue_token(name="x", roles=["ops"], partner_id=birch.id, days=1, actor=bea.actor, now=now)
        assert issued.decision.reason_keys == ("membership.roles_do_not_fit",)

    def test_opens_the_api_and_no_page(self) -> None:
        assert call(key_of(ada, "admin"), "/console/setup/people/").status_code == 302

    def test_a_session_does_not_open_the_api(self) -> None:
        assert client_of(ada).get("/api/v1/people").status_code == 401

    def test_a_made_up_one_is_refused(self) -> None:
        answer = call("prm_" + "x" * 43)
        assert answer.status_code == 401 and answer["WWW-Authenticate"] == "Bearer"
