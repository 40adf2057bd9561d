"""Being away: said by oneself or by who runs the team, judged, audited, and within one organisation."""

from datetime import timedelta
from typing import Any

import pytest

from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.actions import set_absence
from prm.kernel.identity.models import Membership
from tests.cast import Somebody, ada, bea, bo, cam, client_of, cy, finn, mia, olivia, partner, vendor


def away(of: Somebody, by: Somebody, delegate: Somebody | None = None, days: tuple[int, int] = (0, 5)) -> Any:
    with partner(by.partner) if by.partner else vendor() as now:
        return set_absence(
            membership_id=of.membership_id,
            away_from=now.date() + timedelta(days=days[0]),
            away_until=now.date() + timedelta(days=days[1]),
            delegate_id=delegate.membership_id if delegate else None,
            actor=by.actor,
            now=now,
        )


def now_said(of: Somebody) -> Membership:
    with vendor():
        return Membership.objects.get(pk=of.membership_id)


class TestAnAbsence:
    @pytest.mark.parametrize(("of", "by"), [(mia, mia), (mia, ada), (mia, olivia), (bo, bo), (bo, bea)])
    def test_is_set_by_oneself_and_by_who_runs_the_team(self, of: Somebody, by: Somebody):
        assert away(of, by).allowed
        assert now_said(of).away_from is not None
        with vendor():
            entry = AuditEntry.objects.filter(action="membership.absence_set").latest("recorded_at")
            assert (entry.actor_name, entry.target_id) == (by.name, of.membership_id)

    @pytest.mark.parametrize(("of", "by"), [(mia, finn), (mia, cam), (bo, ada)])
    def test_is_not_set_by_others_and_the_refusal_is_audited(self, of: Somebody, by: Somebody):
        assert away(of, by).reason_keys == ("absence.not_yours_to_set",)
        assert now_said(of).away_from is None
        with vendor():
            assert AuditEntry.objects.filter(action="membership.absence_refused").exists()

    def test_ends_after_it_begins(self):
        assert away(mia, mia, days=(5, 1)).reason_keys == ("away_until.too_early",)

    @pytest.mark.parametrize("delegate", [mia, bo, cy])
    def test_has_a_stand_in_of_the_same_organisation_who_is_somebody_else(self, delegate: Somebody):
        assert away(mia, mia, delegate).reason_keys == ("delegate.not_here",)
        assert away(mia, mia, cam).allowed
        assert now_said(mia).delegate_id == cam.membership_id


class TestThePages:
    def test_everybody_sets_their_own_among_their_preferences(self):
        browser = client_of(mia)
        typed = {"away_from": "2031-03-01", "away_until": "2031-03-09", "delegate": str(cam.membership_id)}
        assert browser.post("/account/preferences/", {"title": "Approver", **typed}).status_code == 302
        found = now_said(mia)
        assert (str(found.away_until), found.delegate_id, found.title) == ("2031-03-09", cam.membership_id, "Approver")
        wrong = browser.post("/account/preferences/", {**typed, "away_until": "2031-02-01"})
        assert "This is before the first day away." in wrong.content.decode()

    def test_operations_set_it_for_somebody_who_is_ill(self):
        page = f"/console/setup/people/{mia.membership_id}/"
        assert "Who stands in" in client_of(olivia).get(page).content.decode()
        client_of(olivia).post(f"{page}absence/", {"away_from": "2031-03-01", "delegate": str(cam.membership_id)})
        assert str(now_said(mia).away_from) == "2031-03-01"

    def test_a_partner_admin_sets_it_for_their_own_people_alone(self):
        client_of(bea).post(f"/portal/company/people/{bo.membership_id}/absence/", {"away_from": "2031-03-01"})
        assert now_said(bo).away_from is not None
        answer = client_of(bea).post(f"/portal/company/people/{cy.membership_id}/absence/", {"away_from": "2031-03-01"})
        assert answer.status_code == 404
        assert now_said(cy).away_from is None
