"""Proposed rules as the pages show them."""

from prm.kernel.conditions import ConditionError, UnknownFact, schema_named, sentence
from workflows.models import HumanTask, RuleProposal
from workflows.proposals.reading import reasons_of


def said(proposal: RuleProposal) -> str:
    """The proposal's condition in the reader's language; as it was found, where its facts are no more."""
    try:
        return sentence(proposal.when, schema_named(proposal.schema))
    except (ConditionError, UnknownFact):
        return proposal.sentence


def proposal_for(task: HumanTask) -> RuleProposal | None:
    """The open proposal that would have answered a decided task as its person did."""
    if task.status != HumanTask.Status.DECIDED:
        return None
    keys, _text = reasons_of(task.reasons)
    return RuleProposal.objects.filter(
        status="open", queue=task.queue, outcome=task.outcome, reason_keys=list(keys), tasks__contains=[task.pk]
    ).first()
