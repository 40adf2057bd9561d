"""Decisions over the API: all of it for the vendor; for a partner what was said to that partner."""

from typing import Any

from django.db.models import Q, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from prm.kernel.api import actor_of, router
from prm.kernel.audit.models import DecisionRecord
from prm.kernel.decisions import Decision
from prm.kernel.tenancy.context import deciding

SAID_TO_PARTNERS = Q(document__reasons__contains=[{"audience": "partner"}]) | Q(
    document__reasons__contains=[{"audience": "both"}]
)


_within: set[str] = set()


def keep_within(*rules: str) -> None:
    """Name rules (`deal-conflict/`, by their beginning) whose decisions prepare an answer: a partner reads the
    answer, never what led to it, which would tell of a rival before anybody has decided."""
    _within.update(rules)


def said_to_partners() -> Q:
    """Which decisions had something to say to a partner."""
    inside = Q()
    for rule in sorted(_within):
        inside |= Q(rule__startswith=rule)
    return SAID_TO_PARTNERS & ~inside if _within else SAID_TO_PARTNERS


class DecisionSerializer(serializers.ModelSerializer[DecisionRecord]):
    """`reasons` is for everybody; `rule`, `outcome` and `document` are the vendor's alone."""

    rule = serializers.CharField(required=False)
    outcome = serializers.CharField(required=False)
    document = serializers.DictField(required=False)
    reasons = serializers.SerializerMethodField()

    class Meta:
        model = DecisionRecord
        fields = [
            "id",
            "rule",
            "outcome",
            "allowed",
            "subject_type",
            "subject_id",
            "partner_id",
            "reasons",
            "document",
            "at",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_reasons(self, record: DecisionRecord) -> list[dict[str, str]]:
        decision = Decision.of(record.document)
        seen = decision if self._vendor_reads() else decision.for_partner()
        return [{"key": reason.key, "text": str(reason.text)} for reason in seen.reasons]

    def to_representation(self, record: DecisionRecord) -> dict[str, Any]:
        body: dict[str, Any] = super().to_representation(record)
        if not self._vendor_reads():
            for field in ("rule", "outcome", "document"):
                del body[field]
        return body

    def _vendor_reads(self) -> bool:
        return actor_of(self.context["request"]).is_vendor


class DecisionFilter(filters.FilterSet):  # type: ignore[misc]
    subject = filters.UUIDFilter(field_name="subject_id")
    rule = filters.CharFilter()
    outcome = filters.CharFilter()
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")

    class Meta:
        model = DecisionRecord
        fields: list[str] = []


class PartnersDecisionFilter(filters.FilterSet):  # type: ignore[misc]
    """What a partner may ask: never by rule or outcome, which would tell what was hidden."""

    subject = filters.UUIDFilter(field_name="subject_id")
    since = filters.IsoDateTimeFilter(field_name="at", lookup_expr="gte")

    class Meta:
        model = DecisionRecord
        fields: list[str] = []


class Decisions(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[DecisionRecord]):
    """Every decision, with its reasons. A partner sees those about itself that had something to say to it.

    The table is the vendor's: a partner's call reads it over the wall, narrowed to itself.
    """

    queryset = DecisionRecord.objects.none()
    serializer_class = DecisionSerializer

    @property
    def filterset_class(self) -> type[filters.FilterSet]:
        actor = getattr(self.request._request, "actor", None) if getattr(self, "request", None) else None
        return DecisionFilter if actor is None or actor.is_vendor else PartnersDecisionFilter

    def get_queryset(self) -> QuerySet[DecisionRecord]:
        actor = actor_of(self.request)
        if actor.is_vendor:
            return DecisionRecord.objects.all()
        return DecisionRecord.objects.filter(said_to_partners(), partner_id=actor.partner_id)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with deciding():
            return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        with deciding():
            return super().retrieve(request, *args, **kwargs)


router.register("decisions", Decisions, basename="decisions")
