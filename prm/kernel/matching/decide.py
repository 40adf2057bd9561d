"""From a score to clear, review or conflict.

Two thresholds decide, but a few constellations always go to a person before anything is refused: they are
where people themselves disagree, or where the records can't tell.
"""

from dataclasses import dataclass
from typing import Literal

from prm.kernel.matching.model import Scored
from prm.kernel.matching.sentences import verdict_sentence

Outcome = Literal["clear", "review", "conflict"]

HARD_RULES = (
    "no_name_evidence",
    "same_domain_other_name",
    "acronym_only",
    "same_name_elsewhere",
    "name_plus_place",
    "parent_child",
    "number_differs",
    "other_domain",
    "one_rare_word",
    "own_words_on_both_sides",
    "a_word_more",
)
"""In this order the first that applies is named."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From `review` on a person looks, from `conflict` on the answer is automatic. A tenant may move both."""

    conflict: float = 0.95
    review: float = 0.45

    def __post_init__(self) -> None:
        if not 0 <= self.review <= self.conflict <= 1:
            raise ValueError("thresholds must satisfy 0 <= review <= conflict <= 1")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, and the rule that gave it."""

    outcome: Outcome
    rule: str
    probability: float

    @property
    def sentence(self) -> str:
        """Why, in the reader's language."""
        return verdict_sentence(self.rule, self.probability)


def decide(scored: Scored, thresholds: Thresholds | None = None) -> Verdict:
    """Clear, review or conflict. A hard rule turns a conflict into a review, never the other way.

    Names that share no word of their own stay clear below the conflict threshold, wherever the two reside.
    """
    limits = thresholds or Thresholds()
    if scored.probability < limits.review:
        return Verdict("clear", "clear.threshold", scored.probability)
    unnamed = "no_name_evidence" in scored.flags and scored.probability < limits.conflict
    if unnamed or "nameless" in scored.flags:
        return Verdict("clear", "clear.no_name_evidence", scored.probability)
    hard = next((rule for rule in HARD_RULES if rule in scored.flags), None)
    if hard:
        return Verdict("review", f"review.{hard}", scored.probability)
    if scored.probability < limits.conflict:
        return Verdict("review", "review.threshold", scored.probability)
    return Verdict("conflict", "conflict.threshold", scored.probability)
