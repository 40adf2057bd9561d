"""Who does something: a person, a workflow, the system itself, or an API token."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

VENDOR_ROLES = ("admin", "ops", "approver", "cam", "finance", "legal", "sales", "auditor")
ANSWERING_ROLES = tuple(role for role in VENDOR_ROLES if role != "auditor")  # who may be asked: an auditor reads
PARTNER_ROLES = ("partner_admin", "seller", "marketing", "partner_finance")


def signed(name: str, impersonator: str | None) -> str:
    """Both names where somebody of the vendor acts as somebody else."""
    return f"{name} ({impersonator})" if impersonator else name


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts, as the audit names it.

    `impersonator` is the person behind it, always shown; `impersonator_id` is that person's membership.
    """

    kind: str
    id: str
    name: str
    roles: frozenset[str] = frozenset()
    membership_id: UUID | None = None
    partner_id: UUID | None = None
    impersonator: str | None = None
    impersonator_id: UUID | None = None
    request_id: str = ""

    @classmethod
    def system(cls, name: str) -> "Actor":
        return cls(kind="system", id=name, name=name)

    @classmethod
    def workflow(cls, *, run_id: UUID, name: str) -> "Actor":
        return cls(kind="workflow", id=str(run_id), name=name)

    def document(self) -> dict[str, Any]:
        """The actor as JSON, to act in its name later."""
        return {
            "kind": self.kind,
            "id": self.id,
            "name": self.name,
            "roles": sorted(self.roles),
            "membership_id": str(self.membership_id) if self.membership_id else None,
            "partner_id": str(self.partner_id) if self.partner_id else None,
            "impersonator": self.impersonator,
            "impersonator_id": str(self.impersonator_id) if self.impersonator_id else None,
            "request_id": self.request_id,
        }

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Actor":
        """The actor that `document()` wrote."""
        return cls(
            kind=stored["kind"],
            id=stored["id"],
            name=stored["name"],
            roles=frozenset(stored["roles"]),
            membership_id=UUID(stored["membership_id"]) if stored["membership_id"] else None,
            partner_id=UUID(stored["partner_id"]) if stored.get("partner_id") else None,
            impersonator=stored.get("impersonator"),
            impersonator_id=UUID(stored["impersonator_id"]) if stored.get("impersonator_id") else None,
            request_id=stored.get("request_id", ""),
        )

    @property
    def signature(self) -> str:
        """The name under what is said, sent or made: whoever acts as somebody else signs with both names."""
        return signed(self.name, self.impersonator)[:200]

    @property
    def is_vendor(self) -> bool:
        return self.partner_id is None

    def has(self, *roles: str) -> bool:
        """Whether it holds one of the roles. Workflows and the system act within their definition."""
        return self.kind in ("workflow", "system") or bool(self.roles.intersection(roles))
