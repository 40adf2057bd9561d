"""A partner's own file of deals: opened for that partner alone, then worked off row by row."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from partners import actions as partner_actions
from partners import queries as partners
from partners.models import ImportBatch
from prm.kernel.automation.imports import importers
from prm.kernel.automation.tables import Unreadable
from prm.kernel.identity.actors import Actor
from prm.kernel.tenancy.context import deciding

OWN = "own-deals"


def bring_file(*, partner_id: UUID, file_name: str, data: bytes, actor: Actor, now: datetime) -> ImportBatch:
    """Take a file in; tasks hand its rows in. Raises Unreadable for one that can't be read or lacks a column."""
    partner = partners.visible_partners().get(pk=partner_id)
    with deciding(), transaction.atomic():
        batch = partner_actions.open_batch(
            kind=OWN, file_name=file_name, data=data, actor=actor, now=now, partner_id=partner.pk
        )
        if lacking := importers[OWN].missing(batch.mapping):
            names = ", ".join(str(column.label) for column in lacking)
            raise Unreadable(
                _("The file lacks the column %(columns)s. Its first line is: %(header)s")
                % {"columns": names, "header": ", ".join(batch.header)[:200]}
            )
        partner_actions.run_unseen(batch_id=batch.pk, now=now)
        batch.refresh_from_db()
    return batch
