"""Connections in the vendor's admin: read there, changed on their own pages, where a mapping can be tried first."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import Connection, FieldMapping
from prm.kernel.admin import TenantInline, TenantModelAdmin


class _ReadOnly:
    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MappingInline(_ReadOnly, TenantInline):
    model = FieldMapping
    fields = ("remote_field", "fact", "transform", "values", "constant")


@admin.register(Connection)
class ConnectionAdmin(_ReadOnly, TenantModelAdmin):
    list_display = ("name", "kind", "status", "address", "page")
    inlines = (MappingInline,)

    @admin.display(description=gettext_lazy("change it"))
    def page(self, connection: Connection) -> Any:
        url = reverse("integrations:connection", args=[connection.pk])
        return format_html('<a href="{}">{}</a>', url, _("Open its page"))
