"""The base of every page in the vendor's admin: rights from the membership, changes through actions.

The middleware has opened the vendor's context, so that lists, choices and searches hold this tenant's rows
alone. Nothing is written to Django's own log: the audit is.
"""

from typing import Any

from django.contrib import admin
from django.db import models
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django_fsm import FSMFieldMixin

from prm.kernel.audit.models import AuditEntry
from prm.kernel.audit.words import word_of
from prm.kernel.identity.actors import Actor
from prm.kernel.reference.actions import drop_record, keep_record, values_of
from prm.kernel.tenancy.forms import TenantModelForm

READERS = frozenset({"admin", "auditor"})
WRITERS = frozenset({"admin"})


def roles_of(request: HttpRequest) -> frozenset[str]:
    """What the reader may be here: the roles of the membership that the middleware has found."""
    actor: Actor | None = getattr(request, "actor", None)
    return actor.roles if actor else frozenset()


class Rights:
    """Who may look and who may change, from roles; Django's own permissions are not asked."""

    writers = WRITERS
    readers = READERS

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not roles_of(request).isdisjoint(self.readers)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not roles_of(request).isdisjoint(self.writers)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not roles_of(request).isdisjoint(self.writers)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return not roles_of(request).isdisjoint(self.writers)


class LabelledFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Rows whose every control has a name: the column's heading is not read aloud."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for field in form.fields.values():
            field.widget.attrs["aria-label"] = str(field.label or "")


class TenantInline(Rights, admin.TabularInline):  # type: ignore[type-arg]
    """Rows that belong to the one above them."""

    extra = 0
    show_change_link = False
    form = TenantModelForm
    formset = LabelledFormSet


class TenantModelAdmin(Rights, admin.ModelAdmin):  # type: ignore[type-arg]
    """A kind of configuration. State fields are read-only: they change by actions, never by saving."""

    form = TenantModelForm
    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}
    view_on_site = False
    list_per_page = 50
    show_full_result_count = False
    object_history_template = "admin/object_history.html"

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        states = [f.name for f in self.model._meta.local_fields if isinstance(f, FSMFieldMixin)]
        return [*super().get_readonly_fields(request, obj), *states]

    def save_model(self, request: HttpRequest, obj: models.Model, form: Any, change: bool) -> None:
        keep_record(record=obj, before=self._before(obj) if change else {}, **who(request))

    def delete_model(self, request: HttpRequest, obj: models.Model) -> None:
        drop_record(record=obj, **who(request))

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for obj in queryset:
            self.delete_model(request, obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        changed = formset.save(commit=False)
        for gone in formset.deleted_objects:
            drop_record(record=gone, **who(request))
        for obj in changed:
            keep_record(record=obj, before=self._before(obj), **who(request))

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The action has written the audit."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        """The action has written the audit."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        """The action has written the audit."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """What happened to a record, from the audit."""
        obj = self.get_object(request, object_id)
        if obj is None:
            return self.not_there(request, object_id)
        entries = AuditEntry.objects.filter(target_id=obj.pk).order_by("-at", "-id")[:100]
        context = {
            **self.admin_site.each_context(request),
            "title": _("History of {name}").format(name=obj),
            "entries": [told(entry) for entry in entries],
            "object": obj,
            "opts": self.opts,
        }
        return TemplateResponse(request, self.object_history_template, context)

    def not_there(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A foreign row and a missing one give the same answer."""
        answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)  # type: ignore[attr-defined]
        return answer

    @staticmethod
    def _before(obj: models.Model) -> dict[str, Any]:
        held = type(obj)._default_manager.filter(pk=obj.pk).first()
        return values_of(held) if held else {}


def who(request: HttpRequest) -> dict[str, Any]:
    """Who acts, and when: what every action wants."""
    return {"actor": request.actor, "now": request.now}  # type: ignore[attr-defined]


def told(entry: AuditEntry) -> dict[str, Any]:
    """An audit row for the timeline."""
    changes = " · ".join(f"{name}: {entry.before.get(name, '–')} → {value}" for name, value in entry.after.items())
    return {"at": entry.at, "title": word_of(entry.action), "actor": entry.actor_name, "text": changes[:500]}
