"""The demo's rare days, lived through by the cast: every block and way of every shipped workflow is taken."""

from datetime import datetime

import pytest
from django.test.utils import override_settings

from prm.demo import cast as demo
from prm.demo import syncing
from prm.demo.history import move_clock
from prm.demo.outcome import outcome
from prm.demo.rare import Rare
from prm.kernel.identity.actors import Actor
from tests.cast import Organisation, Somebody, acme, ada, birch, bo, cam, cedar, cy, finn, mia, olivia
from tests.workflows.things import settle

SECOND = Actor(kind="person", id="second", name="Anton", roles=frozenset({"admin"}))


def organisation(of: Organisation, seller: Somebody) -> demo.Organisation:
    who = demo.Worker(seller.membership_id, seller.person_id, seller.name, seller.email, seller.roles, of.id)
    return demo.Organisation(of.id, of.name, ("DE", "AT"), who, who)


@pytest.mark.usefixtures("as_worker")
class TestTheRareDays:
    def test_take_every_block_and_way_of_every_shipped_workflow_by_domain_actions_alone(self):
        moved: list[datetime] = []

        def forward(to: datetime) -> None:
            moved.append(move_clock(acme.id, to))

        rare = Rare(
            tenant=acme.id,
            one=organisation(birch, bo),
            other=organisation(cedar, cy),
            staff={
                "admin": ada.actor,
                "second": SECOND,
                "ops": olivia.actor,
                "approver": mia.actor,
                "finance": finn.actor,
                "cam": cam.actor,
            },
            work=settle,
            forward=forward,
        )
        rare.live()
        with override_settings(OUTGOING_HOSTS=[syncing.LOOPBACK]):
            fields = {"name": "Data lake", "address": f"http://{syncing.LOOPBACK}:9/"}
            lake = syncing.add(acme.id, ada, "webhook", fields, on=True)
            syncing.break_twice(acme.id, ada, olivia, lake, rare.small, settle)

        assert outcome(acme.id).untaken == {}
        assert len(moved) == 3
