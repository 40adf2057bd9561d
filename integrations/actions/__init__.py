"""The only writers of connections and of the ledger."""

from integrations.actions.connections import (
    EDITED,
    connection_facts,
    create_connection,
    mapping_problems,
    request_check,
    save_connection,
    save_mapping,
    set_secret,
    switch_connection,
)
from integrations.actions.delivery import give_back, keep_check, keep_failure, keep_success, keep_unchanged
from integrations.actions.existing import note_existing, write_existing
from integrations.actions.ledger import hint, note_change, retry_job, skip_job, sync_now

__all__ = [
    "EDITED",
    "connection_facts",
    "create_connection",
    "give_back",
    "hint",
    "keep_check",
    "keep_failure",
    "keep_success",
    "keep_unchanged",
    "mapping_problems",
    "note_change",
    "note_existing",
    "request_check",
    "retry_job",
    "save_connection",
    "save_mapping",
    "set_secret",
    "skip_job",
    "switch_connection",
    "sync_now",
    "write_existing",
]
