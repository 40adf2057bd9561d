"""What each kind of block does. All of it touches our own database only, inside the step's transaction."""

from collections.abc import Callable

from prm.kernel.automation import registry
from prm.kernel.identity.actors import Actor
from prm.kernel.wording import said as _
from workflows.definition import BrokenDefinition
from workflows.engine import calling, children, clocks, messages, people, waits
from workflows.engine.asking import ask
from workflows.engine.step import Result, Step


def run_action(step: Step) -> Result:
    """Call a registered action; it answers with a value to branch on. A refusal is such a value."""
    spec = registry.actions.get(step.block["action"])
    if spec is None:
        raise BrokenDefinition(_("No app offers the action “%(key)s” any more.") % {"key": step.block["action"]})
    actor = acting_as(step)
    outcome = spec.run(step.subject_id, step.fill(step.block.get("parameters") or {}), actor, step.now)
    return Result(outcome.value, outcome.detail, actor_name=actor.name)


def acting_as(step: Step) -> Actor:
    """The workflow itself, or with "as" the person who decided that approval."""
    name = step.block.get("as")
    if not name:
        return step.actor
    actor = step.steps.get(name, {}).get("actor")
    if not actor:
        return step.actor  # the approval was skipped or not on this way: nobody decided
    return Actor.of(actor)


def notify(step: Step) -> Result:
    """Record a message for everybody named; they are handed over by a task of their own."""
    to = people.recipients(step, step.block["recipients"])
    url = str(step.block.get("url") or "").replace("{subject}", str(step.subject_id))
    context = messages.context_of(step) | step.fill(step.block.get("variables") or {})
    sent = messages.send(
        step,
        template=step.block["template"],
        to=to,
        context=context,
        url=url,
        cause=f"run:{step.run_id}:{step.block_id}",
    )
    return Result("sent", {"template": step.block["template"], "people": len(to), "messages": sent})


RUN: dict[str, Callable[[Step], Result]] = {
    "validate": run_action,
    "action": run_action,
    "approval": ask,
    "notify": notify,
    "wait": waits.wait,
    "subworkflow": children.call,
    "webhook": calling.call,
    "sla_start": clocks.start,
    "sla_pause": clocks.pause,
    "sla_resume": clocks.resume,
    "sla_stop": clocks.stop,
}
