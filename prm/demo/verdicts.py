"""The last morning's conflicts: a few are settled on the workbench, so that there is something learned to look up."""

from uuid import UUID

from dealreg import actions
from dealreg.models import DealAssessment
from prm.demo.cast import Worker
from prm.kernel.tenancy.context import acting
from workflows.models import HumanTask

SETTLED = 10
LIKELY = 0.75


def settle_some(tenant: UUID, staff: dict[str, Worker]) -> int:
    """Olivia says of the likeliest candidates what they are; what waits for the same reason is judged again."""
    olivia = staff["Olivia Brandt"].actor
    with acting(tenant=tenant, audience="vendor"):
        asked = HumanTask.objects.filter(status="open", reasons__contains=[{"key": "deal.possible_conflict"}])
        waiting = list(asked.order_by("opened_at").values_list("subject_id", flat=True)[:SETTLED])
        found = DealAssessment.objects.filter(deal__in=waiting).values_list("deal_id", "findings")
        best = {deal: findings[0] for deal, findings in found if findings}
    done = 0
    for deal in waiting[::2]:  # the others stay for whoever opens the demo
        if deal not in best:
            continue
        share, candidate = float(best[deal]["probability"]), UUID(best[deal]["id"])
        saying = "same_customer" if share >= LIKELY else ("related" if done % 3 == 2 else "not_same")
        with acting(tenant=tenant, audience="vendor") as now:
            decision = actions.give_verdict(
                deal_id=deal, candidate=candidate, saying=saying, actor=olivia, now=now, immediately=True
            )
        done += decision.allowed
    return done
