"""What of deal registration travels with a program: the vendor's policy, the approval matrix, reasons, stages."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from dealreg.automation.matrix_file import MatrixPart
from dealreg.models import CloseReason, DealPolicy, StageProbability
from prm.kernel.automation.parts import Trouble, register_part
from prm.kernel.reference.records import RecordPart


def _policy(policy: Any) -> Iterator[Trouble]:
    if not 0 <= policy.review_threshold <= policy.conflict_threshold <= 1:
        yield "review_threshold", _("People look from a likelihood that is no higher than the one that conflicts.")


register_part(
    RecordPart(
        "deal-policy",
        50,
        DealPolicy,
        "",
        (
            "conflict_threshold",
            "review_threshold",
            "submissions_per_hour",
            "precedence_days",
            "extension_days",
            "dispute_days",
            "reminder_days",
            "same_deal_days",
            "file_quota_mb",
            "partner_quota_mb",
            "partner_quota_files",
        ),
        single="policy",
        check=_policy,
    )
)
register_part(
    RecordPart("close-reasons", 50, CloseReason, "code", ("code", "name", "outcome", "position", "is_active"))
)
register_part(RecordPart("stage-probabilities", 50, StageProbability, "stage", ("stage", "probability")))
register_part(MatrixPart())
