"""Rules in the vendor's admin: what is in force, a draft with the condition builder, and a second person."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from prm.kernel.admin import TenantModelAdmin, roles_of, who
from prm.kernel.automation import actions, queries
from prm.kernel.automation.forms import OUTCOMES, DraftEditor, with_one_more
from prm.kernel.automation.models import RuleSet, RuleVersion
from prm.kernel.conditions import ConditionError, FactSchema, schema_named, sentence
from prm.kernel.ui.slots import filled


@admin.register(RuleSet)
class RuleSetAdmin(TenantModelAdmin):
    """Rule sets come with the product; a vendor changes their rules, never their kind."""

    list_display = ("name", "in_force", "waiting")

    @admin.display(description=gettext_lazy("in force"))
    def in_force(self, ruleset: RuleSet) -> str:
        version = ruleset.versions.filter(status=RuleVersion.Status.PUBLISHED).first()
        return _("version {n}").format(n=version.number) if version else _("none: everything goes to people")

    @admin.display(description=gettext_lazy("draft"))
    def waiting(self, ruleset: RuleSet) -> str:
        draft = queries.draft_of(ruleset.pk)
        return _("version {n} by {name}").format(n=draft.number, name=draft.author_name) if draft else "–"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> Any:
        view = self.admin_site.admin_view
        return [
            path("<uuid:pk>/change/", view(self.overview), name="automation_ruleset_change"),
            path("<uuid:pk>/draft/", view(self.draft), name="automation_ruleset_draft"),
            path("<uuid:pk>/publish/", view(require_POST(self.publish)), name="automation_ruleset_publish"),
            path("<uuid:pk>/discard/", view(require_POST(self.discard)), name="automation_ruleset_discard"),
            path("<uuid:pk>/version/<int:number>/", view(self.version), name="automation_ruleset_version"),
            *super().get_urls(),
        ]

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **options: Any) -> HttpResponse:
        """Django's own form would change a rule set's key without a second person: it is not there, however
        the address writes the id."""
        raise Http404

    def overview(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """What is in force in words, the draft that waits, and every version before."""
        ruleset = self._get(pk)
        versions = list(ruleset.versions.order_by("-number"))
        published = next((v for v in versions if v.status == RuleVersion.Status.PUBLISHED), None)
        draft = next((v for v in versions if v.status == RuleVersion.Status.DRAFT), None)
        mine = draft is not None and request.actor.id in (draft.author, *draft.editors)  # type: ignore[attr-defined]
        return self._page(
            request,
            "admin/ruleset.html",
            ruleset,
            {
                "published": published,
                "draft": draft,
                "versions": versions,
                "mine": mine,
                "told": in_words(published.document, ruleset) if published else [],
                "drafted": in_words(draft.document, ruleset) if draft else [],
                "draft_slots": filled("rule_draft", request, draft.pk) if draft else [],
                "otherwise": dict(OUTCOMES).get((published.document if published else {}).get("otherwise", "allow")),
                "only_admin": queries.count_of_admins() <= 1,
            },
        )

    def version(self, request: HttpRequest, pk: UUID, number: int) -> HttpResponse:
        """One version in words."""
        ruleset = self._get(pk)
        found = ruleset.versions.filter(number=number).first()
        if found is None:
            raise Http404
        context = {"version": found, "told": in_words(found.document, ruleset), "title": str(found)}
        return self._page(request, "admin/ruleset_version.html", ruleset, context)

    def draft(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Edit the draft; without one, begin from what is in force."""
        ruleset, held = self._get(pk), queries.draft_of(pk)
        self._may_write(request)
        document = held.document if held else queries.latest_document(ruleset)
        adding = request.POST.get("action") == "add"
        data = with_one_more(request.POST) if adding else request.POST or None
        editor = DraftEditor(schema_named(ruleset.schema), document, held.note if held else "", data)
        if request.method == "POST" and not adding and editor.is_valid():
            actions.save_rule_draft(
                ruleset_id=pk, document=editor.document(), note=editor.draft.cleaned_data["note"], **who(request)
            )
            messages.success(request, _("The draft is saved. It decides nothing until somebody else publishes it."))
            return redirect(self._url(pk))
        return self._page(
            request,
            "admin/ruleset_draft.html",
            ruleset,
            {"editor": editor, "held": held, "adding": adding, "title": _("Draft")},
        )

    def publish(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Be the second person."""
        self._may_write(request)
        draft = queries.draft_of(self._get(pk).pk)
        if draft is None:
            messages.info(request, _("There is no draft any more."))
            return redirect(self._url(pk))
        decision = actions.publish_rules(version_id=draft.pk, **who(request))
        if decision.allowed:
            messages.success(request, _("Version {n} is in force.").format(n=draft.number))
        else:
            messages.error(request, " ".join(str(reason.text) for reason in decision.reasons))
        return redirect(self._url(pk))

    def discard(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Throw the draft away."""
        self._may_write(request)
        draft = queries.draft_of(self._get(pk).pk)
        if draft and actions.discard_rule_draft(version_id=draft.pk, **who(request)):
            messages.success(request, _("The draft is gone. What is in force stays as it is."))
        return redirect(self._url(pk))

    def _page(self, request: HttpRequest, template: str, ruleset: RuleSet, context: Mapping[str, Any]) -> HttpResponse:
        shared = {
            **self.admin_site.each_context(request),
            "title": ruleset.name,
            "ruleset": ruleset,
            "opts": self.opts,
            "may_write": self.has_change_permission(request),
        }
        return render(request, template, {**shared, **context})

    def _get(self, pk: UUID) -> RuleSet:
        found = RuleSet.objects.filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def _may_write(self, request: HttpRequest) -> None:
        if roles_of(request).isdisjoint(self.writers):
            raise PermissionDenied

    def _url(self, pk: UUID) -> str:
        return reverse("admin:automation_ruleset_change", args=[pk])


def in_words(document: Mapping[str, Any], ruleset: RuleSet) -> list[dict[str, Any]]:
    """Each rule as a sentence, for those who read and don't edit."""
    schema = schema_named(ruleset.schema)
    return [
        {
            "name": rule.get("name") or rule.get("key"),
            "sentence": _sentence(rule.get("when"), schema),
            "outcome": dict(OUTCOMES).get(str(rule.get("outcome")), rule.get("outcome")),
            "kind": rule.get("outcome"),
            "active": rule.get("active", True),
            "reason": rule.get("reason") or {},
        }
        for rule in document.get("rules", [])
        if isinstance(rule, Mapping)
    ]


def _sentence(tree: Any, schema: FactSchema) -> str:
    try:
        return sentence(tree, schema)
    except ConditionError as broken:
        return _("This can't be judged: {why}").format(why=broken)
