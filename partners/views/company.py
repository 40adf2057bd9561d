"""The partner's own company in the portal: profile, standing, people."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from partners import queries
from partners.models import Partner, PartnerCertification
from prm.kernel.identity.access import require_roles
from prm.kernel.identity.actors import PARTNER_ROLES
from prm.kernel.identity.roles import labels


@require_GET
@require_roles(*PARTNER_ROLES)
def company(request: HttpRequest) -> HttpResponse:
    """Who we are to the vendor, what we hold, who works here, and whom to ask."""
    partner = _mine(request)
    return render(
        request,
        "partners/company.html",
        {
            "partner": partner,
            "facts": [
                (_("Legal name"), partner.legal_name),
                (_("Where"), ", ".join(part for part in (partner.city, partner.country) if part)),
                (_("Website"), partner.website),
                (_("E-mail domain"), partner.domain),
                (_("Distributor"), queries.distributor_name(partner.pk)),
                (_("Partner since"), partner.created_at, {"kind": "date"}),
            ],
            "people": [(member, labels(member.roles)) for member in queries.people_of(partner.pk)],
            "cam": queries.cam_of(partner.pk),
            "certificates": PartnerCertification.objects.filter(partner=partner),
        },
    )


@require_GET
@require_roles(*PARTNER_ROLES)
def tier(request: HttpRequest) -> HttpResponse:
    """What we hold in each program, and what the other tiers bring."""
    partner = _mine(request)
    standing = [
        {"held": enrolment, "tiers": queries.tiers_of(enrolment.program_id)}
        for enrolment in queries.enrolments_of(partner.pk)
    ]
    return render(request, "partners/our_tier.html", {"partner": partner, "standing": standing})


def _mine(request: HttpRequest) -> Partner:
    """The reader's own organisation (a distributor may see others as well)."""
    found = queries.visible_partners().filter(pk=request.membership.partner_id).first()  # type: ignore[attr-defined]
    if found is None:
        raise Http404
    return found
