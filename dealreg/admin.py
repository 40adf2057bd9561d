"""How a vendor tunes deal registration, in its admin."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dealreg.intake.reading import PURPOSE
from dealreg.models import CloseReason, DealPolicy, Mailbox, StageProbability
from prm.kernel import outgoing
from prm.kernel.admin import TenantModelAdmin
from prm.kernel.encryption import encrypt
from prm.kernel.tenancy.forms import TenantModelForm


@admin.register(DealPolicy)
class DealPolicyAdmin(TenantModelAdmin):
    """One row: the limit on submissions, extension and reminders. The thresholds of the conflict check are read here
    and set on their own page, which wants a reason and shows what moving them would have done."""

    readonly_fields = ("conflict_threshold", "review_threshold", "thresholds")
    list_display = (
        "conflict_threshold",
        "review_threshold",
        "submissions_per_hour",
        "precedence_days",
        "extension_days",
        "dispute_days",
        "reminder_days",
        "same_deal_days",
        "file_quota_mb",
        "partner_quota_mb",
        "partner_quota_files",
    )

    @admin.display(description=gettext_lazy("To move them"))
    def thresholds(self, policy: DealPolicy) -> str:
        address = reverse("dealreg_console:thresholds")
        return format_html('<a href="{}">{}</a>', address, _("Thresholds: tried on your own past, set with a reason"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return super().has_add_permission(request) and not DealPolicy.objects.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # without a row the defaults hold; with one, it is changed


@admin.register(StageProbability)
class StageProbabilityAdmin(TenantModelAdmin):
    """What the forecast weighs each stage with; a stage without a row keeps the shipped probability."""

    form = TenantModelForm
    list_display = ("stage", "probability")


@admin.register(CloseReason)
class CloseReasonAdmin(TenantModelAdmin):
    """Why deals are won and lost: what partners choose from when they close one."""

    list_display = ("name", "code", "outcome", "position", "is_active")
    list_filter = ("outcome", "is_active")
    search_fields = ("name", "code")


class MailboxForm(TenantModelForm):
    """The password is typed, never shown: left empty, the one that is kept stays."""

    password = forms.CharField(
        label=gettext_lazy("Password"),
        required=False,
        strip=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("Kept encrypted and never shown again. Leave it empty to keep the one that is set."),
    )

    class Meta:
        model = Mailbox
        fields = ("address", "program", "host", "port", "user", "password", "folder", "checked_by", "is_active")

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        if not password and not self.instance.sealed_password:
            raise forms.ValidationError(_("Please fill this in."))
        if not password.isascii():
            raise forms.ValidationError(_("IMAP takes plain ASCII letters only."))
        return password

    def clean_host(self) -> str:
        host = str(self.cleaned_data["host"]).strip().lower()
        if problem := outgoing.problem_of(f"https://{host}/"):
            raise forms.ValidationError(problem)
        return host

    def save(self, commit: bool = True) -> Any:
        if password := self.cleaned_data.get("password"):
            self.instance.sealed_password = encrypt(password, PURPOSE)
        return super().save(commit)


@admin.register(Mailbox)
class MailboxAdmin(TenantModelAdmin):
    """The program's address: where it is read, and which server's word on senders is believed."""

    form = MailboxForm
    list_display = ("address", "program", "host", "is_active", "read_at", "error")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its mails hang on it: stop reading it instead
