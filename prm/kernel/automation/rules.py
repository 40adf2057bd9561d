"""Who may publish a version of the rules."""

from collections.abc import Collection

from prm.kernel.decisions import Check, Decision, Reason
from prm.kernel.wording import said as _


def decide_publication(
    *,
    status: str,
    editors: Collection[str],
    publisher: str,
    may_publish: bool,
    admins: int,
    problems: Collection[str],
) -> Decision:
    """A draft is published by somebody who wrote none of it, and only when every rule can be judged.

    Where a vendor has one admin only, an operator of the platform is the second person.
    """
    own_work = publisher in editors
    reasons = []
    if status != "draft":
        reasons.append(Reason("version.not_draft", _("This version has been published before."), "vendor"))
    if not may_publish:
        reasons.append(Reason("version.no_admin", _("Only an admin publishes rules."), "vendor"))
    if own_work and admins > 1:
        reasons.append(
            Reason("version.own_work", _("You wrote in this draft: another admin must publish it."), "vendor")
        )
    if own_work and admins <= 1:
        reasons.append(
            Reason(
                "version.own_work",
                _(
                    "You wrote this draft and are the only admin: ask the operator "
                    "of the platform to publish it, or invite a second admin."
                ),
                "vendor",
            )
        )
    reasons += [Reason("version.broken", problem, "vendor") for problem in problems]
    return Decision(
        rule="rule-publication/1",
        outcome="refused" if reasons else "published",
        allowed=not reasons,
        reasons=tuple(reasons),
        facts={
            "status": status,
            "editors": list(editors),
            "publisher": publisher,
            "may_publish": may_publish,
            "admins": admins,
            "problems": list(problems),
        },
        checks=(
            Check(_("it is a draft"), status == "draft", status),
            Check(_("the publisher is an admin"), may_publish),
            Check(_("the publisher wrote none of it"), not own_work, publisher),
            Check(_("every rule can be judged"), not problems, str(len(problems))),
        ),
    )
