"""Who may bring people in, change what they may do, and let them go."""

from collections.abc import Callable
from dataclasses import asdict, dataclass

from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.identity.actors import PARTNER_ROLES, VENDOR_ROLES
from prm.kernel.wording import said as _

Answer = tuple[bool, Reason]
KEEPERS_OF_PARTNERS = frozenset({"admin", "ops", "cam"})


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody wants to give roles in an organisation (of a partner, or the vendor itself)."""

    actor_roles: tuple[str, ...]
    actor_is_partner: bool
    same_organisation: bool
    for_partner: bool
    roles: tuple[str, ...]
    is_self: bool = False
    already_member: bool = False
    leaves_no_admin: bool = False
    viewing_as: bool = False


def decide_invitation(grant: Grant) -> Decision:
    """Whether an invitation may go out."""
    return _judge("identity-invitation/1", "invited", grant, _may_grant, _roles_fit, _not_a_member)


def decide_role_change(grant: Grant) -> Decision:
    """Whether a member's roles may change. Nobody changes their own, and one admin always stays."""
    return _judge("identity-roles/1", "changed", grant, _may_grant, _roles_fit, _not_oneself, _admin_stays)


def decide_end(grant: Grant) -> Decision:
    """Whether a membership may end. One admin always stays."""
    return _judge("identity-end/1", "ended", grant, _may_grant, _not_oneself, _admin_stays)


def decide_withdrawal(grant: Grant, *, is_open: bool) -> Decision:
    """Whether an invitation may be taken back."""

    def still_open(grant: Grant) -> Answer:
        return is_open, Reason("invitation.wrong_state", _("This invitation is not open any more."))

    return _judge("identity-withdrawal/1", "revoked", grant, _may_grant, still_open)


def decide_token(grant: Grant) -> Decision:
    """Whether a key for programs may be made: by admins, for their organisation, and never with another's eyes:
    a key would outlive the half hour of a view."""
    return _judge("identity-token/1", "issued", grant, _is_admin, _roles_fit)


@dataclass(frozen=True, slots=True)
class Absence:
    """Somebody says that a member is away."""

    actor_roles: tuple[str, ...]
    actor_is_partner: bool
    same_organisation: bool
    is_self: bool
    begins_before_it_ends: bool = True
    has_first_day: bool = True
    delegate_fits: bool = True


def decide_absence(absence: Absence) -> Decision:
    """Everybody for themselves, and those who run the vendor's or the partner's team for its people."""
    keepers = {"partner_admin"} if absence.actor_is_partner else {"admin", "ops"}
    held = absence.is_self or (absence.same_organisation and bool(keepers.intersection(absence.actor_roles)))
    asked = [
        (
            held,
            Reason("absence.not_yours_to_set", _("Only they, or who runs their team, can set this.")),
        ),
        (absence.has_first_day, Reason("away_from.missing", _("Say from which day on."))),
        (absence.begins_before_it_ends, Reason("away_until.too_early", _("This is before the first day away."))),
        (
            absence.delegate_fits,
            Reason("delegate.not_here", _("Choose somebody else of the same organisation who is still here.")),
        ),
    ]
    reasons = tuple(reason for fits, reason in asked if not fits)
    checks = tuple(Check(label=reason.key, passed=fits) for fits, reason in asked)
    outcome = "refused" if reasons else "set"
    return Decision(
        rule="identity-absence/1",
        outcome=outcome,
        allowed=not reasons,
        reasons=reasons,
        facts=asdict(absence),
        checks=checks,
    )


def _judge(rule: str, done: str, grant: Grant, *questions: Callable[["Grant"], Answer]) -> Decision:
    asked = [question(grant) for question in questions]
    reasons = tuple(reason for held, reason in asked if not held)
    checks = tuple(Check(label=reason.key, passed=held) for held, reason in asked)
    return Decision(
        rule=rule,
        outcome="refused" if reasons else done,
        allowed=not reasons,
        reasons=reasons,
        facts=asdict(grant),
        checks=checks,
    )


def _may_grant(grant: Grant) -> Answer:
    if grant.actor_is_partner:
        held = "partner_admin" in grant.actor_roles and grant.same_organisation
    elif grant.for_partner:
        held = bool(KEEPERS_OF_PARTNERS.intersection(grant.actor_roles))
    else:
        held = "admin" in grant.actor_roles
    return held, Reason(
        "membership.not_yours_to_manage", _("Only an admin of this organisation can manage its people.")
    )


def _is_admin(grant: Grant) -> Answer:
    needed = "partner_admin" if grant.actor_is_partner else "admin"
    held = needed in grant.actor_roles and (grant.same_organisation or not grant.actor_is_partner)
    held = held and not grant.viewing_as
    return held, Reason("token.not_yours_to_make", _("Only an admin can make keys for programs."))


def _roles_fit(grant: Grant) -> Answer:
    known = PARTNER_ROLES if grant.for_partner else VENDOR_ROLES
    held = bool(grant.roles) and set(grant.roles) <= set(known)
    return held, Reason("membership.roles_do_not_fit", _("Choose at least one role of this organisation."))


def _not_a_member(grant: Grant) -> Answer:
    return not grant.already_member, Reason("invitation.already_member", _("This person is a member already."))


def _not_oneself(grant: Grant) -> Answer:
    return not grant.is_self, Reason(
        "membership.is_your_own", _("Somebody else has to change what you yourself may do.")
    )


def _admin_stays(grant: Grant) -> Answer:
    return not grant.leaves_no_admin, Reason(
        "membership.last_admin", _("This is the last admin. Make somebody else admin first.")
    )
