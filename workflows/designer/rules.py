"""Who may save what the designer shows, and move running cases: facts in, Decision out."""

from dataclasses import dataclass

from prm.kernel.decisions import Decision
from prm.kernel.wording import said as _
from workflows.definition.rules import PUBLISHERS
from workflows.judging import judge


@dataclass(frozen=True, slots=True)
class DesignFacts:
    """Somebody saves what the designer shows; `base` is the draft as their page read it."""

    roles: tuple[str, ...]
    status: str
    base: str
    stored: str
    saved_by: str
    same_key: bool


def save_design(facts: DesignFacts) -> Decision:
    """Nobody saves over what somebody else has saved meanwhile."""
    return judge(
        "workflow-design/1",
        "saved",
        facts,
        [
            (
                "workflow.not_yours_to_change",
                bool(PUBLISHERS.intersection(facts.roles)),
                lambda: _("Only an admin changes workflows."),
            ),
            (
                "workflow.not_a_draft",
                facts.status == "draft",
                lambda: _("This version is no draft any more: it was published or retired meanwhile."),
            ),
            (
                "workflow.saved_meanwhile",
                facts.base == facts.stored,
                lambda: (
                    _("%(name)s has saved this draft meanwhile. Nothing of yours was saved.") % {"name": facts.saved_by}
                ),
            ),
            ("workflow.key_stays", facts.same_key, lambda: _("A workflow keeps its key.")),
        ],
    )


@dataclass(frozen=True, slots=True)
class MigrationFacts:
    """Somebody moves running cases to a version, or takes that back."""

    roles: tuple[str, ...]
    status: str
    undoing: bool = False
    in_time: bool = True


def migrate_runs(facts: MigrationFacts) -> Decision:
    """Only onto the version in force, and back within ten minutes."""
    return judge(
        "workflow-migration/1",
        "moved_back" if facts.undoing else "moved",
        facts,
        [
            (
                "workflow.not_yours_to_change",
                bool(PUBLISHERS.intersection(facts.roles)),
                lambda: _("Only an admin moves running cases."),
            ),
            (
                "workflow.not_in_force",
                facts.undoing or facts.status == "published",
                lambda: _("Running cases can only be moved to the version in force."),
            ),
            (
                "workflow.too_late",
                facts.in_time,
                lambda: _("Too late: the ten minutes are over, or they have been put back already."),
            ),
        ],
    )
