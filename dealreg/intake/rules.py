"""Pure judgements about what comes in beside the portal. Facts are plain JSON, so that each can be judged again."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from prm.kernel.decisions import Check, Decision, Reason

Facts = Mapping[str, Any]

LONGEST_DAYS = 180
MOST_DEALS = 200
REPLIES_PER_HOUR = 10
SENT_AGAIN = ("email",)  # a mail is sent again when no answer has come: it repeats its own way, too
ALREADY = "deal.already_registered"


def decide_link(facts: Facts) -> Decision:
    """May this link be made, for this contact, so many days and deals?"""
    reasons = []
    if facts["partner_status"] != "active":
        reasons.append(Reason("partner.not_active", _("Only a partner that is active in the program gets a link.")))
    if not facts["email_is_valid"]:
        reasons.append(Reason("email.invalid", _("That is no e-mail address.")))
    if not facts["name"]:
        reasons.append(Reason("name.missing", _("Please fill this in.")))
    if not 1 <= facts["days"] <= LONGEST_DAYS:
        reasons.append(Reason("days.out_of_range", _("1 to %(most)s days.") % {"most": LONGEST_DAYS}))
    if not 1 <= facts["most_deals"] <= MOST_DEALS:
        reasons.append(Reason("most_deals.out_of_range", _("1 to %(most)s deals.") % {"most": MOST_DEALS}))
    return _conclude(
        "intake-link/1",
        "made",
        reasons,
        facts,
        Check(_("the partner is active"), facts["partner_status"] == "active", facts["partner_status"]),
        Check(_("it ends"), 1 <= facts["days"] <= LONGEST_DAYS, str(facts["days"])),
        Check(_("its uses are limited"), 1 <= facts["most_deals"] <= MOST_DEALS, str(facts["most_deals"])),
    )


def decide_use(facts: Facts) -> Decision:
    """May one more deal come in by a link? What is asked about but not confirmed yet counts as well."""
    used_up = facts["used"] >= facts["most_deals"]
    closed = facts["is_closed"] or used_up
    reasons = [Reason("link.closed", _("This link works no more."))] if closed else []
    return _conclude(
        "intake-use/1",
        "asked",
        reasons,
        facts,
        Check(_("open"), not facts["is_closed"]),
        Check(_("uses are left"), not used_up, f"{facts['used']} / {facts['most_deals']}"),
    )


def decide_same(facts: Facts) -> Decision:
    """Is a deal that is handed in one that its own partner has open already, come in by another way?

    `candidates` are the partner's own open deals, the earliest first. All must hold: the same customer by the
    matcher's verdict, the very same product lines, and nothing in amount, day and contact that tells of another
    opportunity. What only resembles goes on and is looked at as ever.
    """
    first = next((one for one in facts["candidates"] if _is_same(one, facts["way"])), None)
    checks = tuple(
        Check(one["number"], not _is_same(one, facts["way"]), f"{one['verdict']} {one['probability']}")
        for one in facts["candidates"]
    )
    if first is None:
        return Decision("deal-same/1", "new", True, (), facts, checks)
    text = _("This deal is already registered as %(number)s.") % {"number": first["number"]}
    return Decision("deal-same/1", "already_registered", False, (Reason(ALREADY, text),), facts, checks)


def first_of(decision: Decision) -> Facts:
    """The candidate that a decision for "already registered" has found."""
    facts = decision.facts
    found: Facts = next(one for one in facts["candidates"] if _is_same(one, facts["way"]))
    return found


def _is_same(one: Facts, way: str) -> bool:
    by_another_way = one["way"] != way or way in SENT_AGAIN
    alike = one["verdict"] == "conflict" and one["same_lines"] and one["opportunity"] != "other"
    return by_another_way and bool(alike)


def decide_letter(facts: Facts) -> Decision:
    """What becomes of a mail: "deal", "automatic" (no person wrote it) or "unmatched" (nobody can say whose it is).

    An automatic mail is kept and never answered; neither is one whose sender is not proven, because the answer
    would go to whoever was named in it.
    """
    reasons = [Reason(key, text, "vendor") for key, text in _why_automatic(facts)]
    if reasons:
        return _letter("automatic", reasons, facts)
    reasons = [Reason(key, text, "vendor") for key, text in _why_unmatched(facts)]
    return _letter("unmatched" if reasons else "deal", reasons, facts)


def may_answer(facts: Facts) -> bool:
    """Whether an answer goes out: to nobody more than a few times an hour, whatever its mails claim to be."""
    return bool(facts["answers_within_the_hour"] < REPLIES_PER_HOUR)


def _letter(outcome: str, reasons: list[Reason], facts: Facts) -> Decision:
    checks = (
        Check(_("written by a person"), outcome != "automatic", facts["auto_submitted"] or facts["precedence"]),
        Check(_("the sender is proven"), bool(facts["is_proven"]), facts["proof"]),
        Check(_("the sender belongs to one partner"), facts["partners"] == 1, str(facts["partners"])),
        Check(_("an answer may go out"), may_answer(facts), str(facts["answers_within_the_hour"])),
    )
    return Decision("intake-mail/1", outcome, outcome == "deal", tuple(reasons), facts, checks)


def _why_automatic(facts: Facts) -> list[tuple[str, str]]:
    found = []
    if facts["is_own"]:
        found.append(("mail.own_address", _("It comes from an address of ours.")))
    if facts["is_looped"]:
        found.append(("mail.loop", _("We have sent it ourselves: it has come back.")))
    if facts["auto_submitted"] not in ("", "no"):
        found.append(("mail.auto_submitted", _("A program wrote it (Auto-Submitted: %s).") % facts["auto_submitted"]))
    if facts["precedence"] in ("bulk", "junk", "list", "auto_reply"):
        found.append(("mail.bulk", _("It went to many (Precedence: %s).") % facts["precedence"]))
    if facts["is_bounce"]:
        found.append(("mail.bounce", _("It tells of a mail that could not be delivered.")))
    return found


def _why_unmatched(facts: Facts) -> list[tuple[str, str]]:
    found = []
    if facts["is_too_big"]:
        found.append(("mail.too_big", _("It is larger than anything we take; only its beginning was read.")))
    if not facts["sender"]:
        found.append(("mail.no_sender", _("It names no one sender.")))
    elif not facts["partners"]:
        found.append(("sender.unknown", _("Nobody at a partner has this address.")))
    elif facts["partners"] > 1:
        found.append(("sender.of_many", _("This address belongs to people of several partners.")))
    elif not facts["may_sell"]:
        found.append(("sender.wrong_role", _("This person doesn't register deals for their partner.")))
    elif not facts["is_proven"]:
        found.append(("sender.unproven", _("Your mail server did not vouch for the sender (%s).") % facts["proof"]))
    return found


def _conclude(rule: str, outcome: str, reasons: list[Reason], facts: Facts, *checks: Check) -> Decision:
    return Decision(rule, "refused" if reasons else outcome, not reasons, tuple(reasons), facts, checks)


RULES = {
    "intake-link/1": decide_link,
    "intake-use/1": decide_use,
    "deal-same/1": decide_same,
    "intake-mail/1": decide_letter,
}
