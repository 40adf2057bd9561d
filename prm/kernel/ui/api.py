"""Exports over the API: ask for any table that the pages show, see how far it is, fetch it."""

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from prm.kernel.api import HasRoles, Submissions, answer, router
from prm.kernel.ui.exports import asking, links, work
from prm.kernel.ui.models import Export


class ExportSerializer(serializers.ModelSerializer[Export]):
    """A file and how far it is. `url` is there once it is ready: signed, good for an hour; read again for another."""

    rows_done = serializers.SerializerMethodField()
    url = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id", "title", "address", "format", "state", "problem", "expected_rows", "rows_done", "rows", "size",
            "asked_at", "expires_at", "url",
        ]  # fmt: skip
        read_only_fields = fields

    def get_rows_done(self, row: Export) -> int:
        if row.rows is not None:
            return row.rows
        return work.rows_done([row.pk]).get(row.pk, 0) if row.state == Export.State.WRITING else 0

    def get_url(self, row: Export) -> str | None:
        if row.state != Export.State.READY:
            return None
        return f"{reverse('api:exports-file', args=[row.pk])}?key={links.key_of(row)}"


class NewExport(serializers.Serializer[Any]):
    """`address` is that of the page with its filters as a browser shows it: /console/deals/?view=open&sort=-amount"""

    address = serializers.CharField(max_length=asking.LONGEST)
    format = serializers.ChoiceField(choices=Export.Format.choices)


class Exports(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Export]):
    """Tables as files, with the rows that the key's roles may see. A file is removed after a day."""

    queryset = Export.objects.none()
    serializer_class = ExportSerializer
    throttle_classes = [Submissions]
    permission_classes = [HasRoles]

    def get_queryset(self) -> QuerySet[Export]:
        token = getattr(self.request._request, "token", None)
        return Export.objects.filter(token_id=token.pk) if token else Export.objects.none()

    @extend_schema(request=NewExport, responses={201: ExportSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a file; it is written by a task, mostly within seconds."""
        given = NewExport(data=request.data)
        given.is_valid(raise_exception=True)
        decision, row = asking.ask(request._request, given.validated_data["address"], given.validated_data["format"])
        return answer(request, decision, ExportSerializer(row).data if row else None, status=201)

    @extend_schema(
        parameters=[OpenApiParameter("key", str, required=True, description="From the export's own url")],
        responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
    )
    @action(detail=True, methods=["get"])
    def file(self, request: Request, pk: str) -> FileResponse:
        """The file."""
        found = asking.fetch(self.get_object(), request.query_params.get("key", ""), request._request)
        if found is None:
            raise Http404
        return found


router.register("exports", Exports, basename="exports")
