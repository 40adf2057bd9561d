"""How much room files take, and how much is left: of the vendor as a whole, and of what one partner has added."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Sum
from django.template.defaultfilters import filesizeformat

from dealreg.models import DealFile, DealPolicy, InboundMail
from dealreg.models.deals import Audience

MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Room:
    """What one partner's people have added to its deals, and how much they may."""

    files: int
    size: int  # bytes
    most_files: int
    most_size: int  # bytes

    def has_room_for(self, size: int) -> bool:
        """Whether one more file of so many bytes fits."""
        return self.files < self.most_files and self.size + size <= self.most_size

    @property
    def is_tight(self) -> bool:
        """Whether nine tenths of it are used up: time for somebody to see to it."""
        return self.size >= self.most_size * 9 // 10 or self.files >= self.most_files * 9 // 10

    @property
    def told(self) -> dict[str, str]:
        """For a sentence, in the reader's language."""
        return {
            "used": filesizeformat(self.size),
            "most": filesizeformat(self.most_size),
            "files": str(self.files),
            "most_files": str(self.most_files),
        }


def room_of(partner_id: UUID, policy: DealPolicy) -> Room:
    """Counted from the files themselves, so that nothing can drift.

    What the vendor's people add counts for the vendor alone, and so does what a former partner of a deal has left
    with the vendor.
    """
    own = DealFile.objects.filter(deal__partner=partner_id, by_partner=True, audience=Audience.PARTNER)
    held = own.aggregate(files=Count("pk"), size=Sum("size"))
    most = policy.partner_quota_mb * MB
    return Room(int(held["files"]), int(held["size"] or 0), policy.partner_quota_files, most)


def bytes_kept() -> int:
    """How much room the vendor's files take, all together."""
    files = DealFile.objects.aggregate(total=Sum("size"))["total"] or 0
    mails = InboundMail.objects.exclude(stored_name="").aggregate(total=Sum("size"))["total"] or 0
    return int(files + mails)


def has_room_for(size: int, policy: DealPolicy) -> bool:
    """Whether so many bytes more fit into what the vendor's files may take."""
    return bytes_kept() + size <= policy.file_quota_mb * MB
