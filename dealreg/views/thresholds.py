"""Setup: the two likelihoods of the conflict check, and what moving them would have done."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dealreg import actions, queries
from dealreg.forms import ThresholdsForm
from dealreg.models import DealPolicy
from dealreg.queries.thresholds import ENOUGH, WEEKS, Effect, curves, effect_of, past_of
from dealreg.rules_verdicts import HIGHEST, LOWEST, TUNERS
from prm.kernel.audit.models import AuditEntry
from prm.kernel.identity.access import require_roles
from prm.kernel.ui import formats


@require_http_methods(["GET", "POST"])
@require_roles(*TUNERS)
def thresholds(request: Any) -> HttpResponse:
    """What is set, what is tried (?review=&conflict=), and the difference; posting sets it."""
    if request.method == "POST":
        return _set(request)
    tried = ThresholdsForm(request.GET) if "review" in request.GET else None
    return _page(request, tried)


def _set(request: Any) -> HttpResponse:
    form = ThresholdsForm(request.POST)
    if not form.is_valid():
        return _page(request, form, status=422)
    decision = actions.set_thresholds(actor=request.actor, now=request.now, **form.cleaned_data)
    if decision.refused:
        for reason in decision.reasons:
            form.add_error("reason" if reason.key.startswith("reason.") else None, reason.text)
        return _page(request, form, status=422)
    messages.success(request, _("Set. It holds from the next check on; what waits is not judged again by it."))
    return redirect("dealreg_console:thresholds")


def _page(request: Any, form: ThresholdsForm | None, status: int = 200) -> HttpResponse:
    policy, part = queries.policy(), bool(request.htmx) and request.method == "GET"
    review, conflict = _tried(form, policy)
    past = past_of(request.now)
    now, then = effect_of(past, policy.review_threshold, policy.conflict_threshold), effect_of(past, review, conflict)
    context = {
        "form": form
        or ThresholdsForm(initial={"review": policy.review_threshold, "conflict": policy.conflict_threshold}),
        "review": review,
        "conflict": conflict,
        "policy": policy,
        "told": {
            "review": _percent(review),
            "conflict": _percent(conflict),
            "review_set": _percent(policy.review_threshold),
            "conflict_set": _percent(policy.conflict_threshold),
        },
        "moved": (review, conflict) != (policy.review_threshold, policy.conflict_threshold),
        "rows": _rows(now, then),
        "curves": curves(past, review, conflict),
        "settled": len(past.cases),
        "past": past,
        "enough": ENOUGH,
        "weeks": WEEKS,
        "lowest": LOWEST,
        "nothing_below": _percent(LOWEST),
        "highest": HIGHEST,
        "changes": _changes(),
        "part": part,
    }
    template = "dealreg/thresholds_effect.html" if part else "dealreg/thresholds.html"
    return render(request, template, context, status=status)


def _percent(share: object) -> str:
    """0.200 as 20 %, 0.985 as 98.5 %."""
    exact = Decimal(str(share)) * 100
    return formats.percent(exact / 100, 0 if exact == exact.to_integral_value() else 1)


def _changes() -> list[dict[str, Any]]:
    """What was set before, the latest first: "45 % / 95 %"."""
    rows = AuditEntry.objects.filter(action="policy.thresholds_set").order_by("-at", "-id")[:5]

    def both(kept: Mapping[str, Any]) -> str:
        return " / ".join(_percent(kept[name]) for name in ("review", "conflict"))

    return [
        {"after": both(r.after), "before": both(r.before), "reason": r.after["reason"], "who": r.actor_name, "at": r.at}
        for r in rows
    ]


def _tried(form: ThresholdsForm | None, policy: DealPolicy) -> tuple[Decimal, Decimal]:
    """What is tried, as far as it makes sense; else what is set."""
    if form is None:
        return policy.review_threshold, policy.conflict_threshold
    form.is_valid()
    given = form.cleaned_data
    conflict = min(max(given.get("conflict") or policy.conflict_threshold, LOWEST), HIGHEST)
    return min(max(given.get("review") or policy.review_threshold, LOWEST), conflict), conflict


def _rows(now: Effect, then: Effect) -> list[dict[str, Any]]:
    """The table: today's thresholds beside those tried."""
    return [
        _row(_("Wrong conflicts"), _("refused by itself, though people said it is not the same"), now.wrong, then.wrong,
             now.wrong_share, then.wrong_share, now.different),
        _row(_("Missed conflicts"), _("let through, though people said it is the same"), now.missed, then.missed,
             now.missed_share, then.missed_share, now.same),
        {
            "label": _("For the queue, per week"),
            "help": _("deals that a person compares"),
            "now": formats.number(now.per_week),
            "then": formats.number(then.per_week),
            "change": _change(now.per_week, then.per_week),
            "better": then.per_week < now.per_week,
            "moved": then.per_week != now.per_week,
        },
    ]  # fmt: skip


def _row(
    label: str, help: str, now: int, then: int, now_share: float | None, then_share: float | None, of: int
) -> dict[str, Any]:
    few = now_share is None or then_share is None
    return {
        "label": label,
        "help": help,
        "now": formats.number(now),
        "then": formats.number(then),
        "now_share": "" if few else formats.percent(now_share, 1),
        "then_share": "" if few else formats.percent(then_share, 1),
        "of": of,
        "few": few,
        "change": _change(now, then),
        "better": then < now,
        "moved": then != now,
    }


def _change(now: float, then: float) -> str:
    difference = round(then - now, 1)
    return f"{'+' if difference > 0 else '−'}{formats.number(abs(difference))}" if difference else "±0"
