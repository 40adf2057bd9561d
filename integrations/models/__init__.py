"""Connections to other systems, and the ledger of what is written to them."""

from integrations.models.connections import Circuit, Connection, Credential, FieldMapping
from integrations.models.ledger import SyncJob, SyncRecord

__all__ = ["Circuit", "Connection", "Credential", "FieldMapping", "SyncJob", "SyncRecord"]
