"""The readers of deal registration."""

from dealreg.queries.facts import (
    answer_due,
    assessment_of,
    deal_facts,
    handed_in_within_the_hour,
    line_codes,
    line_ids,
    policy,
)
from dealreg.queries.reports import (
    OwnMatch,
    customer_story,
    own_duplicates,
    pipeline,
    read_file,
    report_figures,
    rivals_of,
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
    "findings_for",
    "handed_in_within_the_hour",
    "line_codes",
    "line_ids",
    "own_duplicates",
    "pipeline",
    "policy",
    "protection_holder",
    "read_file",
    "report_figures",
    "rivals_of",
    "spelling_of",
    "visible_deals",
]
