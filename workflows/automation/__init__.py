"""What workflows themselves offer: triggers, facts, actions, messages, templates, stories. Importing registers all."""

from prm.kernel.automation.registry import Questions, register_questions, register_story
from workflows import parts
from workflows.actions.many import answer_question, hindrances, retell
from workflows.automation import offers, outcomes, panels, shipped, wording
from workflows.queries.stories import timeline

register_story("*", timeline)
register_questions(Questions(hindrances, retell, answer_question))

__all__ = ["offers", "outcomes", "panels", "parts", "shipped", "wording"]
