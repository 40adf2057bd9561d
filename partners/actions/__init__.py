"""The only writers of partners: one function, one transaction, one thing somebody can do."""

from partners.actions.imports import (
    map_columns,
    next_chunk,
    open_batch,
    run_unseen,
    start_check,
    start_run,
)
from partners.actions.partners import (
    EDITABLE,
    assign_cam,
    change_tier,
    create_partner,
    enrol_partner,
    reactivate_partner,
    suspend_partner,
    terminate_partner,
    unwatch_partner,
    update_partner,
    watch_partner,
)

__all__ = [
    "EDITABLE",
    "assign_cam",
    "change_tier",
    "create_partner",
    "enrol_partner",
    "map_columns",
    "next_chunk",
    "open_batch",
    "reactivate_partner",
    "run_unseen",
    "start_check",
    "start_run",
    "suspend_partner",
    "terminate_partner",
    "unwatch_partner",
    "update_partner",
    "watch_partner",
]
