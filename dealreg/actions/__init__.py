"""The only writers of deal registration: one function, one transaction, one thing that can be done."""

from dealreg.actions.approval import approve_deal
from dealreg.actions.approvals import (
    keep_approval_rule,
    move_approval_rule,
    remove_approval_rule,
    route_to_approvers,
    ship_approval_matrix,
)
from dealreg.actions.assessment import check_conflicts, route_deal, validate_deal
from dealreg.actions.closing import change_stage, expire_due, extend_protection, mark_lost, mark_won
from dealreg.actions.customers import add_alias, count_words, create_customer, refresh_keys, update_customer
from dealreg.actions.drafts import discard_draft, save_draft
from dealreg.actions.imports import import_customers, import_deal, link_parents
from dealreg.actions.review import assign_cam, mark_duplicate, reject_deal, return_deal, start_review
from dealreg.actions.submission import resubmit_deal, submit_deal, withdraw_deal
from dealreg.actions.talk import add_comment, attach_file
from dealreg.queries.facts import lines_by_code

__all__ = [
    "add_alias",
    "add_comment",
    "approve_deal",
    "assign_cam",
    "attach_file",
    "change_stage",
    "check_conflicts",
    "count_words",
    "create_customer",
    "discard_draft",
    "expire_due",
    "extend_protection",
    "import_customers",
    "import_deal",
    "keep_approval_rule",
    "lines_by_code",
    "link_parents",
    "mark_duplicate",
    "mark_lost",
    "mark_won",
    "move_approval_rule",
    "refresh_keys",
    "reject_deal",
    "remove_approval_rule",
    "resubmit_deal",
    "return_deal",
    "route_deal",
    "route_to_approvers",
    "save_draft",
    "ship_approval_matrix",
    "start_review",
    "submit_deal",
    "update_customer",
    "validate_deal",
    "withdraw_deal",
]
