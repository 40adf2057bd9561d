"""Sends the letters that invite people."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from prm.kernel.events import Delivered, handler
from prm.kernel.identity import letters
from prm.kernel.identity.models import Invitation
from prm.kernel.identity.secrets import invitation_secret


@handler("identity.person.invited", name="identity.send_invitation")
def send_invitation(event: Delivered, now: datetime) -> None:
    """Mail the link; an invitation that was withdrawn meanwhile is not sent any more.

    The link is worked out here from the site's key, so that neither the event nor any log holds it.
    Handed over at least once, always with the same Message-ID; an event that comes twice is one letter.
    """
    invitation = Invitation.objects.select_related("tenant").filter(pk=event.subject_id).first()
    if invitation is not None and invitation.is_open:
        letters.write(letter(invitation), name=invitation.pk)


def letter(invitation: Invitation) -> EmailMultiAlternatives:
    link = settings.PUBLIC_URL + reverse("identity:accept", args=[invitation_secret(invitation.pk)])
    context = {"invitation": invitation, "vendor": invitation.tenant.name, "link": link}
    with translation.override(invitation.tenant.language):
        subject = render_to_string("identity/invitation_subject.txt", context)
        text = render_to_string("identity/invitation.txt", context)
    return EmailMultiAlternatives(
        subject=" ".join(subject.split()),
        body=text,
        to=[invitation.email],
        headers={"Message-ID": f"<invitation-{invitation.pk.hex}@prm.invalid>", "Auto-Submitted": "auto-generated"},
    )
