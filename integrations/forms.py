"""What admins type about connections and mappings. Actions judge it again."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations import queries, translating
from integrations.models import Connection, FieldMapping
from prm.kernel import outgoing


class ConnectionForm(forms.Form):
    """Where a connection leads. Salesforce asks for four fields more than a webhook."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    address = forms.CharField(label=gettext_lazy("Address"), max_length=500)
    client_id = forms.CharField(
        label=gettext_lazy("Consumer key"),
        max_length=300,
        help_text=gettext_lazy("Of the app in Salesforce that allows the client credentials flow."),
    )
    secret = forms.CharField(
        label=gettext_lazy("Consumer secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    remote_object = forms.CharField(label=gettext_lazy("Object"), max_length=80, initial="Opportunity")
    external_id_field = forms.CharField(
        label=gettext_lazy("External id field"),
        max_length=80,
        initial="PRM_Id__c",
        help_text=gettext_lazy("A text field of that object, marked External ID and Unique; it will hold our id."),
    )

    def __init__(self, *args: Any, kind: str, is_new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address, secret = self.fields["address"], self.fields["secret"]
        if kind == Connection.Kind.WEBHOOK:
            address.help_text = _("Begins with https://. Each message is signed as Standard Webhooks describes.")
            for name in ("client_id", "secret", "remote_object", "external_id_field"):
                del self.fields[name]
            return
        address.help_text = _("Your organisation's My Domain, such as https://acme.my.salesforce.com.")
        secret.required = is_new
        secret.help_text = "" if is_new else _("Leave it empty to keep the one that is there.")

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"].strip()
        if problem := outgoing.problem_of(address):
            raise forms.ValidationError(problem)
        return address


class MappingRow(forms.Form):
    """One field over there. A row without it is left out."""

    remote_field = forms.CharField(label=gettext_lazy("Field there"), max_length=80, required=False)
    fact = forms.ChoiceField(label=gettext_lazy("Our field"), required=False)
    transform = forms.ChoiceField(label=gettext_lazy("How"), choices=FieldMapping.Transform.choices, initial="same")
    detail = forms.CharField(
        label=gettext_lazy("Values"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 1}),
    )

    def __init__(self, *args: Any, facts: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fact"].choices = facts  # type: ignore[attr-defined]
        for name, look in (
            ("remote_field", "input"),
            ("fact", "select"),
            ("transform", "select"),
            ("detail", "textarea"),
        ):
            self.fields[name].widget.attrs["class"] = look
        self.fields["remote_field"].widget.attrs["list"] = "remote-fields"

    def row(self) -> dict[str, Any]:
        """As the action takes it."""
        typed = self.cleaned_data
        way = typed["transform"]
        return {
            "remote_field": typed["remote_field"].strip(),
            "fact": typed["fact"],
            "transform": way,
            "values": pairs(typed["detail"]) if way == "values" else {},
            "constant": typed["detail"].strip()[:255] if way == "constant" else "",
        }


class MappingRows(forms.BaseFormSet):  # type: ignore[type-arg]
    """All rows; those that say something."""

    def rows(self) -> list[dict[str, Any]]:
        return [form.row() for form in self.forms if form.cleaned_data.get("remote_field", "").strip()]


MappingFormSet = forms.formset_factory(MappingRow, MappingRows, extra=3, max_num=80, validate_max=True)


def pairs(text: str) -> dict[str, str]:
    """“approved = Negotiation”, one to a line or between semicolons; “*” stands for every other value."""
    found = {}
    for part in text.replace("\n", ";").split(";"):
        ours, equals, theirs = part.partition("=")
        if equals and ours.strip():
            found[ours.strip()[:120]] = theirs.strip()[:255]
    return found


def fact_choices(connection: Connection) -> list[tuple[str, str]]:
    facts = queries.schema_of(connection).facts
    return [("", "—"), (translating.ID, _("Our id")), *((fact.key, str(fact.label)) for fact in facts)]


def mapping_formset(connection: Connection, data: Mapping[str, Any] | None) -> MappingRows:
    """The connection's mapping, to be edited."""
    held = FieldMapping.objects.filter(connection=connection)
    initial = [
        {"remote_field": one.remote_field, "fact": one.fact, "transform": one.transform, "detail": _detail(one)}
        for one in held
    ]
    options = {"facts": fact_choices(connection)}
    made: MappingRows = MappingFormSet(data, initial=initial, form_kwargs=options, prefix="rows")
    return made


def _detail(mapping: FieldMapping) -> str:
    if mapping.transform == "constant":
        return mapping.constant
    return "\n".join(f"{ours} = {theirs}" for ours, theirs in mapping.values.items())
