"""What the list of registrations does with many deals: what it asks for, who will, and who won't and why."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dealreg import actions, queries
from dealreg.actions.batches import SELLERS as SELLING
from dealreg.entry import FIELDS
from dealreg.forms import SharesForm, close_reasons
from dealreg.models import Deal, DealBatch
from partners.models import Partner
from prm.kernel.clock import local_date
from prm.kernel.identity.actors import Actor
from prm.kernel.identity.models import Membership
from prm.kernel.ui.inputs import DayInput
from prm.kernel.ui.lists import BulkAction, Done, Plan

Verb = DealBatch.Verb
DESK = frozenset({"admin", "ops", "approver", "cam"})
MOVERS = frozenset({"admin", "ops", "approver"})
KEEPERS = frozenset({"admin", "ops", "cam"})
SELLERS = frozenset(SELLING)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        help_text=_("The partner reads this."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class PartnersReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}))


class ReturnForm(ReasonForm):
    fields_to_open = forms.MultipleChoiceField(
        label=_("Which fields may they change?"), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, queries.field_label(name)) for name in FIELDS]
        self.fields["fields_to_open"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        return found | {"fields": found.pop("fields_to_open", [])}


class ToAPartnerForm(forms.Form):
    partner = forms.ChoiceField(label=_("Partner"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = Partner.objects.filter(status="active").order_by("name").values_list("pk", "name")
        choices = [("", _("Choose a partner")), *((str(pk), name) for pk, name in rows)]
        self.fields["partner"].choices = choices  # type: ignore[attr-defined]


class ReassignForm(ToAPartnerForm, ReasonForm):
    field_order = ("partner", "reason")


class ShareForm(ToAPartnerForm, SharesForm):
    field_order = ("partner", "percent", "names_told")


class CamForm(forms.Form):
    cam = forms.ChoiceField(label=_("Channel manager"))

    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cam"].choices = [("", _("Choose somebody")), *staff_options(request)]  # type: ignore[attr-defined]


class ClosingForm(forms.Form):
    closed_on = forms.DateField(label=_("Closed on"), widget=DayInput())

    def __init__(self, *args: Any, request: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.today = local_date(request.now)
        self.fields["closed_on"].initial = self.today

    def clean_closed_on(self) -> Any:
        day = self.cleaned_data["closed_on"]
        if day > self.today:
            raise forms.ValidationError(_("That day is still to come."))
        return day


class LostForm(ClosingForm):
    because = forms.ChoiceField(label=_("Why were they lost?"))
    field_order = ("because", "closed_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["because"].choices = close_reasons("lost")  # type: ignore[attr-defined]


def staff_options(request: HttpRequest) -> list[tuple[str, str]]:
    people = Membership.objects.filter(partner=None, ended_at=None).order_by("name")
    return [(str(pk), name) for pk, name in people.values_list("pk", "name")]


def _form(
    kind: Callable[..., forms.Form], request: HttpRequest, data: Any = None, *, knows_request: bool = False
) -> forms.Form:
    """What was typed beside the verb: in the dialog, or in `data`, a program's own words."""
    more = {"request": request} if knows_request else {}
    typed = request.POST if data is None and "confirmed" in request.POST else data
    return kind(typed, **more)


def preview(verb: DealBatch.Verb, request: Any, deals: Sequence[Deal], given: Mapping[str, Any] | None = None) -> Plan:
    """Which of these deals it would be done to, and why not to the others."""
    why = queries.hindrances(verb, deals, given, request.actor, request.now)
    return Plan(
        will=[deal for deal in deals if deal.pk not in why],
        skipped=[(deal, why[deal.pk]) for deal in deals if deal.pk in why],
    )


def _run(verb: DealBatch.Verb, request: Any, deals: Sequence[Deal], given: Mapping[str, Any] | None = None) -> Done:
    ids = [deal.pk for deal in deals]
    batch = actions.start_batch(verb=verb, deal_ids=ids, given=given or {}, actor=request.actor, now=request.now)
    text = ngettext("%(verb)s: %(count)d deal in ten seconds.", "%(verb)s: %(count)d deals in ten seconds.", len(ids))
    done = text % {"verb": verb.label, "count": len(ids)}
    face = "dealreg_console" if request.actor.is_vendor else "dealreg_portal"
    return Done(done, undo=reverse(f"{face}:undo_batch", args=[batch.pk]))


def _move(
    verb: DealBatch.Verb,
    icon: str,
    roles: frozenset[str],
    form: Callable[..., forms.Form] | None = None,
    *,
    danger: bool = False,
) -> BulkAction:
    return BulkAction(
        str(verb.value), verb.label, partial(_run, verb), partial(preview, verb), form, icon, danger, roles
    )


MOVES = (
    _move(Verb.APPROVE, "check", DESK),
    _move(Verb.DECLINE, "x", DESK, partial(_form, ReasonForm), danger=True),
    _move(Verb.RETURN, "message-circle", DESK, partial(_form, ReturnForm)),
    _move(Verb.EXTEND, "calendar", KEEPERS),
    _move(Verb.REASSIGN, "shuffle", MOVERS, partial(_form, ReassignForm)),
    _move(Verb.SPLIT, "percent", MOVERS, partial(_form, ShareForm)),
    _move(Verb.CAM, "user-round", KEEPERS, partial(_form, CamForm, knows_request=True)),
    _move(Verb.WON, "trophy", KEEPERS, partial(_form, ClosingForm, knows_request=True)),
    _move(Verb.LOST, "circle-slash", KEEPERS, partial(_form, LostForm, knows_request=True)),
    _move(Verb.WITHDRAW, "undo-2", frozenset({"admin", "ops"}), partial(_form, ReasonForm), danger=True),
)
PARTNERS_MOVES = (
    _move(Verb.EXTEND, "calendar", SELLERS),
    _move(Verb.WITHDRAW, "undo-2", SELLERS, partial(_form, PartnersReasonForm), danger=True),
)
ON_ITS_PAGE = (Verb.EXTEND, Verb.WON, Verb.LOST, Verb.WITHDRAW)  # what a deal's page has no dialog of its own for


def move_named(verb: str, actor: Actor) -> BulkAction | None:
    """What somebody calls by its verb; None where it is not theirs to do."""
    moves = MOVES if actor.is_vendor else PARTNERS_MOVES
    return next((move for move in moves if move.key == verb and move.offered_to(actor.roles)), None)


def possible_moves(deal: Deal, request: Any) -> list[BulkAction]:
    """What the reader may do to one deal now by way of the list: previewed and taken back like many."""
    offered = [move for move in MOVES if move.key in ON_ITS_PAGE and move.offered_to(request.actor.roles)]
    return [move for move in offered if not queries.hindrances(move.key, [deal], None, request.actor, request.now)]
