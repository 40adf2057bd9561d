"""What a link must carry to fetch a file: signed for that file and its asker, for an hour."""

from uuid import UUID

from django.core import signing

from prm.kernel.ui.models import Export

SECONDS = 3600
_signer = signing.TimestampSigner(salt="ui.export")


def key_of(export: Export) -> str:
    return _signer.sign(f"{export.pk.hex}{UUID(str(export.asked_by_id)).hex}").partition(":")[2]


def fits(export: Export, key: str) -> bool:
    try:
        signed = f"{export.pk.hex}{UUID(str(export.asked_by_id)).hex}:{key}"
        return bool(_signer.unsign(signed, max_age=SECONDS))
    except signing.BadSignature:
        return False
