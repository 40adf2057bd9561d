"""The writers of identity."""

from prm.kernel.identity.actions.absences import set_absence
from prm.kernel.identity.actions.invitations import accept_invitation, invite_person, revoke_invitation
from prm.kernel.identity.actions.memberships import change_roles, end_membership, undo_roles
from prm.kernel.identity.actions.tokens import Issued, issue_token, revoke_token

__all__ = [
    "Issued",
    "accept_invitation",
    "change_roles",
    "end_membership",
    "invite_person",
    "issue_token",
    "revoke_invitation",
    "revoke_token",
    "set_absence",
    "undo_roles",
]
