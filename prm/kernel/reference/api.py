"""Price books over the API, to read; a partner's programs read those that are shown to partners."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from rest_framework import mixins, serializers, viewsets

from prm.kernel.api import router
from prm.kernel.reference.models import PriceEntry


class PriceSerializer(serializers.ModelSerializer[PriceEntry]):
    """A list price, with the book that it stands in and when and where that holds."""

    sku = serializers.CharField(source="product.sku")
    product = serializers.CharField(source="product.name")
    product_line = serializers.CharField(source="product.line.code")
    book = serializers.CharField(source="book.code")
    currency = serializers.CharField(source="book.currency")
    program = serializers.CharField(source="book.program.code", default=None, allow_null=True)
    territories = serializers.ListField(child=serializers.CharField(), source="book.territories")
    valid_from = serializers.DateField(source="book.valid_from")
    valid_until = serializers.DateField(source="book.valid_until", allow_null=True)
    shown_to_partners = serializers.BooleanField(source="book.shown_to_partners")

    class Meta:
        model = PriceEntry
        fields = [
            "id", "sku", "product", "product_line", "list_price", "currency", "book", "program", "territories",
            "valid_from", "valid_until", "shown_to_partners",
        ]  # fmt: skip
        read_only_fields = fields


class PriceFilter(filters.FilterSet):  # type: ignore[misc]
    book = filters.CharFilter(field_name="book__code")
    sku = filters.CharFilter(field_name="product__sku")
    currency = filters.CharFilter(field_name="book__currency")

    class Meta:
        model = PriceEntry
        fields: list[Any] = []


class Prices(mixins.ListModelMixin, viewsets.GenericViewSet[PriceEntry]):
    """List prices of the price books; for a partner, of those that are shown to partners."""

    queryset = PriceEntry.objects.none()
    serializer_class = PriceSerializer
    filterset_class = PriceFilter

    def get_queryset(self) -> QuerySet[PriceEntry]:
        return PriceEntry.objects.select_related("book__program", "product__line")


router.register("prices", Prices, basename="prices")
