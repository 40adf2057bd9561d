"""Deals, the vendor's end customers, and who protects which of them."""

from dealreg.models.customers import Customer, CustomerAlias, CustomerWords, MatchKey, NotSame
from dealreg.models.deals import (
    Deal,
    DealComment,
    DealFile,
    DealLine,
    DealNumber,
    DealStatus,
    PaymentState,
    PipelineStage,
)
from dealreg.models.protection import DealAssessment, DealPolicy, DealReminder, Protection

__all__ = [
    "Customer",
    "CustomerAlias",
    "CustomerWords",
    "Deal",
    "DealAssessment",
    "DealComment",
    "DealFile",
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
]
