"""How the queue shows incidents and webhook calls that a workflow asks people about."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from prm.kernel import wording
from prm.kernel.automation.registry import Panel, register_panel
from workflows.models import Incident, WebhookCall


def incident_rows(ids: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    return {
        one.pk: {
            "title": f"{one.subject_name or one.get_kind_display()}: {one.message}"[:200],
            "partner_id": one.partner_id,
            "url": reverse("workflows:incident", args=[one.pk]),
            "status": one.status,
        }
        for one in Incident.objects.filter(pk__in=list(ids)).defer("evidence")
    }


def incident_evidence(pk: UUID) -> Mapping[str, Any]:
    return {"evidence": {"incident": Incident.objects.select_related("workflow", "run").get(pk=pk)}}


def incident_facts(pk: UUID) -> Mapping[str, Any]:
    found = Incident.objects.select_related("workflow").filter(pk=pk).first()
    if found is None:
        return {}
    return {
        "incident.kind": found.kind,
        "incident.message": wording.remembering(found.message, found.sentence),
        "incident.workflow": found.workflow.key if found.workflow else "",
        "incident.block": found.block,
        "incident.about": found.subject_name,
        "incident.status": found.status,
    }


def call_rows(ids: Iterable[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
    return {
        one.pk: {
            "title": f"{one.run.subject_name}: {one.url}"[:200],
            "partner_id": one.run.partner_id,
            "url": reverse("workflows:run", args=[one.run_id]),
            "status": one.state,
        }
        for one in WebhookCall.objects.select_related("run").filter(pk__in=list(ids))
    }


def call_evidence(pk: UUID) -> Mapping[str, Any]:
    return {"evidence": {"call": WebhookCall.objects.select_related("run__workflow").get(pk=pk)}}


register_panel(
    Panel(
        "incident",
        _("Incident"),
        incident_rows,
        incident_evidence,
        "workflows/incident_evidence.html",
        incident_facts,
    )
)
register_panel(Panel("call", _("Webhook call"), call_rows, call_evidence, "workflows/call_evidence.html"))
