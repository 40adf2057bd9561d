"""Pure judgements about partners: facts in, Decision out."""

from collections.abc import Collection, Mapping
from typing import Any

from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.wording import said as _

MOVES: Mapping[str, Collection[str]] = {
    "suspended": ("active",),
    "active": ("suspended", "prospect"),
    "terminated": ("prospect", "active", "suspended"),
}


def decide_move(*, status: str, to: str, reason: str) -> Decision:
    """May a partner go from `status` to `to`? Ending or pausing a relationship needs a reason."""
    legal = status in MOVES[to]
    explained = bool(reason.strip()) or to == "active"
    reasons = []
    if not legal:
        reasons.append(
            Reason(
                "partner.wrong_status",
                _("A partner that is {status} can't become {to}.").format(status=status, to=to),
                "vendor",
            )
        )
    if not explained:
        reasons.append(Reason("partner.reason_missing", _("Say why: the reason is kept with the partner."), "vendor"))
    return Decision(
        rule="partner-status/1",
        outcome="refused" if reasons else to,
        allowed=not reasons,
        reasons=tuple(reasons),
        facts={"status": status, "to": to, "reason": reason},
        checks=(Check(_("status allows it"), legal, status), Check(_("a reason is given"), explained, reason)),
    )


def decide_tier(*, enrolled: bool, held: str, wanted: str, same_program: bool) -> Decision:
    """May a partner be put in the tier `wanted`?"""
    changed = held != wanted
    reasons = []
    if not enrolled:
        reasons.append(Reason("partner.not_enrolled", _("The partner is not enrolled in this program."), "vendor"))
    if not same_program:
        reasons.append(Reason("tier.other_program", _("That tier belongs to another program."), "vendor"))
    if enrolled and not changed:
        reasons.append(Reason("tier.unchanged", _("The partner is in this tier already."), "vendor"))
    return Decision(
        rule="partner-tier/1",
        outcome="refused" if reasons else "changed",
        allowed=not reasons,
        reasons=tuple(reasons),
        facts={"enrolled": enrolled, "held": held, "wanted": wanted},
        checks=(
            Check(_("enrolled in the program"), enrolled),
            Check(_("tier of the same program"), same_program, wanted),
            Check(_("a different tier"), changed, held),
        ),
    )


def decide_cam(*, roles: Collection[str], current_member: bool, of_vendor: bool) -> Decision:
    """May this person look after a partner?"""
    suitable = "cam" in roles
    reasons = []
    if not (current_member and of_vendor):
        text = _("Only a current member of the vendor can look after a partner.")
        reasons.append(Reason("cam.not_ours", text, "vendor"))
    elif not suitable:
        reasons.append(Reason("cam.wrong_role", _("This person is no channel account manager."), "vendor"))
    facts: dict[str, Any] = {"roles": sorted(roles), "current_member": current_member, "of_vendor": of_vendor}
    return Decision(
        rule="partner-cam/1",
        outcome="refused" if reasons else "assigned",
        allowed=not reasons,
        reasons=tuple(reasons),
        facts=facts,
        checks=(
            Check(_("member of the vendor"), current_member and of_vendor),
            Check(_("channel account manager"), suitable, ", ".join(sorted(roles))),
        ),
    )
