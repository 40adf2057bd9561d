"""What workflows themselves offer: triggers, facts, actions, messages, templates, stories. Importing registers all."""

from prm.kernel.automation.registry import register_story
from workflows import parts
from workflows.automation import offers, panels, shipped, wording
from workflows.queries.stories import timeline

register_story("*", timeline)

__all__ = ["offers", "panels", "parts", "shipped", "wording"]
