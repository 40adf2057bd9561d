"""Deals, the vendor's end customers, and who protects which of them."""

from dealreg.models.batches import DealBatch
from dealreg.models.customers import Customer, CustomerAlias, CustomerWords, MatchKey, NotSame
from dealreg.models.deals import (
    Deal,
    DealComment,
    DealFile,
    DealItem,
    DealLine,
    DealNumber,
    DealStatus,
    PaymentState,
    PipelineStage,
    ResellerDeal,
    Way,
)
from dealreg.models.intake import InboundMail, IntakeConfirmation, IntakeLink, Mailbox
from dealreg.models.moves import DealSplit, Dispute, FormerDeal
from dealreg.models.protection import DealAssessment, DealPolicy, DealReminder, Protection
from dealreg.models.reasons import CloseReason
from dealreg.models.stages import StageProbability
from dealreg.models.terms import ApprovalRule
from dealreg.models.verdicts import Saying, Verdict

__all__ = [
    "ApprovalRule",
    "CloseReason",
    "Customer",
    "CustomerAlias",
    "CustomerWords",
    "Deal",
    "DealAssessment",
    "DealBatch",
    "DealComment",
    "DealFile",
    "DealItem",
    "DealLine",
    "DealNumber",
    "DealPolicy",
    "DealReminder",
    "DealSplit",
    "DealStatus",
    "Dispute",
    "FormerDeal",
    "InboundMail",
    "IntakeConfirmation",
    "IntakeLink",
    "Mailbox",
    "MatchKey",
    "NotSame",
    "PaymentState",
    "PipelineStage",
    "Protection",
    "ResellerDeal",
    "Saying",
    "StageProbability",
    "Verdict",
    "Way",
]
