"""Many people at once: what would happen is shown first, and roles come back with one stroke."""

import re
from datetime import timedelta

from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity import actions
from prm.kernel.identity.lists import open_invitations
from prm.kernel.identity.models import Membership
from tests.cast import acme, ada, aud, bea, bo, cam, client_of, cy, mia, olivia, vendor, zed

INVITED = "/console/setup/people/invitations/"
PEOPLE, OURS = "/console/setup/people/", "/portal/company/people/"


def ids(*people):
    return [str(who.membership_id) for who in people]


def roles_of(who):
    with vendor(who.vendor):
        return Membership.objects.get(pk=who.membership_id).roles


def undo_in(page: str) -> str:
    found = re.search(r"undo=(/[^\s\"]+)", page)
    assert found, "nothing offers an undo"
    return found[1]


class TestGivingManyARole:
    def test_is_shown_first_with_who_is_left_out_and_why(self):
        client = client_of(ada)
        first = client.post(PEOPLE, {"bulk": "give_role", "ids": ids(olivia, ada)}).content.decode()
        assert "<strong>1</strong> row will be changed" in first
        assert "Somebody else has to change what you yourself may do." in first

        typed = {"bulk": "give_role", "ids": ids(olivia, mia, bo, zed), "role": "ops"}
        answer = client.post(PEOPLE, typed | {"confirmed": "1"}, follow=True).content.decode()

        assert "Roles of 1 person changed." in answer, "Olivia has it, Bo is a partner's, Zed is nobody's here"
        assert (roles_of(mia), roles_of(bo), roles_of(zed)) == (["approver", "ops"], ["seller"], ["seller"])

    def test_is_taken_back_with_one_stroke_but_for_whom_somebody_else_has_changed_since(self):
        client = client_of(ada)
        typed = {"bulk": "give_role", "ids": ids(mia, cam), "role": "ops", "confirmed": "1"}
        undo = undo_in(client.post(PEOPLE, typed, follow=True).content.decode())
        with vendor(acme) as now:
            actions.change_roles(membership_id=cam.membership_id, roles=["legal"], actor=ada.actor, now=now)

        assert client_of(olivia).post(undo).status_code == 409, "not hers to take back"
        assert client.post(undo).status_code == 204
        assert (roles_of(mia), roles_of(cam)) == (["approver"], ["legal"])
        assert client.post(undo).status_code == 409, "once"

    def test_is_not_taken_back_later(self):
        with vendor(acme) as now:
            batch = acme.id
            actions.change_roles(membership_id=mia.membership_id, roles=["ops"], actor=ada.actor, now=now, batch=batch)
            later = now + timedelta(minutes=2)
            assert actions.undo_roles(batch=batch, actor=ada.actor, now=later) == 0
            assert actions.undo_roles(batch=batch, actor=ada.actor, now=now) == 1

    def test_of_a_partner_stays_within_the_partner(self):
        client = client_of(bea)
        typed = {"bulk": "give_role", "ids": ids(bo, cy), "role": "marketing", "confirmed": "1"}
        undo = undo_in(client.post(OURS, typed, follow=True).content.decode())

        assert (roles_of(bo), roles_of(cy)) == (["seller", "marketing"], ["seller"])
        assert undo.startswith("/portal/") and client.post(undo).status_code == 204
        assert roles_of(bo) == ["seller"]

    def test_the_vendors_roles_are_not_a_partners_to_give(self):
        page = client_of(bea).post(OURS, {"bulk": "give_role", "ids": ids(bo), "role": "admin", "confirmed": "1"})
        assert page.status_code == 200 and roles_of(bo) == ["seller"]


class TestTakingARoleFromMany:
    def test_leaves_nobody_without_any(self):
        client = client_of(ada)
        with vendor(acme) as now:
            actions.change_roles(membership_id=mia.membership_id, roles=["approver", "ops"], actor=ada.actor, now=now)
        typed = {"bulk": "take_role", "ids": ids(mia, olivia), "role": "ops", "confirmed": "1"}
        client.post(PEOPLE, typed)

        assert (roles_of(mia), roles_of(olivia)) == (["approver"], ["ops"])


class TestInvitingManyAgain:
    def test_sends_new_links_and_ends_the_old_for_those_who_have_not_come(self):
        with vendor(acme) as now:
            for mail in ("nia@new.example", "nell@new.example", olivia.email):
                who = {"partner_id": None, "roles": ["ops"], "actor": ada.actor, "now": now}
                actions.invite_person(email=mail, name="", **who)
            first = dict(open_invitations().values_list("email", "pk"))
        assert sorted(first) == ["nell@new.example", "nia@new.example"], "Olivia is here already"
        client = client_of(ada)
        asked = {"bulk": "again", "ids": [first["nia@new.example"]]}
        assert "be called back" in client.post(INVITED, asked).content.decode()

        done = client.post(INVITED, asked | {"confirmed": "1"}, follow=True).content.decode()

        assert "1 new link is on its way." in done and "undo=" not in done
        with vendor(acme):
            after = dict(open_invitations().values_list("email", "pk"))
        assert after["nell@new.example"] == first["nell@new.example"]
        assert after["nia@new.example"] != first["nia@new.example"] and len(after) == 2

    def test_and_withdrawing_are_for_those_who_may_invite_there(self):
        with vendor(acme) as now:
            actions.invite_person(
                email="nia@new.example", name="", partner_id=None, roles=["ops"], actor=ada.actor, now=now
            )
            ids = list(open_invitations().values_list("pk", flat=True))
        for verb in ("again", "withdraw"):
            data = {"bulk": verb, "ids": ids, "confirmed": "1"}
            assert "Only an admin" in client_of(olivia).post(INVITED, data).content.decode()
            assert client_of(aud).post(INVITED, data).status_code == 403
            client_of(bea).post("/portal/company/people/invitations/", data)
        with vendor(acme):
            assert list(open_invitations().values_list("pk", flat=True)) == ids
        client_of(ada).post(INVITED, {"bulk": "withdraw", "ids": ids, "confirmed": "1"})
        with vendor(acme):
            assert not open_invitations().exists()


class TestEndingTheAccessOfMany:
    def test_says_that_nothing_takes_it_back_and_then_does_it_at_once(self):
        client = client_of(ada)
        asked = {"bulk": "end", "ids": ids(mia, bo, ada)}
        page = client.post(PEOPLE, asked).content.decode()
        assert "nothing takes that back" in page and "<strong>2</strong> rows will be changed" in page

        done = client.post(PEOPLE, asked | {"confirmed": "1"}, follow=True).content.decode()

        assert "Access of 2 people ended." in done and "undo=" not in done
        with vendor(acme):
            ended = Membership.objects.exclude(ended_at=None).values_list("name", flat=True)
            assert sorted(ended) == ["Bo", "Mia"]
            assert AuditEntry.objects.filter(action="membership.ended").count() == 2

    def test_is_for_those_who_may_do_it_to_one(self):
        page = client_of(olivia).post(PEOPLE, {"bulk": "end", "ids": ids(mia)}).content.decode()
        assert "Only an admin of this organisation can manage its people." in page
        assert client_of(bo).post(OURS, {"bulk": "end", "ids": ids(bea)}).status_code == 403
