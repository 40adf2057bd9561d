"""Every change of a record that a connection writes becomes a row for it, in the order in which it happened."""

from datetime import datetime

from integrations import actions, queries
from integrations.events import ExistingAsked
from prm.kernel.events import Delivered, handler


@handler(name="integrations.note_change", when=queries.watches)
def on_change(event: Delivered, now: datetime) -> None:
    for connection in queries.connections_of(event.name):
        actions.note_change(
            connection=connection,
            subject_id=event.subject_id,
            facts=event.facts,
            event=event.name,
            cause=f"event:{event.id}",
            at=event.at,
        )


@handler(ExistingAsked.name, name="integrations.write_existing")
def on_existing(event: Delivered, now: datetime) -> None:
    """The next of the records that there are already; then the event says where it goes on."""
    actions.note_existing(connection_id=event.subject_id, now=now, **event.payload["detail"])
