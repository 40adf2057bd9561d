"""What workflows themselves offer: their messages, and the story of a subject."""

from prm.kernel.automation.registry import register_story
from prm.kernel.messages.registry import register_message
from workflows import parts
from workflows.queries.stories import timeline

__all__ = ["parts"]

_VARIABLES = ["name", "percent", "minutes_left", "workflow", "due_at"]
_SAMPLE = {"name": "Nordwind: 40 seats", "percent": 80, "minutes_left": 96, "workflow": "Deal registration"}

register_story("*", timeline)

register_message(
    "workflows.sla_warning",
    label="A task nears its due time",
    variables=_VARIABLES,
    sample=_SAMPLE,
    subject={
        "en": "{{ minutes_left }} working minutes left: {{ name }}",
        "de": "Noch {{ minutes_left }} Arbeitsminuten: {{ name }}",
    },
    body={
        "en": "{{ percent }} % of the promised time for “{{ name }}” is used ({{ workflow }}). It is still "
        "open.\n\n{{ url }}",
        "de": "{{ percent }} % der zugesagten Zeit für „{{ name }}“ sind verbraucht ({{ workflow }}). Der Vorgang "
        "ist noch offen.\n\n{{ url }}",
    },
)

register_message(
    "workflows.sla_breached",
    label="A task is late",
    variables=_VARIABLES,
    sample={**_SAMPLE, "percent": 100, "minutes_left": 0},
    subject={"en": "Late: {{ name }}", "de": "Überfällig: {{ name }}"},
    body={
        "en": "The promised time for “{{ name }}” is over ({{ workflow }}), and nobody has decided.\n\n{{ url }}",
        "de": "Die zugesagte Zeit für „{{ name }}“ ist um ({{ workflow }}), und niemand hat entschieden.\n\n{{ url }}",
    },
)
