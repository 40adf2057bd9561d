"""What people may do, and their leaving."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity import actions
from prm.kernel.identity.models import ApiToken, Membership
from tests.cast import acme, ada, bea, birch, bo, client_of, cy, olivia, partner, vendor, zoe


def change(who: Any, roles: list[str], *, by: Any) -> Any:
    with vendor(acme) as now:
        return actions.change_roles(membership_id=who.membership_id, roles=roles, actor=by.actor, now=now)


def promoted(who: Any) -> Any:
    """As an actor after having been made admin."""
    assert change(who, ["admin"], by=ada).allowed
    return SimpleNamespace(actor=replace(who.actor, roles=frozenset({"admin"})))


def end(who: Any, *, by: Any) -> Any:
    with vendor(acme) as now:
        return actions.end_membership(membership_id=who.membership_id, actor=by.actor, now=now)


class TestChangingRoles:
    def test_an_admin_gives_other_roles_and_the_audit_holds_both(self) -> None:
        decision = change(olivia, ["approver", "cam"], by=ada)

        assert decision.allowed
        with vendor(acme):
            assert Membership.objects.get(pk=olivia.membership_id).roles == ["approver", "cam"]
            entry = AuditEntry.objects.get(action="membership.roles_changed")
            assert (entry.before, entry.after) == ({"roles": ["ops"]}, {"roles": ["approver", "cam"]})

    def test_nobody_changes_their_own_roles(self) -> None:
        assert change(ada, ["admin", "finance"], by=ada).reason_keys == ("membership.is_your_own",)

    def test_the_last_admin_stays_admin(self) -> None:
        second = promoted(olivia)
        assert change(ada, ["ops"], by=second).allowed
        assert change(olivia, ["ops"], by=second).reason_keys == ("membership.is_your_own", "membership.last_admin")

    def test_a_partners_role_does_not_fit_the_vendor(self) -> None:
        assert change(olivia, ["seller"], by=ada).reason_keys == ("membership.roles_do_not_fit",)

    def test_a_refusal_changes_nothing_and_is_audited(self) -> None:
        decision = change(ada, ["auditor"], by=olivia)

        assert decision.reason_keys == ("membership.not_yours_to_manage", "membership.last_admin")
        with vendor(acme):
            assert Membership.objects.get(pk=ada.membership_id).roles == ["admin"]
            assert AuditEntry.objects.get(action="membership.role_change_refused").decision is not None

    def test_8_3_2_a_demotion_is_effective_on_the_next_request(self) -> None:
        browser = client_of(olivia)
        assert browser.get("/console/setup/people/").status_code == 200

        change(olivia, ["sales"], by=ada)

        assert browser.get("/console/setup/people/").status_code == 403

    def test_8_3_2_an_admin_who_is_admin_no_more_loses_the_keys_they_made(self) -> None:
        with vendor(acme) as now:
            made = actions.issue_token(name="CRM", roles=["admin"], partner_id=None, days=30, actor=ada.actor, now=now)
        change(ada, ["sales"], by=promoted(olivia))
        with vendor(acme):
            assert ApiToken.objects.get(pk=made.token_id).revoked_at is not None


class TestAPartnerAdmin:
    def test_manages_their_own_people(self) -> None:
        with partner(birch) as now:
            decision = actions.change_roles(
                membership_id=bo.membership_id, roles=["seller", "marketing"], actor=bea.actor, now=now
            )
        assert decision.allowed

    def test_cannot_reach_another_partners_people_at_all(self) -> None:
        answer = client_of(bea).post(f"/portal/company/people/{cy.membership_id}/end/")

        assert answer.status_code == 404
        with vendor(acme):
            assert Membership.objects.get(pk=cy.membership_id).ended_at is None

    def test_sees_nobody_of_the_vendor_in_the_list(self) -> None:
        page = client_of(bea).get("/portal/company/people/").content.decode()

        assert "bo@birch.example" in page
        assert "olivia@" not in page and "cy@" not in page


class TestEndingAMembership:
    def test_7_4_it_ends_the_session_with_the_next_request(self) -> None:
        browser = client_of(bo)
        assert browser.get("/portal/company/people/").status_code == 403

        assert end(bo, by=ada).allowed

        answer = browser.get("/portal/company/people/")
        assert answer.status_code == 302 and answer.url.startswith(("/account/choose/", "/account/login/"))

    def test_7_4_it_revokes_the_keys_they_made(self) -> None:
        with vendor(acme) as now:
            made = actions.issue_token(name="CRM", roles=["ops"], partner_id=None, days=30, actor=ada.actor, now=now)
        assert made.secret

        assert end(ada, by=promoted(olivia)).allowed

        with vendor(acme):
            assert ApiToken.objects.get(pk=made.token_id).revoked_at is not None

    def test_another_vendors_member_is_simply_not_there(self) -> None:
        page = client_of(ada).get(f"/console/setup/people/{zoe.membership_id}/")
        nobody = client_of(ada).get("/console/setup/people/019aa000-0000-7000-8000-000000000000/")

        assert page.status_code == nobody.status_code == 404
