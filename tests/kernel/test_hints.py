"""Hints wake workers: few of them pile up, none grows stale, and Redis alone counts their seconds."""

from typing import Any

import pytest
from celery.signals import before_task_publish

from prm.celery import app, nudge
from prm.kernel.events import relay
from workflows import tasks

TASK = "workflows.tasks.sweep"
pytestmark = pytest.mark.usefixtures("as_worker")


_sent: list[Any] = []


@before_task_publish.connect(sender=TASK, weak=False)
def _note(headers: Any = None, **told: Any) -> None:
    _sent.append(headers)


@pytest.fixture
def sent() -> list[Any]:
    """The headers of each hint that went to the real broker."""
    _sent.clear()
    return _sent


class TestAHint:
    def test_is_one_however_many_ask_until_a_worker_has_taken_it(self, sent: list[Any]) -> None:
        for _time in range(3):
            nudge(TASK)
            tasks.sweep.apply_async()  # as the scheduler sends it
        assert len(sent) == 1

        tasks.sweep()
        nudge(TASK)

        assert len(sent) == 2

    def test_never_grows_stale_so_that_a_worker_whose_clock_is_ahead_throws_none_away(self, sent: list[Any]) -> None:
        nudge(TASK)
        tasks.sweep()
        tasks.sweep.apply_async()
        assert [told["expires"] for told in sent] == [None, None]
        assert not any("expires" in entry.get("options", {}) for entry in app.conf.beat_schedule.values())

    def test_of_the_scheduler_is_one_as_well(self, sent: list[Any]) -> None:
        assert tasks.sweep.apply_async() is not None
        assert tasks.sweep.apply_async() is None
        assert len(sent) == 1

    def test_is_not_sent_by_a_worker_that_looks_again_by_itself(self, sent: list[Any]) -> None:
        with relay.going_on():
            relay.wake(TASK)
        assert sent == []
        relay.wake(TASK)
        assert len(sent) == 1

    def test_goes_to_its_own_queue_and_no_other(self) -> None:
        queues = app.amqp.queues
        assert len({(queue.exchange.name, queue.routing_key) for queue in queues.values()}) == len(queues)
        with app.connection_for_write() as connection, connection.channel() as channel:
            for queue in queues.values():
                queue(channel).declare()
            found = {name: channel.typeof(q.exchange.name).lookup(
                channel.get_table(q.exchange.name), q.exchange.name, q.routing_key, None
            ) for name, q in queues.items()}  # fmt: skip
        assert {name: list(names) for name, names in found.items()} == {name: [name] for name in queues}
