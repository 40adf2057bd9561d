"""How the queue shows a deal without knowing deals."""

from django.utils.translation import gettext_lazy as _

from dealreg import queries
from prm.kernel.automation.registry import Panel, register_panel

register_panel(
    Panel(
        subject="deal",
        label=_("Deal"),
        rows=queries.queue_rows,
        evidence=queries.queue_evidence,
        template="dealreg/evidence.html",
        facts=queries.facts_of,
    )
)
