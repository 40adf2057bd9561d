"""`{% load ui %}`: every component of the design system (docs/ui.md)."""

from django.template import Library

from prm.kernel.ui.tags import basics, blocks, charts, forms, lists, values

register = Library()
for room in (basics, blocks, charts, forms, lists, values):
    register.tags.update(room.register.tags)
    register.filters.update(room.register.filters)
