"""What a vendor asks of its staff's sign-in."""

from allauth.mfa.models import Authenticator

from prm.kernel.identity.models import Membership


def lacks_second_factor(membership: Membership) -> bool:
    """Whether the vendor requires two factors of its staff and this person has set up one only."""
    if membership.partner_id is not None or not membership.tenant.mfa_required:
        return False
    factors = Authenticator.objects.filter(user_id=membership.person_id, type=Authenticator.Type.TOTP)
    return not factors.exists()
