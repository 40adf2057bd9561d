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
from dealreg.actions.batches import carry_out_batches, start_batch, undo_batch
from dealreg.actions.closing import change_stage, extend_protection, mark_lost, mark_won
from dealreg.actions.customers import (
    add_alias,
    count_words,
    create_customer,
    mark_customers,
    refresh_keys,
    unmark_customers,
    update_customer,
)
from dealreg.actions.disputes import (
    ask_again,
    decide_dispute,
    look_into_dispute,
    raise_dispute,
    review_dispute,
    withdraw_dispute,
)
from dealreg.actions.drafts import discard_draft, save_draft
from dealreg.actions.files import bring_file
from dealreg.actions.imports import import_customers, import_deal, link_parents
from dealreg.actions.lapsing import expire_due
from dealreg.actions.links import (
    IssuedLink,
    ask_to_confirm,
    confirm_deal,
    contact_of,
    discard_unconfirmed,
    make_link,
    revoke_link,
)
from dealreg.actions.mails import assign_mail, dismiss_mail, take_mail
from dealreg.actions.moving import reassign_deal
from dealreg.actions.refreshing import bring_keys_up_to_date
from dealreg.actions.review import assign_cam, mark_duplicate, reject_deal, return_deal, start_review
from dealreg.actions.rivals import judge_those_behind
from dealreg.actions.splitting import split_deal
from dealreg.actions.submission import judge_draft, resubmit_deal, submit_deal, withdraw_deal
from dealreg.actions.talk import add_comment, attach_file
from dealreg.actions.verdicts import give_verdict, set_thresholds, take_back, take_effect, undo_verdict
from dealreg.queries.facts import lines_by_code

__all__ = [
    "IssuedLink",
    "add_alias",
    "add_comment",
    "approve_deal",
    "ask_again",
    "ask_to_confirm",
    "assign_cam",
    "assign_mail",
    "attach_file",
    "bring_file",
    "bring_keys_up_to_date",
    "carry_out_batches",
    "change_stage",
    "check_conflicts",
    "confirm_deal",
    "contact_of",
    "count_words",
    "create_customer",
    "decide_dispute",
    "discard_draft",
    "discard_unconfirmed",
    "dismiss_mail",
    "expire_due",
    "extend_protection",
    "give_verdict",
    "import_customers",
    "import_deal",
    "judge_draft",
    "judge_those_behind",
    "keep_approval_rule",
    "lines_by_code",
    "link_parents",
    "look_into_dispute",
    "make_link",
    "mark_customers",
    "mark_duplicate",
    "mark_lost",
    "mark_won",
    "move_approval_rule",
    "raise_dispute",
    "reassign_deal",
    "refresh_keys",
    "reject_deal",
    "remove_approval_rule",
    "resubmit_deal",
    "return_deal",
    "review_dispute",
    "revoke_link",
    "route_deal",
    "route_to_approvers",
    "save_draft",
    "set_thresholds",
    "ship_approval_matrix",
    "split_deal",
    "start_batch",
    "start_review",
    "submit_deal",
    "take_back",
    "take_effect",
    "take_mail",
    "undo_batch",
    "undo_verdict",
    "unmark_customers",
    "update_customer",
    "validate_deal",
    "withdraw_deal",
    "withdraw_dispute",
]
