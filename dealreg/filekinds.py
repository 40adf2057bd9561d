"""What a file is, by its first bytes: its extension must say the same."""

import io
import zipfile

from django.utils.translation import gettext as _

LARGEST_UNPACKED = 200 * 1024 * 1024
OFFICE = {
    "docx": ("word/", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    "xlsx": ("xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "pptx": ("ppt/", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
}
MAGIC = {
    "pdf": ((b"%PDF-",), "application/pdf"),
    "png": ((b"\x89PNG\r\n\x1a\n",), "image/png"),
    "jpg": ((b"\xff\xd8\xff",), "image/jpeg"),
    "jpeg": ((b"\xff\xd8\xff",), "image/jpeg"),
}
TEXT = {"txt": "text/plain", "csv": "text/csv"}
ACCEPTED = (*MAGIC, *OFFICE, *TEXT)


class WrongKind(ValueError):
    """The file is not what its name says, or nothing we take: told in a sentence."""


def kind_of(name: str, content: bytes) -> str:
    """The content type of a file that is what its name says. Raises WrongKind."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension in MAGIC:
        starts, content_type = MAGIC[extension]
        if content.startswith(starts):
            return content_type
    elif extension in OFFICE:
        folder, content_type = OFFICE[extension]
        if _is_office(content, folder):
            return content_type
    elif extension in TEXT and _is_text(content):
        return TEXT[extension]
    elif extension not in ACCEPTED:
        raise WrongKind(_("We take %(kinds)s.") % {"kinds": ", ".join(ACCEPTED)})
    raise WrongKind(_("The file is not what its name says. Save it again as .%(kind)s.") % {"kind": extension})


def _is_office(content: bytes, folder: str) -> bool:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False
    names = {part.filename for part in parts}
    if sum(part.file_size for part in parts) > LARGEST_UNPACKED:
        raise WrongKind(_("The file unpacks to more than we take."))
    macros = any(name.lower().endswith("vbaproject.bin") for name in names)
    return "[Content_Types].xml" in names and any(name.startswith(folder) for name in names) and not macros


def _is_text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return "\x00" not in text and not text.lstrip()[:200].lower().startswith(("<!doctype", "<html", "<script", "<svg"))
