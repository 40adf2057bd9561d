"""What identity tells the other apps."""

from dataclasses import dataclass

from prm.kernel.events import Event


@dataclass(frozen=True, kw_only=True)
class PersonInvited(Event):
    """An invitation was made; its letter is still to be sent. Subject: the invitation."""

    name = "identity.person.invited"


@dataclass(frozen=True, kw_only=True)
class PersonJoined(Event):
    """An invitation was accepted. Subject: the membership."""

    name = "identity.person.joined"


@dataclass(frozen=True, kw_only=True)
class RolesChanged(Event):
    """A member's roles changed. Subject: the membership."""

    name = "identity.membership.roles_changed"


@dataclass(frozen=True, kw_only=True)
class MembershipEnded(Event):
    """Somebody left an organisation. Subject: the membership."""

    name = "identity.membership.ended"
