"""Many webhook calls at once: delivered again or given up, and said beforehand that nothing takes it back."""

from typing import Any

import pytest

from tests import world
from tests.cast import client_of, mia, olivia, vendor
from tests.workflows.test_webhooks import FAILED, Receiver, go, hook, receiver
from tests.workflows.things import find, publish, settle
from workflows.models import Run, WebhookCall

__all__ = ["receiver"]
pytestmark = [pytest.mark.usefixtures("replays_true"), pytest.mark.usefixtures("as_worker")]
LIST = "/console/workflows/webhooks/"


def three_calls(receiver: Receiver, *answers: int) -> list[Any]:
    receiver.answers = list(answers)
    publish(hook(receiver.url), FAILED)
    for _answer in answers:
        find()
        settle()
        go()
    with vendor():
        return list(WebhookCall.objects.order_by("made_at").values_list("pk", flat=True))


def states() -> list[str]:
    with vendor():
        return list(WebhookCall.objects.order_by("made_at").values_list("state", flat=True))


class TestDeliveringManyAgain:
    def test_takes_those_that_were_given_up_and_each_goes_once_more_under_its_own_id(self, receiver: Receiver):
        calls = three_calls(receiver, 410, 200, 410)
        asked = {"bulk": "again", "ids": calls}
        with world.logged_in_as("web"):
            page = client_of(olivia).post(LIST, asked).content.decode()
            assert "<strong>2</strong> rows will be changed" in page and "This call has not been given up." in page
            assert "be taken back" in page
            assert states() == ["failed", "delivered", "failed"], "nothing before it is confirmed"

            done = client_of(olivia).post(LIST, asked | {"confirmed": "1"}, follow=True).content.decode()
        assert "2 calls are on their way again." in done and "undo=" not in done
        go()

        assert states() == ["delivered"] * 3
        sent = [headers["webhook-id"] for headers, _body in receiver.got]
        assert sorted(sent.count(one) for one in set(sent)) == [1, 2, 2]

    def test_is_for_operations_and_admins(self, receiver: Receiver):
        calls = three_calls(receiver, 410)
        with world.logged_in_as("web"):
            assert client_of(mia).post(LIST, {"bulk": "again", "ids": calls}).status_code == 403


class TestGivingManyUp:
    def test_lets_the_runs_of_those_that_wait_go_on(self, receiver: Receiver):
        calls = three_calls(receiver, 503, 200, 503)
        data = {"bulk": "give_up", "ids": calls, "confirmed": "1"}
        with world.logged_in_as("web"):
            page = client_of(olivia).post(LIST, data, follow=True).content.decode()
        assert "2 calls are given up; their runs go on." in page
        settle()

        assert states() == ["failed", "delivered", "failed"]
        with vendor():
            assert not Run.objects.filter(status="running").exists()
