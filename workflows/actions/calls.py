"""Webhook calls that were given up, and the vendor's signing secret."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from prm.kernel import audit
from prm.kernel.decisions import Decision
from prm.kernel.identity.actors import Actor
from workflows import rules
from workflows.engine import calling, delivering
from workflows.engine.step import lock_run
from workflows.models import WebhookCall, WebhookKey


def deliver_again(*, call_id: UUID, actor: Actor, now: datetime) -> Decision:
    """Hand a call over again that was given up; the receiver can tell the repeat by its id."""
    made = WebhookCall.objects.select_for_update().get(pk=call_id)
    decision = rules.deliver_again(rules.CallFacts(roles=tuple(sorted(actor.roles)), kind=actor.kind, state=made.state))
    if decision.allowed:
        made.state, made.attempt, made.closed_at, made.not_before = WebhookCall.State.WAITING, 0, None, Now()
        made.save(update_fields=["state", "attempt", "closed_at", "not_before"])
        transaction.on_commit(calling.hint, robust=True)
    verb = "webhook.delivered_again" if decision.allowed else "webhook.delivery_refused"
    audit.record(verb, target=made, actor=actor, at=now, decision=decision)
    return decision


def give_up_call(*, call_id: UUID, actor: Actor, now: datetime) -> Decision:
    """The receiver will not come back: the run goes on with “failed” instead of waiting for the last try."""
    lock_run(WebhookCall.objects.values_list("run_id", flat=True).get(pk=call_id))
    made = WebhookCall.objects.select_for_update().get(pk=call_id)
    decision = rules.give_up_call(rules.CallFacts(roles=tuple(sorted(actor.roles)), kind=actor.kind, state=made.state))
    if decision.allowed:
        delivering.close(made, "failed", made.status_code, _("Given up by %(who)s.") % {"who": actor.name}, now)
    verb = "webhook.given_up" if decision.allowed else "webhook.giving_up_refused"
    audit.record(verb, target=made, actor=actor, at=now, decision=decision)
    return decision


def renew_webhook_key(*, actor: Actor, now: datetime) -> Decision:
    """Sign with a new secret from now on; for a day the one before signs as well."""
    decision = rules.renew_key(rules.KeyFacts(roles=tuple(sorted(actor.roles))))
    if decision.allowed:
        newest = WebhookKey.objects.aggregate(newest=Max("number"))["newest"] or 0
        key = WebhookKey.objects.create(number=newest + 1)
        audit.record("webhook.key_renewed", target=key, actor=actor, at=now, decision=decision)
    return decision
