"""Many deals at once over the API: the console's bulk actions, with the same preview, forms and ten seconds of undo."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from dealreg import actions
from dealreg.actions.batches import MOST
from dealreg.bulk import DESK, SELLERS, move_named, preview
from dealreg.models import Deal, DealBatch
from dealreg.queries.batches import batch_for
from dealreg.rules_of_moves import decide_batch
from prm.kernel.api import Figure, PerToken, Submissions, Text, actor_of, answer, as_typed, now_of, router
from prm.kernel.identity.actors import VENDOR_ROLES
from prm.kernel.ui.lists import Plan

TYPED = ("reason", "partner", "percent", "names_told", "cam", "closed_on", "because")


class ManyDeals(serializers.Serializer[Any]):
    """`verb` says what else is needed: decline and withdraw a `reason`, return `reason` and `open_fields`, reassign
    `partner` and `reason`, split `partner` and `percent`, cam `cam`, won `closed_on`, lost `closed_on` and `because`
    (code of a reason for closing). A partner's keys extend and withdraw.
    """

    verb = serializers.ChoiceField(choices=DealBatch.Verb.choices)
    deals = serializers.ListField(child=serializers.UUIDField(), min_length=1, max_length=MOST)
    reason = Text(max_length=300, required=False)
    open_fields = serializers.ListField(child=Text(max_length=40), required=False, max_length=40)
    partner = serializers.UUIDField(required=False)
    percent = Figure(max_digits=5, decimal_places=2, min_value=0, max_value=100, required=False)
    names_told = serializers.BooleanField(required=False)
    cam = serializers.UUIDField(required=False)
    closed_on = serializers.DateField(required=False)
    because = serializers.SlugField(max_length=40, required=False)


class Left(serializers.Serializer[Any]):
    """A deal that is left alone, and why."""

    deal = serializers.UUIDField()
    number = serializers.CharField(allow_blank=True)
    why = serializers.CharField()


class Preview(serializers.Serializer[Any]):
    """What would happen: to which deals, and to which others not."""

    will = serializers.ListField(child=serializers.UUIDField())
    left = Left(many=True)


class Result(Left):
    """How it went for one deal, once it had its turn."""

    done = serializers.BooleanField()
    why = serializers.CharField(allow_blank=True)


class BatchSerializer(serializers.ModelSerializer[DealBatch]):
    """What is to be done to many deals. Until `executes_at` it can be taken back; then each deal has its turn."""

    deals = serializers.ListField(child=serializers.UUIDField(), source="deal_ids")
    by = serializers.SerializerMethodField()
    results = Result(many=True)

    class Meta:
        model = DealBatch
        fields = ["id", "verb", "status", "deals", "by", "made_at", "executes_at", "results", "closed_at"]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField())
    def get_by(self, batch: DealBatch) -> str:
        return str(batch.actor["name"])


class StartedSerializer(BatchSerializer):
    """A batch that has just begun, and the deals that it leaves alone."""

    left = Left(many=True)

    class Meta(BatchSerializer.Meta):
        fields = [*BatchSerializer.Meta.fields, "left"]
        read_only_fields = fields


class Batches(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[DealBatch]):
    """What was done to many deals at once. A partner's key acts on its own partner's deals, and reads what it did."""

    queryset = DealBatch.objects.none()
    serializer_class = BatchSerializer
    filterset_fields = ["verb", "status"]
    throttle_classes = [PerToken, Submissions]
    required_roles = frozenset(VENDOR_ROLES)
    action_roles = {
        "retrieve": required_roles | SELLERS,
        **dict.fromkeys(("create", "preview", "undo"), DESK | SELLERS),
    }

    def get_queryset(self) -> QuerySet[DealBatch]:
        return DealBatch.objects.all()  # the list, which is the vendor's

    def get_object(self) -> DealBatch:
        """One that the caller may look up: a partner has no sight of the table."""
        try:
            found = batch_for(actor_of(self.request), UUID(self.kwargs["pk"]))
        except ValueError:
            found = None
        if found is None:
            raise Http404
        return found

    @extend_schema(request=ManyDeals, responses=Preview)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """Whom it would be done to, and why not to the others. Nothing is done."""
        _typed, _given, plan, unknown = self._asked(request)
        return Response(Preview({"will": [deal.pk for deal in plan.will], "left": _left(plan, unknown)}).data)

    @extend_schema(request=ManyDeals, responses={201: StartedSerializer})
    def create(self, request: Request) -> Response:
        """Do it in ten seconds, unless it is taken back. 422 when there is no deal that it can be done to."""
        typed, given, plan, unknown = self._asked(request)
        left = _left(plan, unknown)
        decision = decide_batch({"will": len(plan.will), "hindrances": [one["why"] for one in left]})
        if decision.refused:
            return answer(request, decision)
        batch = actions.start_batch(
            verb=typed["verb"],
            deal_ids=[deal.pk for deal in plan.will],
            given=given or {},
            actor=actor_of(request),
            now=now_of(request),
        )
        batch.__dict__["left"] = left
        return answer(request, decision, StartedSerializer(batch).data, status=201)

    @extend_schema(request=None, responses=BatchSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take one's own batch back, whole. 409 when it has been carried out already."""
        batch = self.get_object()
        decision = actions.undo_batch(batch_id=batch.pk, actor=actor_of(request), now=now_of(request))
        return answer(request, decision, BatchSerializer(self.get_object()).data)

    def _asked(self, request: Request) -> tuple[Mapping[str, Any], Mapping[str, Any] | None, Plan, list[UUID]]:
        """What is meant, judged; 400 for what is typed wrong, 403 for a verb that is another role's."""
        typed = ManyDeals(data=request.data)
        typed.is_valid(raise_exception=True)
        told = typed.validated_data
        move = move_named(told["verb"], actor_of(request))
        if move is None:
            raise PermissionDenied(_("This is not yours to do."))
        given = _given(move.form, request, told)
        deals = list(Deal.objects.filter(pk__in=told["deals"]).exclude(status="draft"))
        there = {deal.pk for deal in deals}
        plan = preview(DealBatch.Verb(told["verb"]), request._request, deals, given)
        return told, given, plan, [pk for pk in dict.fromkeys(told["deals"]) if pk not in there]


def _given(form: Any, request: Request, told: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What the verb asks for besides, read by the console's own form."""
    if form is None:
        return None
    data = {name: told[name] for name in TYPED if name in told}
    data |= {"fields_to_open": told.get("open_fields", [])}
    asked: forms.Form = form(request._request, {name: as_typed(value) for name, value in data.items()})
    if not asked.is_valid():
        names = {"fields_to_open": "open_fields", "__all__": "non_field_errors"}
        raise serializers.ValidationError(
            {names.get(name, name): [str(one) for one in why] for name, why in asked.errors.items()}
        )
    return asked.cleaned_data


def _left(plan: Plan, unknown: list[UUID]) -> list[dict[str, Any]]:
    skipped = [{"deal": deal.pk, "number": deal.number, "why": str(why)} for deal, why in plan.skipped]
    return skipped + [{"deal": pk, "number": "", "why": _("There is no such deal.")} for pk in unknown]


router.register("deal-batches", Batches, basename="deal-batches")
