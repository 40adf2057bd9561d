"""Conflicts over the API, for the vendor's programs: what a check found, and verdicts on it. There is no undo."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from dealreg import actions, queries
from dealreg.models import Deal, Saying, Verdict
from dealreg.rules_verdicts import SETTLERS
from prm.kernel.api import PerToken, Submissions, Text, actor_of, answer, now_of, router

READERS = frozenset({*SETTLERS, "finance", "legal", "sales", "auditor"})


class VerdictSerializer(serializers.ModelSerializer[Verdict]):
    """What was said of a deal and a record. `probability` is what the matcher had said, as text."""

    class Meta:
        model = Verdict
        fields = [
            "id", "deal_id", "customer_id", "other_deal_id", "saying", "status", "name", "other_name", "probability",
            "rule", "said_by", "at", "ended_at", "ended_by", "ended_because",
        ]  # fmt: skip
        read_only_fields = fields


class NewVerdict(serializers.Serializer[Any]):
    """`candidate` is the id of a record that the check found: see `candidates`."""

    deal = serializers.UUIDField()
    candidate = serializers.UUIDField()
    saying = serializers.ChoiceField(choices=Saying.choices)


class Candidate(serializers.Serializer[Any]):
    """A record that resembles the deal's customer, the likeliest first."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=["customer", "deal"])
    name = serializers.CharField()
    number = serializers.CharField(allow_blank=True)
    partner_name = serializers.CharField(allow_blank=True)
    probability = serializers.CharField()
    rule = serializers.CharField()
    protected = serializers.BooleanField()
    shares_lines = serializers.BooleanField()


class TakingBack(serializers.Serializer[Any]):
    reason = Text(max_length=1000)


class VerdictFilter(filters.FilterSet):
    deal = filters.UUIDFilter(field_name="deal_id")

    class Meta:
        model = Verdict
        fields = ["saying", "status"]


class Verdicts(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Verdict]):
    """What people and programs said of two records."""

    queryset = Verdict.objects.none()
    serializer_class = VerdictSerializer
    filterset_class = VerdictFilter
    throttle_classes = [PerToken, Submissions]
    required_roles = READERS
    action_roles = dict.fromkeys(("create", "take_back"), frozenset(SETTLERS))

    def get_queryset(self) -> QuerySet[Verdict]:
        return Verdict.objects.exclude(status=Verdict.Status.UNDONE)

    @extend_schema(request=NewVerdict, responses={201: VerdictSerializer})
    def create(self, request: Request) -> Response:
        """Settle a candidate; it takes effect at once. 409 when somebody was faster."""
        typed = NewVerdict(data=request.data)
        typed.is_valid(raise_exception=True)
        given = typed.validated_data
        try:
            decision = actions.give_verdict(
                deal_id=given["deal"],
                candidate=given["candidate"],
                saying=given["saying"],
                actor=actor_of(request),
                now=now_of(request),
                immediately=True,
            )
        except Deal.DoesNotExist:
            raise Http404 from None
        made = Verdict.objects.get(pk=decision.facts["verdict"]) if decision.allowed else None
        return answer(request, decision, self.get_serializer(made).data if made else None, status=201)

    @extend_schema(request=TakingBack, responses=VerdictSerializer)
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str | None = None) -> Response:
        """Forget what it taught; what waits is judged again."""
        typed = TakingBack(data=request.data)
        typed.is_valid(raise_exception=True)
        verdict = self.get_object()
        decision = actions.take_back(
            verdict_id=verdict.pk, actor=actor_of(request), now=now_of(request), **typed.validated_data
        )
        verdict.refresh_from_db()
        return answer(request, decision, self.get_serializer(verdict).data)

    @extend_schema(
        parameters=[OpenApiParameter("deal", UUID, required=True)],
        responses=Candidate(many=True),
        filters=False,
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def candidates(self, request: Request) -> Response:
        """What the last check of a deal found."""
        wanted = serializers.UUIDField().run_validation(request.query_params.get("deal"))
        found = queries.assessment_of(wanted)
        if found is None:
            raise Http404
        return Response(
            Candidate([{"number": "", "partner_name": "", **one} for one in found.findings], many=True).data
        )


router.register("verdicts", Verdicts, basename="verdicts")
