"""The readers of deal registration."""

from dealreg.queries.batches import hindrances
from dealreg.queries.disputes import dispute_evidence, dispute_of, former_deal, former_deals, may_contest, parts_of
from dealreg.queries.evidence import (
    facts_of,
    field_label,
    latest_decision,
    latest_decisions,
    message_facts,
    queue_evidence,
    queue_rows,
    reasons_for_partner,
    rivals_of,
)
from dealreg.queries.facts import (
    answer_due,
    as_read,
    assessment_of,
    deal_facts,
    extension_days,
    handed_in_within_the_hour,
    line_codes,
    line_ids,
    lines_by_code,
    policy,
    read_ahead,
)
from dealreg.queries.intake import own_customer, own_open_matches
from dealreg.queries.offered import Offered, offered_products
from dealreg.queries.reports import (
    OwnMatch,
    customer_story,
    own_duplicates,
    read_file,
    visible_deals,
)
from dealreg.queries.rivals import Match, customer_matches, findings_for, limits_of, protection_holder, spelling_of
from dealreg.queries.room import Room, has_room_for, room_of
from dealreg.queries.verdicts import anything_said, learned, look, verdicts_on, with_verdicts
from dealreg.queries.words import counted_words, token_weights

__all__ = [
    "Match",
    "Offered",
    "OwnMatch",
    "Room",
    "answer_due",
    "anything_said",
    "as_read",
    "assessment_of",
    "counted_words",
    "customer_matches",
    "customer_story",
    "deal_facts",
    "dispute_evidence",
    "dispute_of",
    "extension_days",
    "facts_of",
    "field_label",
    "findings_for",
    "former_deal",
    "former_deals",
    "handed_in_within_the_hour",
    "has_room_for",
    "hindrances",
    "latest_decision",
    "latest_decisions",
    "learned",
    "limits_of",
    "line_codes",
    "line_ids",
    "lines_by_code",
    "look",
    "may_contest",
    "message_facts",
    "offered_products",
    "own_customer",
    "own_duplicates",
    "own_open_matches",
    "parts_of",
    "policy",
    "protection_holder",
    "queue_evidence",
    "queue_rows",
    "read_ahead",
    "read_file",
    "reasons_for_partner",
    "rivals_of",
    "room_of",
    "spelling_of",
    "token_weights",
    "verdicts_on",
    "visible_deals",
    "with_verdicts",
]
