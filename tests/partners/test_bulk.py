"""Many partners at once, from the directory: what would happen is shown first."""

from partners import actions
from partners.models import Partner, Watch
from tests.cast import acme, birch, bo, cam, cedar, client_of, olivia, vendor, zenith, zinc, zoe

DIRECTORY = "/console/partners/"


def suspended(one, of, by):
    with vendor(of) as now:
        actions.suspend_partner(partner_id=one.id, reason="Unpaid", actor=by.actor, now=now)


def status_of(one, of):
    with vendor(of):
        return Partner.objects.get(pk=one.id).status


class TestLettingSeveralWorkAgain:
    def test_is_shown_first_and_changes_nothing(self):
        suspended(birch, acme, olivia)

        page = client_of(olivia).post(DIRECTORY, {"bulk": "reactivate", "ids": [birch.id, cedar.id]}).content.decode()

        assert "<strong>1</strong> row will be changed" in page and "It is not suspended" in page
        assert status_of(birch, acme) == "suspended"

    def test_confirmed_takes_those_that_are_suspended_and_no_other_vendors(self):
        suspended(birch, acme, olivia)
        suspended(zinc, zenith, zoe)

        data = {"bulk": "reactivate", "ids": [birch.id, cedar.id, zinc.id], "confirmed": "1"}
        page = client_of(olivia).post(DIRECTORY, data, follow=True).content.decode()

        assert "1 partner works again." in page
        assert status_of(birch, acme) == "active"
        assert status_of(zinc, zenith) == "suspended"

    def test_is_for_those_who_may_do_it_to_one(self):
        assert client_of(cam).post(DIRECTORY, {"bulk": "reactivate", "ids": [birch.id]}).status_code == 403
        assert client_of(bo).post(DIRECTORY, {"bulk": "reactivate", "ids": [birch.id]}).status_code in (302, 403)


class TestStoppingToWatchSeveral:
    def test_skips_those_that_nobody_watches(self):
        with vendor(acme) as now:
            actions.watch_partner(partner_id=birch.id, reason="New owner", actor=olivia.actor, now=now)

        data = {"bulk": "unwatch", "ids": [birch.id, cedar.id], "confirmed": "1"}
        page = client_of(olivia).post(DIRECTORY, data, follow=True).content.decode()

        assert "The watch is taken off 1 partner." in page
        with vendor(acme):
            assert not Watch.objects.exists()
