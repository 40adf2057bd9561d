"""What an operator does about an event that a handler could not take."""

from datetime import datetime
from uuid import UUID

from prm.kernel import audit
from prm.kernel.decisions import Decision, Reason
from prm.kernel.events import relay
from prm.kernel.events.models import Delivery
from prm.kernel.identity.actors import Actor
from prm.kernel.wording import said as _

RULE = "parked-delivery/1"


def retry_delivery(*, delivery_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Try a parked delivery again, with all its attempts; the events behind it follow in order."""
    return _settle(delivery_id, "retried", actor, now)


def skip_delivery(*, delivery_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Give a parked delivery up, so that later events of its subject go on. The audit keeps who did."""
    return _settle(delivery_id, "skipped", actor, now)


def _settle(delivery_id: UUID, what: str, actor: Actor, now: datetime) -> Decision:
    delivery = Delivery.objects.select_for_update(of=("self",)).select_related("event").get(pk=delivery_id)
    if delivery.state != "parked":
        text = _("It isn't parked any more: somebody has seen to it.")
        return Decision(RULE, "refused", False, (Reason("delivery.already_decided", text, "vendor"),))
    (relay.retry if what == "retried" else relay.skip)(delivery_id)
    decision = Decision(RULE, what, True, facts={"handler": delivery.handler, "event": delivery.event.name})
    audit.record(f"events.delivery_{what}", target=delivery, actor=actor, at=now, decision=decision)
    return decision
