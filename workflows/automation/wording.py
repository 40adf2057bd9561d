"""The messages that workflows send by themselves, as shipped."""

from django.utils.translation import gettext_lazy as _

from prm.kernel.messages.registry import register_message

_VARIABLES = ["name", "percent", "minutes_left", "workflow", "due_at"]
_SAMPLE = {"name": "Nordwind: 40 seats", "percent": 80, "minutes_left": 96, "workflow": "Deal registration"}
_LEFT = (
    "{% if minutes_left >= 60 %}{{ minutes_left | divided_by: 60 }} h {% endif %}{{ minutes_left | modulo: 60 }} min"
)

register_message(
    "workflows.sla_warning",
    label=_("A task nears its due time"),
    variables=_VARIABLES,
    sample=_SAMPLE,
    subject={
        "en": _LEFT + " of working time left: {{ name }}",
        "de": "Noch " + _LEFT + " Arbeitszeit: {{ name }}",
    },
    body={
        "en": "{{ percent }} % of the promised time for “{{ name }}” is used ({{ workflow }}). It is still "
        "open.\n\n{{ url }}",
        "de": "{{ percent }} % der zugesagten Zeit für „{{ name }}“ sind verbraucht ({{ workflow }}). Der Vorgang "
        "ist noch offen.\n\n{{ url }}",
    },
)

register_message(
    "workflows.task_escalated",
    label=_("A task is escalated"),
    variables=["name", "title", "level", "workflow"],
    sample={"name": "Nordwind: 40 seats", "title": "Decide on this deal", "level": 1, "workflow": "Deal registration"},
    subject={"en": "Escalated: {{ name }}", "de": "Eskaliert: {{ name }}"},
    body={
        "en": "“{{ title }}” for “{{ name }}” has been waiting too long ({{ workflow }}). Please see to it that "
        "somebody decides.\n\n{{ url }}",
        "de": "„{{ title }}“ für „{{ name }}“ wartet schon zu lange ({{ workflow }}). Bitte sorgen Sie dafür, dass "
        "jemand entscheidet.\n\n{{ url }}",
    },
)

register_message(
    "workflows.sla_breached",
    label=_("A task is late"),
    variables=_VARIABLES,
    sample={**_SAMPLE, "percent": 100, "minutes_left": 0},
    subject={"en": "Late: {{ name }}", "de": "Überfällig: {{ name }}"},
    body={
        "en": "The promised time for “{{ name }}” is over ({{ workflow }}), and nobody has decided.\n\n{{ url }}",
        "de": "Die zugesagte Zeit für „{{ name }}“ ist um ({{ workflow }}), und niemand hat entschieden.\n\n{{ url }}",
    },
)

register_message(
    "workflows.nobody_took_charge",
    label=_("Nobody takes charge of something late"),
    variables=["sla", "subject", "steps"],
    sample={"sla": {"about": "Nordwind: 40 seats", "clock": "answer"}},
    subject={
        "en": "Late, and nobody takes charge: {{ sla.about }}",
        "de": "Überfällig und ohne Zuständige: {{ sla.about }}",
    },
    body={
        "en": "The promised time for “{{ sla.about }}” is over, and nobody has said that they see to it.\n\n{{ url }}",
        "de": "Die zugesagte Zeit für „{{ sla.about }}“ ist um, und niemand hat die Sache übernommen.\n\n{{ url }}",
    },
)
