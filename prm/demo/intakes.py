"""The demo's other ways in: two links, and a mailbox with a morning's mails, read by the product's own action."""

from email.message import EmailMessage
from uuid import UUID

from dealreg import actions
from dealreg.models import Mailbox
from prm.demo.cast import DOMAIN, Organisation, Worker
from prm.kernel.reference.models import ProductLine, Program
from prm.kernel.tenancy.context import acting

CHECKER = f"mx.{DOMAIN}"
AUTOMATIC = {"Auto-Submitted": "auto-replied"}


def bring_in(tenant: UUID, partners: list[Organisation], cam: Worker) -> None:
    """As on the year's last morning."""
    with acting(tenant=tenant, audience="vendor") as now:
        for partner, name in zip(partners[:2], ("Pat Lindgren", "Noor Haddad"), strict=False):
            address = f"{name.split()[0].lower()}@agency.example"
            actions.make_link(
                partner_id=partner.id, name=name, email=address, days=60, most_deals=10, actor=cam.actor, now=now
            )
        box = Mailbox.objects.create(
            address=f"deals@{DOMAIN}",
            program=Program.objects.get(),
            host=f"imap.{DOMAIN}",
            user="deals",
            checked_by=CHECKER,
            is_active=False,  # there is no such server
            read_at=now,
        )
        line = ProductLine.objects.filter(is_active=True).order_by("code").values_list("name", flat=True)[0]
        close = f"{now.year + 1}-05-31"
    seller = partners[3].seller.email
    whole = f"Customer: Tannhof Klinik GmbH\nCountry: Germany\nProducts: {line}\nAmount: 18,500 EUR\n"
    _mail(tenant, box, partners[3], seller, "Tannhof Klinik", f"{whole}Expected close: {close}\n")
    _mail(tenant, box, partners[4], partners[4].seller.email, "New lead", "Customer: Ostwind Druck AG\nCountry: CH\n")
    _mail(tenant, box, None, "sales@unknown-reseller.example", "Deal registration", whole)
    _mail(tenant, box, partners[5], partners[5].seller.email, "Out of office", "I am back on Monday.", **AUTOMATIC)


def _mail(
    tenant: UUID, box: Mailbox, partner: Organisation | None, sender: str, subject: str, text: str, **headers: str
) -> None:
    mail = EmailMessage()
    mail["Authentication-Results"] = f"{CHECKER}; dmarc=pass header.from={sender.rpartition('@')[2]}"
    mail["From"], mail["To"], mail["Subject"] = sender, box.address, subject
    for name, value in headers.items():
        mail[name] = value
    mail.set_content(text)
    raw = mail.as_bytes()
    audience = {"audience": "partner", "partners": [partner.id]} if partner else {"audience": "vendor"}
    with acting(tenant=tenant, **audience) as now:  # type: ignore[arg-type]
        actions.take_mail(mailbox_id=box.pk, raw=raw, size=len(raw), now=now)
