"""Deals over the API. A partner's token sees and moves its own deals; a vendor's reads all and comments.

Writes call the actions that the portal calls; a refusal answers 409 or 422 with the Decision's reasons.
Deciding a deal is a task's business: see /api/v1/tasks.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from django.http import Http404
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

import dealreg.api_batches
import dealreg.api_verdicts  # noqa: F401  (they register their own)
from dealreg import actions, eligibility
from dealreg.api_terms import SELLERS
from dealreg.intake.rules import first_of
from dealreg.items import as_read
from dealreg.models import Deal, DealItem, DealStatus, PipelineStage, Way
from dealreg.reports import api as _reports  # noqa: F401  (registers the reports)
from dealreg.stories import partner_story
from partners.models import Partner
from prm.kernel import wording
from prm.kernel.api import (
    Amount,
    HasRoles,
    Submissions,
    Text,
    actor_of,
    answer,
    as_typed,
    leaving_nothing,
    now_of,
    refusal,
    router,
)
from prm.kernel.audit.api import keep_within

MOVERS = frozenset({"admin", "ops", "approver"})


class DealItemSerializer(serializers.ModelSerializer[DealItem]):
    """A product of a deal at its list price, with the discount in percent that is asked for. A partner's key reads
    null for prices that are not shown to partners."""

    sku = serializers.CharField(source="product.sku")
    list_price = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)
    amount = serializers.DecimalField(max_digits=16, decimal_places=2, allow_null=True)

    class Meta:
        model = DealItem
        fields = ["sku", "quantity", "list_price", "discount", "amount"]
        read_only_fields = fields

    def to_representation(self, item: DealItem) -> dict[str, Any]:
        body: dict[str, Any] = super().to_representation(as_read(item))
        return body


class DealSerializer(serializers.ModelSerializer[Deal]):
    """A deal as its partner may see it. Amounts are text, so that no cent is lost. By `late_days` its protection is
    longer, since our answer was that late."""

    partner_id = serializers.UUIDField()
    product_lines = serializers.SerializerMethodField()
    items = DealItemSerializer(many=True)
    deal_type = serializers.CharField(source="deal_type.code", default=None, allow_null=True)
    program = serializers.CharField(source="program.code")
    reseller_id = serializers.UUIDField(allow_null=True)
    reason_for_partner = serializers.CharField(source="answer", read_only=True)
    answer_reasons = serializers.SerializerMethodField()

    class Meta:
        model = Deal
        fields = [
            "id", "number", "partner_id", "status", "customer_name", "customer_domain", "customer_country",
            "customer_city", "product_lines", "amount", "currency", "expected_close_on", "notes", "pipeline_stage",
            "submitted_at", "answer_due_at", "decided_at", "protected_until", "late_days", "reason_for_partner",
            "answer_reasons", "returned_fields", "share_percent", "shared_with", "actual_amount", "closed_on",
            "created_at", "changed_at", "items", "deal_type", "program", "reseller_id",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_answer_reasons(self, deal: Deal) -> list[dict[str, str]]:
        return [{"key": str(one.get("key", "")), "text": wording.told(one)} for one in deal.answer_reasons]

    def get_product_lines(self, deal: Deal) -> list[str]:
        return [line.product_line.code for line in deal.lines.all()]


class NewItem(serializers.Serializer[Any]):
    sku = Text(max_length=60)
    quantity = serializers.IntegerField(min_value=1, max_value=10_000_000)
    discount = Amount(max_digits=5, decimal_places=2, min_value=0, max_value=100, default=0)


class NewDeal(serializers.Serializer[Any]):
    """What a registration needs. `product_lines`, `deal_type` and `program` are codes; with `items` their list prices
    less discounts are the deal's amount. The answer's status says what came of it."""

    customer_name = Text(max_length=300)
    customer_domain = Text(max_length=255, required=False, allow_blank=True, default="")
    customer_country = serializers.RegexField(r"^[A-Z]{2}$")
    customer_city = Text(max_length=160, required=False, allow_blank=True, default="")
    contact_name = Text(max_length=200, required=False, allow_blank=True, default="")
    contact_email = serializers.EmailField(required=False, allow_blank=True, default="")
    product_lines = serializers.ListField(child=Text(max_length=40), min_length=1, max_length=20)
    amount = Amount(max_digits=16, decimal_places=2, min_value=0)
    currency = serializers.RegexField(r"^[A-Z]{3}$")
    expected_close_on = serializers.DateField()
    vertical = Text(max_length=40, required=False, allow_blank=True, default="")
    notes = Text(max_length=5000, required=False, allow_blank=True, default="")
    deal_type = Text(max_length=40, required=False, allow_blank=True, default="")
    program = Text(max_length=40, required=False, allow_blank=True, default="")
    reseller = Text(max_length=80, required=False, allow_blank=True, default="")
    items = serializers.ListField(child=NewItem(), required=False, max_length=200)


class Answer(NewDeal):
    """An answer to what we asked: the fields that were opened (`returned_fields`), and only those that differ."""

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        for one in found.values():
            one.required, one.default = False, serializers.empty
        return found


class Statement(serializers.Serializer[Any]):
    statement = Text(max_length=4000)


class Reassign(serializers.Serializer[Any]):
    """`reason` is read by the partner that has the deal now."""

    partner_id = serializers.UUIDField()
    reason = Text(max_length=1000)


class Split(serializers.Serializer[Any]):
    """`percent` is the share of the other partner."""

    partner_id = serializers.UUIDField()
    percent = Amount(max_digits=5, decimal_places=2, min_value=0, max_value=100)
    names_told = serializers.BooleanField(default=False)


class Turn(serializers.Serializer[Any]):
    """One turn of a deal's story."""

    at = serializers.DateTimeField()
    title = serializers.CharField()
    actor = serializers.CharField(allow_blank=True)


class ReasonGiven(serializers.Serializer[Any]):
    key = serializers.CharField()
    text = serializers.CharField()


class AlreadyRegistered(serializers.Serializer[Any]):
    """A refusal that names the registration that stands."""

    type = serializers.CharField()
    title = serializers.CharField()
    rule = serializers.CharField()
    outcome = serializers.CharField()
    reasons = ReasonGiven(many=True)
    deal = DealSerializer(required=False)


class Reason(serializers.Serializer[Any]):
    reason = Text(max_length=300)


class Stage(serializers.Serializer[Any]):
    stage = serializers.ChoiceField(choices=PipelineStage.choices)


class Won(serializers.Serializer[Any]):
    """`lines`: what of the amount was sold of which product line (codes). `because`: code of a reason for closing."""

    amount = Amount(max_digits=16, decimal_places=2, min_value=0)
    closed_on = serializers.DateField()
    because = serializers.SlugField(max_length=40, required=False, allow_blank=True, default="")
    lines = serializers.DictField(child=Amount(max_digits=16, decimal_places=2, min_value=0), required=False)


class Lost(serializers.Serializer[Any]):
    """`reason` in words, `because` as the code of a reason for closing: one of the two at least."""

    reason = Text(max_length=300, required=False, allow_blank=True, default="")
    because = serializers.SlugField(max_length=40, required=False, allow_blank=True, default="")
    closed_on = serializers.DateField()


class Comment(serializers.Serializer[Any]):
    body = Text(max_length=5000)
    audience = serializers.ChoiceField(choices=["partner", "vendor"], default="partner")


class DealFilter(filters.FilterSet):
    status = filters.MultipleChoiceFilter(choices=DealStatus.choices)
    submitted_after = filters.IsoDateTimeFilter(field_name="submitted_at", lookup_expr="gte")
    submitted_before = filters.IsoDateTimeFilter(field_name="submitted_at", lookup_expr="lt")
    customer = filters.CharFilter(field_name="customer_name", lookup_expr="icontains")
    partner = filters.UUIDFilter(field_name="partner_id")

    class Meta:
        model = Deal
        fields = ["number", "currency", "customer_country"]


class Deals(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Deal]):
    """Deal registrations."""

    queryset = Deal.objects.none()
    serializer_class = DealSerializer
    filterset_class = DealFilter
    throttle_classes = [Submissions]
    permission_classes = [HasRoles]
    action_roles = {
        **dict.fromkeys(("create", "resubmit", "withdraw", "stage", "won", "lost", "extend", "dispute"), SELLERS),
        **dict.fromkeys(("reassign", "split"), MOVERS),
    }

    def get_queryset(self) -> QuerySet[Deal]:
        items = DealItem.objects.select_related("product", "price_book")
        deals = Deal.objects.select_related("deal_type", "program").prefetch_related(
            "lines__product_line", Prefetch("items", items)
        )
        return deals.exclude(status=DealStatus.DRAFT) if actor_of(self.request).is_vendor else deals

    @extend_schema(request=NewDeal, responses={201: DealSerializer, 409: AlreadyRegistered})
    def create(self, request: Request) -> Response:
        """Register a deal. The answer often is there a moment later: read the deal again. A refusal leaves nothing.

        409 with `deal` names a registration of yours that has come in by another way already.
        """
        given = NewDeal(data=request.data)
        given.is_valid(raise_exception=True)
        fields = _fields(given.validated_data)
        actor, now = actor_of(request), now_of(request)
        deal = actions.save_draft(partner_id=actor.partner_id, fields=fields, actor=actor, now=now, way=Way.API)
        decision = actions.submit_deal(deal_id=deal.pk, actor=actor, now=now)
        if decision.outcome == "already_registered":
            first = UUID(first_of(decision)["id"])
            return Response({**refusal(decision.for_partner()), "deal": self._body(first)}, status=409)
        if decision.refused:
            return leaving_nothing(answer(request, decision))
        return answer(request, decision, self._body(deal.pk), status=201)

    @extend_schema(request=Answer, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def resubmit(self, request: Request, pk: str) -> Response:
        """Answer a question about a returned deal. Only what `returned_fields` names may differ."""
        given = Answer(data=request.data)
        given.is_valid(raise_exception=True)
        deal, actor, now = self.get_object(), actor_of(request), now_of(request)
        fields = _fields(given.validated_data)
        decision = actions.resubmit_deal(deal_id=deal.pk, fields=fields, actor=actor, now=now)
        return answer(request, decision, self._body(deal.pk))

    @extend_schema(request=Reason, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        return self._do(request, pk, actions.withdraw_deal, Reason)

    @extend_schema(request=Stage, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def stage(self, request: Request, pk: str) -> Response:
        return self._do(request, pk, actions.change_stage, Stage)

    @extend_schema(request=Won, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def won(self, request: Request, pk: str) -> Response:
        return self._do(request, pk, actions.mark_won, Won)

    @extend_schema(request=Lost, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def lost(self, request: Request, pk: str) -> Response:
        return self._do(request, pk, actions.mark_lost, Lost)

    @extend_schema(request=None, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def extend(self, request: Request, pk: str) -> Response:
        return self._do(request, pk, actions.extend_protection, None)

    @extend_schema(request=Comment, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def comments(self, request: Request, pk: str) -> Response:
        return self._do(request, pk, actions.add_comment, Comment)

    @extend_schema(request=Statement, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def dispute(self, request: Request, pk: str) -> Response:
        """Contest a refusal, or the end of a protection; see /api/v1/disputes."""
        return self._do(request, pk, actions.raise_dispute, Statement)

    @extend_schema(request=Reassign, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def reassign(self, request: Request, pk: str) -> Response:
        """Give a protected deal to another partner, with its protection."""
        return self._do(request, pk, actions.reassign_deal, Reassign)

    @extend_schema(request=Split, responses=DealSerializer)
    @action(detail=True, methods=["post"])
    def split(self, request: Request, pk: str) -> Response:
        """Share a protected deal with another partner, who gets a deal of its own."""
        return self._do(request, pk, actions.split_deal, Split)

    @extend_schema(responses=Turn(many=True))
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def timeline(self, request: Request, pk: str) -> Response:
        """What happened, newest first, in words that its partner may read."""
        deal = self.get_object()
        return Response(Turn(partner_story(deal.pk, deal.partner_id), many=True).data)

    def _do(self, request: Request, pk: str, act: Any, form: Any) -> Response:
        deal = self.get_object()
        fields: dict[str, Any] = {}
        if form is not None:
            given = form(data=request.data)
            given.is_valid(raise_exception=True)
            fields = given.validated_data
        if not actor_of(request).is_vendor and fields.get("audience") == "vendor":
            raise Http404
        try:
            decision = act(deal_id=deal.pk, actor=actor_of(request), now=now_of(request), **fields)
        except Partner.DoesNotExist:
            raise Http404 from None
        return answer(request, decision, self._body(deal.pk))

    def _body(self, pk: UUID) -> Any:
        return DealSerializer(self.get_queryset().get(pk=pk)).data


def _fields(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a program sent, as a form would have typed it."""
    fields = {name: as_typed(value) for name, value in given.items()}
    if "items" in given:
        fields["items"] = [{**row, "product": row["sku"]} for row in given["items"]]
    if "product_lines" in given:
        fields["product_lines"] = actions.lines_by_code(given["product_lines"])
    return fields


router.register("deals", Deals, basename="deals")
keep_within(
    *(f"{eligibility.RULESET}/", "deal-conflict/", "deal-routing/", "deal-approval/", "deal-approvers/"),
    *("deal-dispute/", "deal-reassignment/", "deal-split/"),
)
