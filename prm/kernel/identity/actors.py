"""Who does something: a person, a workflow, the system itself, or an API token."""

from dataclasses import dataclass
from uuid import UUID

VENDOR_ROLES = ("admin", "ops", "approver", "cam", "finance", "legal", "sales", "auditor")
PARTNER_ROLES = ("partner_admin", "seller", "marketing", "partner_finance")


@dataclass(frozen=True, slots=True)
class Actor:
    """One who acts, as the audit names it. `impersonator` is the person behind it, always shown."""

    kind: str
    id: str
    name: str
    roles: frozenset[str] = frozenset()
    membership_id: UUID | None = None
    partner_id: UUID | None = None
    impersonator: str | None = None
    request_id: str = ""

    @classmethod
    def system(cls, name: str) -> "Actor":
        return cls(kind="system", id=name, name=name)

    @classmethod
    def workflow(cls, *, run_id: UUID, name: str) -> "Actor":
        return cls(kind="workflow", id=str(run_id), name=name)

    @property
    def is_vendor(self) -> bool:
        return self.partner_id is None

    def has(self, *roles: str) -> bool:
        """Whether it holds one of the roles. Workflows and the system act within their definition."""
        return self.kind in ("workflow", "system") or bool(self.roles.intersection(roles))
