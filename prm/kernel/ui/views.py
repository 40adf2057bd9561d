"""Pages and files of the frame itself."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from django.views.generic import View

from prm.kernel.ui import actions, branding
from prm.kernel.ui.context import Shell
from prm.kernel.ui.forms import BrandingForm

FOR_EVER = "public, max-age=31536000, immutable"


@require_GET
def brand_css(request: HttpRequest, colour: str) -> HttpResponse:
    """The custom properties of one colour: made of the address alone, so it is nobody's secret and never stale."""
    known = branding.parsed(colour)
    if known is None:
        raise Http404
    response = HttpResponse(branding.palette(known).css(), content_type="text/css; charset=utf-8")
    response["Cache-Control"] = FOR_EVER
    return response


@require_GET
def logo(request: HttpRequest) -> HttpResponse:
    """The tenant's own logo; the address names its bytes, so it may be kept."""
    found = branding.logo_bytes(getattr(getattr(request, "tenant", None), "logo", "") or "")
    if found is None:
        raise Http404
    kind, content = found
    response = HttpResponse(content, content_type=kind)
    response["Cache-Control"] = "private, max-age=604800"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Disposition"] = "inline"
    return response


class BrandingView(View):
    """Setup: name, colour, logo, with a preview that says how well the colour reads."""

    roles = frozenset({"admin"})

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if self.roles.isdisjoint(Shell(request).roles):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        tenant: Any = request.tenant  # type: ignore[attr-defined]
        return self._page(request, BrandingForm(initial={"name": tenant.name, "colour": tenant.brand_color}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BrandingForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._page(request, form, status=422)
        asker: Any = request  # the middleware gives it an actor and the business time
        actions.set_branding(
            name=form.cleaned_data["name"],
            colour=form.cleaned_data["colour"],
            logo=form.new_logo,
            actor=asker.actor,
            now=asker.now,
        )
        messages.success(request, _("Saved. Partners see it from their next page on."))
        return HttpResponseRedirect(request.path)

    def _page(self, request: HttpRequest, form: BrandingForm, status: int = 200) -> HttpResponse:
        colour = branding.parsed(str(form["colour"].value() or "")) or "#2f5bea"
        return render(request, "ui/branding.html", {"form": form, "palette": branding.palette(colour)}, status=status)


@require_GET
def preview(request: HttpRequest) -> HttpResponse:
    """What a colour would look like, before it is saved."""
    colour = branding.parsed(request.GET.get("colour", "")) or "#2f5bea"
    return render(request, "ui/branding_preview.html", {"palette": branding.palette(colour)})
