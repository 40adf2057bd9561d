"""People over the API: a vendor's programs read everybody, a partner's their own colleagues."""

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import mixins, serializers, viewsets

from prm.kernel.api import router
from prm.kernel.identity import queries
from prm.kernel.identity.models import Membership


class PersonSerializer(serializers.ModelSerializer[Membership]):
    class Meta:
        model = Membership
        fields = ["id", "name", "email", "title", "roles", "partner_id", "joined_at"]


class PersonFilter(filters.FilterSet):  # type: ignore[misc]
    role = filters.CharFilter(field_name="roles", lookup_expr="contains", method="with_role", label="Holds this role")
    partner = filters.UUIDFilter(field_name="partner_id")
    email = filters.CharFilter(lookup_expr="iexact")

    class Meta:
        model = Membership
        fields: list[str] = []

    def with_role(self, rows: QuerySet[Membership], name: str, value: str) -> QuerySet[Membership]:
        return rows.filter(roles__contains=[value])


class People(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Membership]):
    """The people who have access now."""

    queryset = Membership.objects.none()
    serializer_class = PersonSerializer
    filterset_class = PersonFilter

    def get_queryset(self) -> QuerySet[Membership]:
        return queries.members()


router.register("people", People, basename="people")
