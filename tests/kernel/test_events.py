"""The outbox and its relay: in order, once, and poison holds back only its own subject."""

from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

import pytest
from django.db.models.functions import Now

from prm.kernel import events
from prm.kernel.audit.models import AuditEntry
from prm.kernel.events import relay
from prm.kernel.events.models import Delivery, EventRow
from prm.kernel.reference.models import Vertical
from tests.cast import acme, ada, aud, client_of, vendor, zenith

seen: list[str] = []
poison: set[str] = set()


@dataclass(frozen=True, kw_only=True)
class Tried(events.Event):
    name: ClassVar[str] = "tests.thing.tried"
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Counted(Tried):
    name: ClassVar[str] = "tests.thing.counted"


@events.handler("tests.thing.tried", name="tests.first")
def first(event, now):
    note = event.payload["note"]
    Vertical.objects.create(code=f"v{len(seen)}-{note}", name=note)
    if note in poison:
        raise RuntimeError(f"{note} is poison")
    seen.append(note)


calls: list[list[str]] = []


@events.handler_of_many("tests.thing.counted", name="tests.several")
def several(told, now):
    notes = [event.payload["note"] for event in told]
    Vertical.objects.create(code="-".join(notes), name=f"several {len(notes)}")
    calls.append(notes)
    if poison.intersection(notes):
        raise RuntimeError("one of them is poison")


@pytest.fixture(autouse=True)
def _fresh():
    seen.clear()
    calls.clear()
    poison.clear()


def publish(note, subject=None, of=acme, kind=Tried):
    with vendor(of) as now:
        events.publish(kind(subject_id=subject or uuid4(), note=note), at=now)


def ours():
    return Delivery.objects.filter(handler="tests.first")


def due_again():
    with vendor(acme):
        ours().filter(state="pending").update(not_before=Now())


@pytest.mark.usefixtures("as_worker")
class TestTheRelay:
    def test_delivers_what_committed_and_nothing_else(self):
        publish("kept")
        with pytest.raises(ZeroDivisionError), vendor(acme) as now:
            events.publish(Tried(subject_id=uuid4(), note="lost"), at=now)
            _ = 1 / 0

        relay.drain()

        assert seen == ["kept"]
        with vendor(acme):
            assert set(ours().values_list("state", flat=True)) == {"done"}

    def test_keeps_the_order_of_one_subject(self):
        subject = uuid4()
        for number in range(12):
            publish(str(number), subject)

        relay.drain()

        assert seen == [str(number) for number in range(12)]

    def test_leaves_neither_effect_nor_receipt_of_a_failed_try(self):
        poison.add("bad")
        publish("bad")

        relay.drain()

        with vendor(acme):
            assert not Vertical.objects.filter(name="bad").exists()
            delivery = ours().get()
            assert (delivery.state, delivery.attempt) == ("pending", 1)
            assert "bad is poison" in delivery.error

    def test_parks_poison_after_its_attempts_and_holds_back_only_its_subject(self):
        subject = uuid4()
        poison.add("bad")
        publish("bad", subject)
        publish("behind", subject)
        publish("elsewhere")

        for _try in range(relay.MAX_ATTEMPTS + 1):
            relay.drain()
            due_again()

        assert seen == ["elsewhere"]
        with vendor(acme):
            assert ours().get(state="parked").event.payload["note"] == "bad"
            assert ours().get(state="pending").event.payload["note"] == "behind"

    def test_poison_takes_nothing_of_those_along_that_share_its_transaction(self):
        poison.add("bad")
        for note in ("one", "bad", "two", "three"):
            publish(note)
        relay.deliver_all(relay.claim(each=4))
        assert seen == ["one", "two", "three"]
        with vendor(acme):
            assert [row.state for row in ours().order_by("position")] == ["done", "pending", "done", "done"]
            assert Vertical.objects.filter(name="bad").count() == 0
            assert "poison" in ours().get(state="pending").error

    def test_hands_a_handler_of_many_all_at_once_and_where_one_fails_each_by_itself(self):
        subject = uuid4()
        for note in ("one", "two", "three"):
            publish(note, subject if note != "two" else None, kind=Counted)

        relay.drain()

        assert calls == [["one", "two"], ["three"]], "of one subject, the next comes when the one before is done"

        calls.clear()
        poison.add("bad")
        for note in ("four", "bad", "five"):
            publish(note, kind=Counted)
        relay.deliver_all(relay.claim())

        assert calls == [["four", "bad", "five"], ["four"], ["bad"], ["five"]]
        with vendor(acme):
            theirs = Delivery.objects.filter(handler="tests.several").order_by("position")
            assert [row.state for row in theirs][3:] == ["done", "pending", "done"]
            assert not Vertical.objects.filter(name="several 3").exists(), "the try of all has left nothing"

    def test_publishes_many_in_the_order_in_which_they_are_given(self):
        subjects = [uuid4() for _number in range(3)]
        with vendor() as now:
            made = [Tried(subject_id=subject, note=str(number)) for number, subject in enumerate(subjects)]
            ids = events.publish_all(made, at=now, cause="together")
            assert events.publish_all([], at=now) == []

        relay.drain()

        assert seen == ["0", "1", "2"]
        with vendor():
            rows = EventRow.objects.filter(cause="together").order_by("position")
            assert [(row.pk, row.subject_id) for row in rows] == list(zip(ids, subjects, strict=True))

    def test_goes_on_when_an_operator_retries_what_was_parked(self):
        subject = uuid4()
        poison.add("bad")
        publish("bad", subject)
        publish("behind", subject)
        for _try in range(relay.MAX_ATTEMPTS):
            relay.drain()
            due_again()
        poison.clear()
        with vendor(acme):
            parked = ours().get(state="parked")
            assert relay.retry(parked.pk)

        relay.drain()

        assert seen == ["bad", "behind"]

    def test_serves_every_tenant_in_turn(self):
        for number in range(40):
            publish(f"a{number}")
        publish("z", of=zenith)

        relay.drain(limit=32)

        assert "z" in seen

    def test_takes_over_when_a_worker_died_holding_the_lease(self):
        publish("orphan")
        claimed = relay.claim()
        assert len(claimed) == 1
        assert relay.drain() == 0
        with vendor(acme):
            ours().update(lease_until=Now() - timedelta(seconds=1))

        relay.drain()

        assert seen == ["orphan"]

    def test_those_who_were_with_a_worker_that_died_come_one_by_one_and_behind_all_others(self):
        publish("a")
        publish("b")
        assert len(relay.claim()) == 2
        with vendor(acme):
            ours().update(lease_until=Now() - timedelta(seconds=1))
        publish("fresh")

        assert [one.lapsed for one in relay.claim()] == [False, True]
        assert [one.lapsed for one in relay.claim()] == [True]
        assert relay.claim() == []

    def test_parks_what_its_worker_died_of_again_and_again(self):
        publish("deadly")
        with vendor(acme):
            ours().update(attempt=relay.MAX_ATTEMPTS)

        relay.drain()

        assert seen == []
        with vendor(acme):
            assert ours().get().state == "parked"
            assert "died" in ours().get().error

    def test_refuses_the_late_effect_of_a_worker_that_lost_its_lease(self):
        publish("once")
        (late,) = relay.claim()
        with vendor(acme):
            ours().update(lease_until=Now() - timedelta(seconds=1))
        relay.drain()

        relay.deliver(late)

        assert seen == ["once"]


class TestTheOperatorsPage:
    def test_shows_what_is_parked_and_tries_it_again(self):
        poison.add("bad")
        publish("bad")
        with vendor(acme):
            ours().update(state="parked", error="RuntimeError: bad is poison")
            parked = ours().get()
        client = client_of(ada)

        assert "bad is poison" in client.get(f"/console/integrations/events/{parked.pk}/").content.decode()
        client.post(f"/console/integrations/events/{parked.pk}/retry")

        with vendor(acme):
            assert ours().get().state == "pending"
            assert EventRow.objects.filter(name=Tried.name).count() == 1

    def test_settles_many_at_once_what_is_not_parked_left_alone(self):
        for subject in ("first", "second", "third"):
            publish(subject)
        with vendor(acme):
            parked = [row.pk for row in ours().order_by("position")[:2]]
            ours().filter(pk__in=parked).update(state="parked", error="RuntimeError")
        page, chosen = "/console/integrations/events/", {"bulk": "retry", "all": "1"}

        preview = client_of(ada).post(page, chosen).content.decode()
        with vendor(acme):
            assert ours().filter(state="parked").count() == 2, "a preview changes nothing"
        client_of(ada).post(page, {**chosen, "confirmed": "1"})

        assert "isn&#x27;t parked" in preview
        with vendor(acme):
            assert not ours().filter(state="parked").exists()
            assert AuditEntry.objects.filter(action="events.delivery_retried").count() == 2

    def test_offers_an_auditor_no_button(self):
        publish("bad")
        with vendor(acme):
            ours().update(state="parked", error="RuntimeError")
            parked = ours().get()
        address = f"/console/integrations/events/{parked.pk}"

        assert f"{address}/retry" in client_of(ada).get(f"{address}/").content.decode()
        assert f"{address}/retry" not in client_of(aud).get(f"{address}/").content.decode()
