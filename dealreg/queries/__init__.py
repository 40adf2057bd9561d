"""The readers of deal registration."""

from dealreg.queries.evidence import (
    facts_of,
    field_label,
    latest_decision,
    message_facts,
    queue_evidence,
    queue_rows,
    reasons_for_partner,
    rivals_of,
)
from dealreg.queries.facts import (
    answer_due,
    assessment_of,
    deal_facts,
    extension_days,
    handed_in_within_the_hour,
    line_codes,
    line_ids,
    lines_by_code,
    policy,
)
from dealreg.queries.reports import (
    OwnMatch,
    customer_story,
    own_duplicates,
    pipeline,
    read_file,
    report_figures,
    visible_deals,
)
from dealreg.queries.rivals import customer_matches, findings_for, protection_holder, spelling_of

__all__ = [
    "OwnMatch",
    "answer_due",
    "assessment_of",
    "customer_matches",
    "customer_story",
    "deal_facts",
    "extension_days",
    "facts_of",
    "field_label",
    "findings_for",
    "handed_in_within_the_hour",
    "latest_decision",
    "line_codes",
    "line_ids",
    "lines_by_code",
    "message_facts",
    "own_duplicates",
    "pipeline",
    "policy",
    "protection_holder",
    "queue_evidence",
    "queue_rows",
    "read_file",
    "reasons_for_partner",
    "report_figures",
    "rivals_of",
    "spelling_of",
    "visible_deals",
]
