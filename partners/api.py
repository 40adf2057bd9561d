"""Partners over the API, to read: a vendor's programs see every one, a partner's see their own row."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema_field
from rest_framework import mixins, serializers, viewsets

from partners import queries
from partners.models import Enrolment, Partner
from prm.kernel.api import actor_of, router


class EnrolmentSerializer(serializers.ModelSerializer[Enrolment]):
    program = serializers.CharField(source="program.code")
    tier = serializers.CharField(source="tier.code")

    class Meta:
        model = Enrolment
        fields = ["id", "program", "tier", "status", "enrolled_on", "ended_on"]


class PartnerSerializer(serializers.ModelSerializer[Partner]):
    """`external_id` and `cam_id` are for the vendor's own programs."""

    enrolments = serializers.SerializerMethodField()

    class Meta:
        model = Partner
        fields = [
            "id",
            "name",
            "legal_name",
            "kind",
            "status",
            "domain",
            "website",
            "country",
            "city",
            "external_id",
            "parent_id",
            "cam_id",
            "created_at",
            "enrolments",
        ]

    @extend_schema_field(EnrolmentSerializer(many=True))
    def get_enrolments(self, partner: Partner) -> list[dict[str, Any]]:
        return list(EnrolmentSerializer(self.context["enrolments"].get(partner.pk, ()), many=True).data)

    def to_representation(self, partner: Partner) -> dict[str, object]:
        body: dict[str, object] = super().to_representation(partner)
        if not actor_of(self.context["request"]).is_vendor:
            del body["external_id"]
        return body


class PartnerFilter(filters.FilterSet):  # type: ignore[misc]
    name = filters.CharFilter(lookup_expr="icontains")
    tier = filters.CharFilter(method="in_tier", label="Holds this tier in a program")
    cam = filters.UUIDFilter(field_name="cam_id")

    class Meta:
        model = Partner
        fields = ["status", "kind", "country", "domain"]

    def in_tier(self, rows: QuerySet[Partner], name: str, value: str) -> QuerySet[Partner]:
        return rows.filter(pk__in=Enrolment.objects.filter(tier__code=value).values("partner_id"))


class Partners(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Partner]):
    """The organisations of the program, with their tiers."""

    queryset = Partner.objects.none()
    serializer_class = PartnerSerializer
    filterset_class = PartnerFilter

    def get_queryset(self) -> QuerySet[Partner]:
        return queries.visible_partners()

    def get_serializer(self, *args: Any, **options: Any) -> Any:
        """With the enrolments of the whole page, read at once."""
        rows = args[0] if options.get("many") and args else args[:1]
        found = queries.enrolments_by_partner([row.pk for row in rows]) if rows else {}
        context = {**self.get_serializer_context(), **options.pop("context", {}), "enrolments": found}
        return self.serializer_class(*args, context=context, **options)


router.register("partners", Partners, basename="partners")
