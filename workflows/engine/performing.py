"""Doing claimed work: one step in one transaction, then the next automatic one of the same run."""

import logging

from prm.kernel.tenancy.context import acting
from workflows.engine import advance, clocks, failure
from workflows.engine.blocks import RUN
from workflows.engine.claiming import Claim
from workflows.engine.failure import MAX_ATTEMPTS, Exhausted, failed
from workflows.engine.step import Result, Step, load

log = logging.getLogger(__name__)
STEPS_IN_A_ROW = 40  # well within the lease; then others get their turn


def perform(claimed: Claim) -> None:
    """Work on a claim until its run waits, ends or fails. Another's claim meanwhile leaves no trace of ours."""
    going = claimed
    for left in range(STEPS_IN_A_ROW, 0, -1):
        try:
            following = one_step(going, go_on=left > 1)
        except advance.FenceLost as lost:
            log.info("left alone: %s", lost)
            return
        except Exception as error:
            log.warning("work %s failed at attempt %s: %s", going.work_id, going.attempt, error)
            failed(going, error)
            return
        if following is None:
            return
        going = following


def one_step(claimed: Claim, *, go_on: bool) -> Claim | None:
    """The step, its completion and the next work commit together or not at all."""
    with acting(tenant=claimed.tenant_id, audience="vendor") as now:
        step = load(claimed.work_id, now, fence=claimed.fence)
        if step is None:
            return None
        if claimed.attempt > MAX_ATTEMPTS:
            raise Exhausted()
        return _do(step, go_on=go_on)


def _do(step: Step, *, go_on: bool) -> Claim | None:
    if step.kind == "escalation":
        clocks.announce(step)
        return None
    if step.kind == "timer":
        return advance.complete(step, Result("elapsed"), go_on=go_on)
    if step.block.type in ("branch", "end"):
        return advance.skip_glue(step, go_on=go_on)
    result = RUN[step.block.type](step)
    if result.waits or result.until is not None:
        advance.park(step, result)
        return None
    if told := result.detail.get("incident"):
        failure.report(step, str(told))
    return advance.complete(step, result, go_on=go_on)
