"""The run loop: claim what is due, do one step in one transaction with what comes next, go on.

PostgreSQL is the only truth; whoever dies, a step is done exactly once (docs/adr and DESIGN, section 5).
`drain()` does everything that is due now, for workers, tests and the demo alike.
"""

from prm.kernel.events import relay
from prm.kernel.tenancy.context import acting
from workflows.engine.claiming import Claim, claim, claim_here
from workflows.engine.delivering import deliver_due
from workflows.engine.performing import perform, perform_all
from workflows.engine.starting import start_runs
from workflows.engine.sweeping import sweep
from workflows.engine.timetables import keep_time

__all__ = ["Claim", "claim", "deliver_due", "drain", "keep_time", "perform", "perform_all", "start_runs", "sweep"]


def drain(limit: int = 10_000, *, each: int = 4, most: int = 16) -> int:
    """Carry out due decisions, then do due work until nothing is; returns how many claims were worked on."""
    from workflows.actions.intents import carry_out, due_intents

    done = 0
    while done < limit:
        with acting(audience="relay"):
            intents, claims = due_intents(limit), claim_here(each=each, most=most)
        for tenant, intent in intents:
            carry_out(tenant, intent)
        if not claims and not intents:
            break
        done += len(intents)
        perform_all(claims)
        done += len(claims)
    return done


def hint() -> None:
    """Wake a worker. Losing this message loses seconds, since sweepers look by themselves."""
    relay.wake("workflows.tasks.work")
