"""Beside the deals over the API: who approves them, disputes about them, and what a former holder keeps of them."""

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from dealreg import actions
from dealreg.models import ApprovalRule, Dispute, FormerDeal
from prm.kernel.api import CursorPages, HasRoles, actor_of, answer, now_of, router
from prm.kernel.identity.actors import VENDOR_ROLES

SELLERS = frozenset({"seller", "partner_admin"})


class DisputeSerializer(serializers.ModelSerializer[Dispute]):
    """A dispute as its partner may read it: nothing in it tells of another partner."""

    deal_id = serializers.UUIDField()
    partner_id = serializers.UUIDField()

    class Meta:
        model = Dispute
        fields = [
            "id", "deal_id", "partner_id", "about", "status", "statement", "raised_at", "answer_due_at", "outcome",
            "reason", "decided_at",
        ]  # fmt: skip
        read_only_fields = fields


class FormerDealSerializer(serializers.ModelSerializer[FormerDeal]):
    """What a partner keeps of a deal that is no longer its own."""

    deal_id = serializers.UUIDField()

    class Meta:
        model = FormerDeal
        fields = [
            "id", "deal_id", "number", "customer_name", "customer_country", "amount", "currency", "submitted_at",
            "protected_until", "reason", "moved_at",
        ]  # fmt: skip
        read_only_fields = fields


class ApprovalRuleSerializer(serializers.ModelSerializer[ApprovalRule]):
    """A row of the approval matrix; empty bounds and lists ask nothing. The first row that fits decides."""

    person_id = serializers.UUIDField(allow_null=True)

    class Meta:
        model = ApprovalRule
        fields = [
            "id", "position", "amount_above", "amount_up_to", "discount_above", "discount_up_to", "territories",
            "product_lines", "decider", "role", "person_id", "people",
        ]  # fmt: skip
        read_only_fields = fields


class ApprovalRules(mixins.ListModelMixin, viewsets.GenericViewSet[ApprovalRule]):
    """Who approves what, for the vendor's own programs. It is changed in the console."""

    queryset = ApprovalRule.objects.none()
    serializer_class = ApprovalRuleSerializer
    permission_classes = [HasRoles]
    required_roles = frozenset(VENDOR_ROLES)
    pagination_class = None

    def get_queryset(self) -> QuerySet[ApprovalRule]:
        return ApprovalRule.objects.order_by("position", "pk")


class OldestFirst(CursorPages):
    ordering = ("raised_at", "id")  # type: ignore[assignment]


class Disputes(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Dispute]):
    """Disputes about deals, oldest first. They are raised on a deal and decided as a task: see /api/v1/tasks."""

    queryset = Dispute.objects.none()
    serializer_class = DisputeSerializer
    filterset_fields = ["status", "about"]
    pagination_class = OldestFirst
    permission_classes = [HasRoles]
    action_roles = {"withdraw": SELLERS}

    def get_queryset(self) -> QuerySet[Dispute]:
        return Dispute.objects.all()

    @extend_schema(request=None, responses=DisputeSerializer)
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take it back; the answer stands."""
        found = self.get_object()
        decision = actions.withdraw_dispute(dispute_id=found.pk, actor=actor_of(request), now=now_of(request))
        return answer(request, decision, DisputeSerializer(self.get_queryset().get(pk=found.pk)).data)


class FormerDeals(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[FormerDeal]):
    """What partners keep of deals that went over to another."""

    queryset = FormerDeal.objects.none()
    serializer_class = FormerDealSerializer
    permission_classes = [HasRoles]

    def get_queryset(self) -> QuerySet[FormerDeal]:
        return FormerDeal.objects.all()


router.register("disputes", Disputes, basename="disputes")
router.register("former-deals", FormerDeals, basename="former-deals")
router.register("approval-rules", ApprovalRules, basename="approval-rules")
