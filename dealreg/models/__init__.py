"""Deals, the vendor's end customers, and who protects which of them."""

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
)
from dealreg.models.protection import DealAssessment, DealPolicy, DealReminder, Protection
from dealreg.models.stages import StageProbability
from dealreg.models.terms import ApprovalRule

__all__ = [
    "ApprovalRule",
    "Customer",
    "CustomerAlias",
    "CustomerWords",
    "Deal",
    "DealAssessment",
    "DealComment",
    "DealFile",
    "DealItem",
    "DealLine",
    "DealNumber",
    "DealPolicy",
    "DealReminder",
    "DealStatus",
    "MatchKey",
    "NotSame",
    "PaymentState",
    "PipelineStage",
    "Protection",
    "ResellerDeal",
    "StageProbability",
]
