"""How deals come in beside the portal: links for named contacts, mailboxes, and every mail that was read."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dealreg.models.deals import Deal
from prm.kernel.tenancy.models import PartnerOwned, TenantForeignKey, TenantOwned
from prm.kernel.tenancy.wall import Wall


class IntakeLink(PartnerOwned):
    """A way in without a login: one contact of one partner may hand deals in to one program.

    Only the hash of its secret is kept. The identity plane reads it as well, since whoever opens it is in no
    tenant yet. Its times are the machine's, as an invitation's are.
    """

    wall = Wall(partner="own", web="SELECT")

    program = TenantForeignKey("reference.Program", related_name="+", verbose_name=_("program"))
    contact_name = models.CharField(_("contact"), max_length=200)
    contact_email = models.EmailField(_("contact's e-mail"))
    member = TenantForeignKey("identity.Membership", null=True, blank=True, related_name="+")
    secret_hash = models.CharField(max_length=64)
    most_deals = models.PositiveSmallIntegerField(_("deals at most"))
    made_by = models.CharField(max_length=200)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("valid until"))
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("link"), _("links")
        constraints = [models.UniqueConstraint(fields=["tenant", "secret_hash"], name="dealreg_link_secret")]
        indexes = [
            models.Index(fields=["secret_hash"], name="dealreg_link_lookup"),
            models.Index(fields=["tenant", "partner"], name="dealreg_link_partner"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_name} <{self.contact_email}>"


class IntakeConfirmation(TenantOwned):
    """The question by e-mail whether a deal that came by a link is really the contact's. Answered once.

    Its secret follows from the site's key, so that no row, event or log holds it.
    """

    wall = Wall(partner="child:link", web="SELECT")

    link = TenantForeignKey(IntakeLink, models.CASCADE, related_name="confirmations")
    deal = TenantForeignKey(Deal, models.CASCADE, related_name="+")
    secret_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["tenant", "secret_hash"], name="dealreg_confirmation_secret"),
            models.UniqueConstraint(fields=["tenant", "deal"], name="dealreg_confirmation_one_each"),
        ]
        indexes = [
            models.Index(fields=["secret_hash"], name="dealreg_confirmation_lookup"),
            models.Index(fields=["tenant", "link"], name="dealreg_confirmation_link"),
        ]


class Mailbox(TenantOwned):
    """The program's address, read by IMAP. The password rests encrypted and is never shown again."""

    wall = Wall(
        relay_reads=("id", "tenant_id", "is_active", "lease_until"),
        relay_writes=("lease_until",),
    )

    address = models.EmailField(_("address"), help_text=_("Where partners send deals, such as deals@example.com."))
    program = TenantForeignKey("reference.Program", related_name="+", verbose_name=_("program"))
    host = models.CharField(_("IMAP server"), max_length=253)
    port = models.PositiveIntegerField(
        _("port"), default=993, validators=[MinValueValidator(1), MaxValueValidator(65535)]
    )
    user = models.CharField(_("user name"), max_length=254)
    sealed_password = models.TextField(editable=False, blank=True)
    folder = models.CharField(_("folder"), max_length=100, default="INBOX")
    checked_by = models.CharField(
        _("server that checks senders"),
        max_length=253,
        blank=True,
        help_text=_(
            "The name at the beginning of the Authentication-Results that your mail server writes. Only these are "
            "believed. Without a name, or without a pass in them, a mail waits for a person."
        ),
    )
    is_active = models.BooleanField(_("read it"), default=True)
    lease_until = models.DateTimeField(null=True, editable=False)
    read_at = models.DateTimeField(_("last read"), null=True, editable=False)
    failed_at = models.DateTimeField(null=True, editable=False)
    error = models.CharField(_("error"), max_length=300, blank=True, editable=False)

    class Meta:
        verbose_name, verbose_name_plural = _("mailbox"), _("mailboxes")
        constraints = [models.UniqueConstraint(fields=["tenant", "address"], name="dealreg_mailbox_address")]
        indexes = [
            models.Index(fields=["is_active"], condition=models.Q(is_active=True), name="dealreg_mailbox_active")
        ]

    def __str__(self) -> str:
        return self.address


class InboundMail(TenantOwned):
    """A mail that was read: once for each Message-ID and sender, whatever restarts. Nothing is dropped.

    Its own text and files are kept on the deal; the raw mail is kept only while nobody knows whose it is.
    """

    class State(models.TextChoices):
        TAKEN = "taken", _("Registered")
        REPEATED = "repeated", _("Registered already")
        DRAFT = "draft", _("Draft, sender asked")
        UNMATCHED = "unmatched", _("Sender unknown")
        AUTOMATIC = "automatic", _("Automatic mail")
        NOTED = "noted", _("Kept as a comment")
        ASSIGNED = "assigned", _("Assigned")
        DISMISSED = "dismissed", _("Set aside")

    mailbox = TenantForeignKey(Mailbox, models.CASCADE, related_name="mails")
    message_id = models.CharField(max_length=200)
    sender = models.CharField(_("from"), max_length=254)
    sender_name = models.CharField(max_length=200, blank=True)
    is_trusted = models.BooleanField(default=False)
    subject = models.CharField(_("subject"), max_length=300, blank=True)
    excerpt = models.TextField(blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices)
    reasons = models.JSONField(default=list)  # [[key, text], …]
    answered = models.BooleanField(default=False)
    deal = TenantForeignKey(Deal, null=True, blank=True, related_name="+")
    partner = TenantForeignKey("partners.Partner", null=True, blank=True, related_name="+")
    stored_name = models.CharField(max_length=200, blank=True)
    size = models.PositiveIntegerField(default=0)
    handled_by = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(_("received"))

    class Meta:
        verbose_name, verbose_name_plural = _("mail"), _("mails")
        constraints = [
            # who only claims to be the sender can't take the place of the sender's own mail
            models.UniqueConstraint(
                fields=["tenant", "mailbox", "message_id", "sender", "is_trusted"], name="dealreg_mail_once"
            )
        ]
        indexes = [
            models.Index(fields=["tenant", "state", "-at"], name="dealreg_mail_state"),
            models.Index(fields=["tenant", "sender", "-at"], name="dealreg_mail_sender"),
        ]

    def __str__(self) -> str:
        return self.subject or self.message_id
