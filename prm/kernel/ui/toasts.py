"""Short answers at the edge of the page, for htmx responses; full pages use django.contrib.messages."""

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django_htmx.http import trigger_client_event

Text = str | Promise


def toast(
    response: HttpResponse, text: Text, *, tone: str = "good", undo: str | None = None, seconds: int = 10
) -> HttpResponse:
    """Show `text`. With `undo`, an address to POST to, it offers Undo (key Z) for that many seconds."""
    detail = {"text": str(text), "tone": tone, "undo": undo, "seconds": seconds}
    trigger_client_event(response, "toast", detail, after="receive")
    return response


def conflict(request: HttpRequest, text: Text) -> HttpResponse:
    """409: somebody was faster; the text says who. The page stays as it is."""
    return toast(HttpResponse(str(text), status=409, content_type="text/plain; charset=utf-8"), text, tone="warn")
