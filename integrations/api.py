"""Connections and changes over the API: how they stand, and dead letters tried again or skipped."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from integrations import actions, rules
from integrations.answers import reason_in
from integrations.models import Connection, SyncJob
from prm.kernel.api import PerToken, Submissions, actor_of, answer, now_of, router
from prm.kernel.decisions import Decision

READERS = frozenset({"admin", "ops", "auditor"})
KEEPERS = READERS - {"auditor"}


class ConnectionSerializer(serializers.ModelSerializer[Connection]):
    """A connection, without its secret."""

    class Meta:
        model = Connection
        fields = ["id", "name", "kind", "subject", "address", "remote_object", "external_id_field", "status",
                  "broken_because", "broken_at"]  # fmt: skip
        read_only_fields = fields


class Connections(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Connection]):
    """Where deals are written to."""

    queryset = Connection.objects.none()
    serializer_class = ConnectionSerializer
    required_roles = READERS

    def get_queryset(self) -> QuerySet[Connection]:
        return Connection.objects.all()


class ChangeSerializer(serializers.ModelSerializer[SyncJob]):
    """A change on its way. `what` says in words what is the matter, `who` who can set it right."""

    what = serializers.SerializerMethodField()
    who = serializers.SerializerMethodField()

    class Meta:
        model = SyncJob
        fields = ["id", "connection", "subject_id", "subject_name", "event", "at", "state", "attempt", "trouble",
                  "what", "who", "error", "changes", "done_at"]  # fmt: skip
        read_only_fields = fields

    def get_what(self, job: SyncJob) -> str:
        return rules.plain_words(job.trouble, reason_in(job.answer))

    def get_who(self, job: SyncJob) -> str:
        return rules.who_can_fix(job.trouble)


class ChangeFilter(filters.FilterSet):  # type: ignore[misc]
    subject = filters.UUIDFilter(field_name="subject_id")
    connection = filters.UUIDFilter(field_name="connection_id")

    class Meta:
        model = SyncJob
        fields = ["state"]


class Changes(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SyncJob]):
    """What was written, what waits, and what needs help."""

    queryset = SyncJob.objects.none()
    serializer_class = ChangeSerializer
    filterset_class = ChangeFilter
    throttle_classes = [PerToken, Submissions]
    required_roles = READERS
    action_roles = {"retry": KEEPERS, "skip": KEEPERS}

    def get_queryset(self) -> QuerySet[SyncJob]:
        return SyncJob.objects.defer("facts")

    @extend_schema(request=None, responses={200: ChangeSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str | None = None) -> Response:
        """Try a dead letter again, with the record as it is now. 409 when it needs no help any more."""
        return self._settled(request, actions.retry_job)

    @extend_schema(request=None, responses={200: ChangeSerializer})
    @action(detail=True, methods=["post"])
    def skip(self, request: Request, pk: str | None = None) -> Response:
        """Give a dead letter up. 409 when it needs no help any more."""
        return self._settled(request, actions.skip_job)

    def _settled(self, request: Request, settle: Any) -> Response:
        job_id: UUID = self.get_object().pk
        decision: Decision = settle(job_id=job_id, actor=actor_of(request), now=now_of(request))
        return answer(request, decision, self.get_serializer(self.get_object()).data)


router.register("connections", Connections, basename="connections")
router.register("changes", Changes, basename="changes")
