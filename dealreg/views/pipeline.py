"""The pipeline, of the vendor's partners or of one's own: forecast, board, and the deals behind both."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from dealreg.queries.worth import summed
from dealreg.reports.forecast import FIGURES, MONTHS, Forecast
from dealreg.reports.lists import PartnerPipeline, PipelineDeals
from prm.kernel.reference.queries import vendor_currency
from prm.kernel.ui.context import Shell
from prm.kernel.ui.exports import TableResponse, is_asked, offers_table
from prm.kernel.ui.lists import ListView

LISTS = {"console": PipelineDeals, "portal": PartnerPipeline}


@offers_table
@require_GET
def forecast(request: HttpRequest) -> HttpResponse:
    """What may come, by month and by what the reader turns it to."""
    page = _page(request)
    if is_asked(request):
        return TableResponse(page.table())
    return render(
        request,
        "dealreg/forecast.html",
        {
            "page": page,
            "list": page.list.page(),
            "tabs": tabs(request),
            "pivots": [
                {"label": one.label, "url": page.turned(by=one.key), "current": one is page.pivot}
                for one in page.pivots
            ],
            "figures": [
                {"label": label, "url": page.turned(figure=key), "current": key == page.figure}
                for key, label in FIGURES
            ],
            "months": [
                {
                    "label": _("%(count)d months") % {"count": count},
                    "url": page.turned(months=str(count)),
                    "current": count == page.months,
                }
                for count in MONTHS
            ],
            "kept": [(name, request.GET[name]) for name in ("by", "months", "figure") if request.GET.get(name)],
            "previous_url": page.turned(page=str(page.page_number - 1)) if page.page_number > 1 else None,
            "next_url": page.turned(page=str(page.page_number + 1)) if page.page_number < page.pages else None,
        },
    )


@require_GET
def board(request: HttpRequest) -> HttpResponse:
    """Open protected deals by stage, the largest on top."""
    page = _page(request)
    return render(request, "dealreg/board.html", {"page": page, "list": page.list.page(), "tabs": tabs(request)})


def _page(request: HttpRequest) -> Forecast:
    audience = Shell(request).audience
    return Forecast(LISTS[audience](request), audience, _url(audience, "pipeline_deals"))


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The three sides of the pipeline, each with the same filters."""
    audience = Shell(request).audience
    query = LISTS[audience](request).query(page=None, sort=None, cols=None, view=None, saved=None)
    names = (("pipeline", _("Forecast")), ("pipeline_board", _("Board")), ("pipeline_deals", _("Deals")))
    return [{"label": label, "url": f"{_url(audience, name)}{'?' if query else ''}{query}"} for name, label in names]


def _url(audience: str, name: str) -> str:
    return reverse(f"dealreg_{audience}:{name}")


class Deals(ListView):
    """The deals behind a figure, with what they come to."""

    list = PipelineDeals
    template_name = "dealreg/pipeline_deals.html"

    def make(self, request: HttpRequest) -> PipelineDeals:
        self.rows = LISTS[Shell(request).audience](request)
        return self.rows

    def context(self, request: HttpRequest) -> dict[str, Any]:
        return {"sums": summed(self.rows.filtered), "tabs": tabs(request), "currency": vendor_currency()}
