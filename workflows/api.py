"""The queue over the API: the vendor's programs read tasks and decide them. There is no undo: it is done at once."""

from typing import Any

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from prm.kernel import wording
from prm.kernel.api import PerToken, Submissions, Text, actor_of, answer, now_of, router
from workflows import actions
from workflows.models import AssignmentRule, HumanTask, Workflow

READERS = frozenset({"admin", "ops", "approver", "cam", "finance", "legal", "sales", "auditor"})
DECIDERS = READERS - {"auditor"}


class TaskSerializer(serializers.ModelSerializer[HumanTask]):
    """A question to people, with why it is asked. `value` is text, so that no cent is lost. `assigned_by` is the
    assignment rule of the queue that named the owner, as long as nobody has passed the task on."""

    reasons = serializers.SerializerMethodField()

    class Meta:
        model = HumanTask
        fields = [
            "id", "queue", "title", "status", "outcomes", "note_required", "reasons", "subject_type", "subject_id",
            "subject_name", "partner_id", "partner_name", "tier", "value", "currency", "owner_id", "role",
            "assigned_by", "due_at", "sla_paused", "outcome", "note", "decided_by", "decided_at", "opened_at",
        ]  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(serializers.ListField(child=serializers.DictField()))
    def get_reasons(self, task: HumanTask) -> list[dict[str, str]]:
        return [{"key": str(one.get("key", "")), "text": wording.told(one)} for one in task.reasons]


class TaskDecision(serializers.Serializer[Any]):
    """`outcome` is one of the task's; some outcomes need a note. `detail` is what an outcome asks for besides,
    such as `{"fields": ["amount"]}` for a return or `{"other": "<id>"}` for a duplicate."""

    outcome = Text(max_length=40)
    note = Text(max_length=5000, required=False, allow_blank=True, default="")
    detail = serializers.DictField(required=False, default=dict)


class TaskFilter(filters.FilterSet):  # type: ignore[misc]
    subject = filters.UUIDFilter(field_name="subject_id")
    due_before = filters.IsoDateTimeFilter(field_name="due_at", lookup_expr="lt")

    class Meta:
        model = HumanTask
        fields = ["status", "queue", "role"]


class Tasks(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[HumanTask]):
    """What waits for a person, and what people decided."""

    queryset = HumanTask.objects.none()
    serializer_class = TaskSerializer
    filterset_class = TaskFilter
    throttle_classes = [PerToken, Submissions]
    required_roles = READERS
    action_roles = {"decide": DECIDERS}

    def get_queryset(self) -> QuerySet[HumanTask]:
        return HumanTask.objects.all()

    @extend_schema(request=TaskDecision, responses={200: TaskSerializer})
    @action(detail=True, methods=["post"])
    def decide(self, request: Request, pk: str | None = None) -> Response:
        """Decide a task. 409 when somebody was faster, 422 when the rules say no; the answer says who or why."""
        task = self.get_object()
        typed = TaskDecision(data=request.data)
        typed.is_valid(raise_exception=True)
        decision = actions.decide_task(
            task_id=task.pk, actor=actor_of(request), now=now_of(request), immediately=True, **typed.validated_data
        )
        task.refresh_from_db()
        return answer(request, decision, self.get_serializer(task).data)


class AssignmentRuleSerializer(serializers.ModelSerializer[AssignmentRule]):
    """Which tasks of a queue (empty: of every one) go to whom. `about` is the schema whose facts `when` asks."""

    person_id = serializers.UUIDField(allow_null=True)
    when = serializers.DictField()

    class Meta:
        model = AssignmentRule
        fields = ["id", "position", "name", "queue", "about", "when", "kind", "role", "person_id"]
        read_only_fields = fields


class AssignmentRules(mixins.ListModelMixin, viewsets.GenericViewSet[AssignmentRule]):
    """Who gets the tasks that workflows leave to their queue; the first rule that fits decides. It is changed in
    the console."""

    queryset = AssignmentRule.objects.none()
    serializer_class = AssignmentRuleSerializer
    required_roles = READERS
    pagination_class = None

    def get_queryset(self) -> QuerySet[AssignmentRule]:
        return AssignmentRule.objects.all()


class WorkflowSerializer(serializers.ModelSerializer[Workflow]):
    """A workflow that is in force; `event` is what starts it, or @schedule, @date or @manual."""

    class Meta:
        model = Workflow
        fields = ["id", "key", "name", "event"]
        read_only_fields = fields


class WorkflowStart(serializers.Serializer[Any]):
    """`subject` is the id of what the run is about, such as a deal's."""

    subject = serializers.UUIDField()


class WorkflowStarted(serializers.Serializer[Any]):
    run = serializers.UUIDField()


class Workflows(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Workflow]):
    """The workflows in force, and a way to start those that are started by hand."""

    queryset = Workflow.objects.none()
    serializer_class = WorkflowSerializer
    lookup_field = "key"
    throttle_classes = [PerToken, Submissions]
    required_roles = READERS
    action_roles = {"start": frozenset({"admin", "ops"})}

    def get_queryset(self) -> QuerySet[Workflow]:
        return Workflow.objects.filter(versions__status="published")

    @extend_schema(request=WorkflowStart, responses={201: WorkflowStarted})
    @action(detail=True, methods=["post"])
    def start(self, request: Request, key: str | None = None) -> Response:
        """Start a workflow about a subject. 422 when it is not one that people start, or there is no such subject."""
        workflow = self.get_object()
        typed = WorkflowStart(data=request.data)
        typed.is_valid(raise_exception=True)
        decision = actions.start_workflow(
            workflow_id=workflow.pk,
            subject_id=typed.validated_data["subject"],
            actor=actor_of(request),
            now=now_of(request),
        )
        return answer(request, decision, {"run": decision.facts.get("run")}, status=201)


router.register("tasks", Tasks, basename="tasks")
router.register("assignment-rules", AssignmentRules, basename="assignment-rules")
router.register("workflows", Workflows, basename="workflows")
