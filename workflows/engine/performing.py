"""Doing claimed work: one automatic step after the other, in one transaction with where the run then stands."""

import logging
from contextlib import nullcontext
from datetime import datetime

from django.db import transaction

from prm.kernel import events
from prm.kernel.events import sharing
from prm.kernel.tenancy.context import acting
from prm.kernel.tenancy.remembering import forget_all
from workflows.engine import advance, clocks, escalating, failure, scopes, waits
from workflows.engine.blocks import RUN
from workflows.engine.claiming import Claim
from workflows.engine.failure import MAX_ATTEMPTS, Exhausted, failed, is_worth_a_try
from workflows.engine.step import Result, Step, load

log = logging.getLogger(__name__)
STEPS_IN_A_ROW = 40  # well within the lease; then others get their turn


def perform(claimed: Claim) -> None:
    """Work on a claim until its run waits, ends or fails. Another's claim meanwhile leaves no trace of ours.

    A second try goes one step at a time, so that work which kills its worker is found out by itself and
    takes no finished step down with it.
    """
    try:
        if claimed.attempt >= MAX_ATTEMPTS and not is_worth_a_try(claimed):
            raise Exhausted()
        fault = take_steps(claimed, 1 if claimed.attempt > 1 else STEPS_IN_A_ROW)
    except Exception as error:
        fault = error
    if fault is not None:
        _tell(claimed, fault)


def perform_all(claims: list[Claim]) -> None:
    """Work on many claims; those of one tenant share a transaction."""

    def take(claims: list[Claim], now: datetime) -> Exception | None:
        (claimed,) = claims
        return _steps_of(claimed, now, STEPS_IN_A_ROW)

    sharing.work_through(claims, take=take, alone=perform, tell=_tell)


def _tell(claimed: Claim, fault: Exception) -> None:
    if isinstance(fault, advance.FenceLost):
        log.info("left alone: %s", fault)
        return
    log.warning("work %s failed at attempt %s: %s", claimed.work_id, claimed.attempt, fault)
    failed(claimed, fault)


def take_steps(claimed: Claim, most: int) -> Exception | None:
    """The steps, their ends and what comes next commit together; a step that fails leaves those before it."""
    with acting(tenant=claimed.tenant_id, audience="vendor") as now:
        return _steps_of(claimed, now, most)


def _steps_of(claimed: Claim, now: datetime, most: int) -> Exception | None:
    step = load(claimed.work_id, now, fence=claimed.fence)
    if step is None:
        return None
    if step.kind == "escalation":
        (escalating.look_again if "task" in step.data else clocks.announce)(step)
        return None
    with events.because(f"run:{step.run_id}"):
        return _go_on(step, most)


def _go_on(step: Step, most: int) -> Exception | None:
    for _number in range(most):
        stood = step.stands()
        try:
            with transaction.atomic() if step.told else nullcontext():  # the first takes all back anyway
                result = _do(step)
        except Exception as fault:
            step.go_back(stood)
            if not step.told:
                raise
            forget_all()  # what was read since the savepoint may never have been
            advance.settle(step, held=True)
            return fault
        if result is None:
            pass
        elif result.waits or result.until is not None:
            advance.park(step, result)
            return None
        else:
            advance.finish(step, result)
        if step.result is not None or step.arrived:
            break
    advance.settle(step)
    return None


def _do(step: Step) -> Result | None:
    """What the block at hand does; None where it only leads on."""
    if step.kind in waits.WAKES:
        return waits.WAKES[step.kind](step)
    if step.at_the_end_of_a_branch:
        return scopes.arrive(step)
    if step.block.type == "parallel":
        scopes.enter(step)
        return None
    if step.block.type in ("branch", "end"):
        advance.walk(step, step.block_id)
        return None
    result = RUN[step.block.type](step)
    if told := result.detail.get("incident"):
        failure.report(step, told)
    return result
