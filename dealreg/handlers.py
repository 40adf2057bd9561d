"""What follows from deals' own events outside of any workflow: reminders and comments reach people."""

from datetime import datetime
from uuid import UUID

from dealreg import actions, queries
from dealreg.automation import people
from dealreg.events import DealCommented, DealExpired, DealExpiring
from dealreg.models import Deal, DealStatus
from prm.kernel import messages
from prm.kernel.decisions import jsonable
from prm.kernel.events import Delivered, handler
from prm.kernel.identity.actors import Actor


@handler(DealExpiring.name, DealExpired.name, name="dealreg.tell_of_protection")
def on_protection(event: Delivered, now: datetime) -> None:
    """Remind who submitted the deal, or say that its protection has ended."""
    template = "deal.expiring" if event.name == DealExpiring.name else "deal.expired"
    _send(template, event, now, people.submitter(event.subject_id), days=event.payload["detail"].get("days"))


@handler("workflows.task.claimed", name="dealreg.start_review")
def on_claim(event: Delivered, now: datetime) -> None:
    """A submitted deal is in review once somebody has taken its question up, whichever workflow asked it."""
    facts = event.facts
    if facts.get("task.subject_type") != "deal":
        return
    deal_id = UUID(str(facts["task.subject"]))
    if Deal.objects.filter(pk=deal_id, status=DealStatus.SUBMITTED).exists():
        actions.start_review(deal_id=deal_id, actor=Actor.system(str(facts["task.claimed_by"])), now=now)


@handler(DealCommented.name, name="dealreg.tell_of_comment")
def on_comment(event: Delivered, now: datetime) -> None:
    """Tell the other side; what the vendor's people say among themselves stays with the channel manager."""
    detail = event.payload["detail"]
    inside = detail["audience"] == "vendor"
    readers = people.other_side(event.subject_id, by_partner=bool(detail["by_partner"]) or inside)
    to = [reader for reader in readers if str(reader) != detail["author"]]
    _send(
        "deal.commented",
        event,
        now,
        to,
        author=detail["author_name"],
        text=detail["excerpt"],
        console=bool(detail["by_partner"]) or inside,
    )


def _send(template: str, event: Delivered, now: datetime, to: object, *, console: bool = False, **more: object) -> None:
    deal = queries.as_read(event.subject_id)
    facts = queries.message_facts(deal)
    messages.send(
        template=template,
        to=to,
        at=now,
        subject_id=deal.pk,  # type: ignore[arg-type]
        context={**facts, **{key: jsonable(value) for key, value in more.items()}},
        cause=f"event:{event.id}",
        url=f"/{'console' if console else 'portal'}/deals/{deal.pk}",
    )
