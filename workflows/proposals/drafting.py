"""A proposal as a draft: an exception in the rules that gave the reason, else an answer of the approval."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from prm.kernel.automation import actions as rule_actions
from prm.kernel.automation.models import RuleVersion
from prm.kernel.conditions import schema_named, validate_rules
from prm.kernel.identity.actors import Actor
from workflows.actions.definitions import save_draft
from workflows.definition.blocks import block_id, walk
from workflows.models import RuleProposal, WorkflowVersion

Document = dict[str, Any]


class CannotDraft(ValueError):
    """The proposal has no place any more; the message says why."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Where a proposal went: `kind` is rules or workflow."""

    kind: str
    name: str
    version_id: UUID


def draft_of(proposal: RuleProposal, actor: Actor, now: datetime) -> Draft:
    """Write the draft, going on with the one that there is. Raises CannotDraft."""
    rules = _rules_with_reason(proposal)
    return _of_rules(proposal, rules, actor, now) if rules else _of_workflow(proposal, actor, now)


# --- rules -----------------------------------------------------------------------------------------


def _rules_with_reason(proposal: RuleProposal) -> RuleVersion | None:
    """The rules in force that ask a person for exactly this reason."""
    if len(proposal.reason_keys) != 1:
        return None
    for version in RuleVersion.objects.filter(status="published", ruleset__schema=proposal.schema):
        if any(_asks(rule, proposal.reason_keys[0]) for rule in version.document.get("rules", ())):
            return version
    return None


def _asks(rule: Any, reason: str) -> bool:
    if not isinstance(rule, Mapping) or rule.get("outcome") != "review" or not rule.get("active", True):
        return False
    return ((rule.get("reason") or {}).get("key") or rule.get("key")) == reason


def _of_rules(proposal: RuleProposal, published: RuleVersion, actor: Actor, now: datetime) -> Draft:
    held = RuleVersion.objects.filter(ruleset=published.ruleset, status="draft").first()
    document = copy.deepcopy((held or published).document)
    changed = False
    for rule in list(document["rules"]):
        if _asks(rule, proposal.reason_keys[0]):
            changed = True
            _answer_in_rules(document, rule, proposal)
    if not changed:
        raise CannotDraft(_("The draft that is being written has no such rule any more."))
    if problems := validate_rules(document, schema_named(published.ruleset.schema)):
        raise CannotDraft(problems[0].message)
    note = ". ".join(filter(None, (held.note if held else "", _note(proposal))))
    version = rule_actions.save_rule_draft(
        ruleset_id=published.ruleset_id, document=document, note=note, actor=actor, now=now
    )
    return Draft("rules", str(version), version.pk)


def _answer_in_rules(document: Document, rule: Document, proposal: RuleProposal) -> None:
    """Approved by hand: the rule no longer asks. Declined by hand: a rule of its own refuses."""
    if proposal.outcome == "approve":
        rule["when"] = _both(rule["when"], {**proposal.when, "not": True})
        return
    key = f"{rule['key']}-{proposal.signature[:6]}"
    refusing = {**copy.deepcopy(rule), "key": key, "name": f"{rule.get('name') or rule['key']}: {proposal.sentence}"}
    refusing |= {"when": _both(rule["when"], proposal.when), "outcome": "refuse"}
    refusing["name"] = refusing["name"][:120]
    document["rules"].insert(document["rules"].index(rule), refusing)


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> Document:
    """Two conditions that must hold together, no deeper than need be."""
    flat = one.get("combinator") == "and" and not one.get("not") and "rules" in one
    return {"combinator": "and", "not": False, "rules": [*(one["rules"] if flat else [one]), dict(other)]}


# --- the workflow ------------------------------------------------------------------------------------


def _of_workflow(proposal: RuleProposal, actor: Actor, now: datetime) -> Draft:
    versions = WorkflowVersion.objects.filter(workflow_id=proposal.workflow_id)
    held = versions.filter(status="draft").first() or versions.filter(status="published").first()
    if held is None:
        raise CannotDraft(_("The workflow has no version in force."))
    tree = copy.deepcopy(held.tree)
    block = next((b for path, _depth, b in walk(tree.get("blocks")) if block_id(b, path) == proposal.block), None)
    if block is None or block.get("type") != "approval":
        raise CannotDraft(_("The workflow no longer asks this question."))
    block["answers"] = [*(block.get("answers") or []), _answer(proposal)]
    note = ". ".join(filter(None, (held.note if held.status == "draft" else "", _note(proposal))))
    decision = save_draft(tree=tree, note=note, actor=actor, now=now)
    if decision.refused:
        raise CannotDraft(decision.reasons[0].text)
    version = WorkflowVersion.objects.select_related("workflow").get(pk=decision.facts["version"])
    return Draft("workflow", str(version), version.pk)


def _answer(proposal: RuleProposal) -> Document:
    return {
        "id": f"proposed-{proposal.signature[:8]}",
        "reasons": list(proposal.reason_keys),
        "when": proposal.when,
        "outcome": proposal.outcome,
    }


def _note(proposal: RuleProposal) -> str:
    return _("Proposed: %(count)d like this were decided by hand. %(sentence)s") % {
        "count": proposal.count,
        "sentence": proposal.sentence,
    }
