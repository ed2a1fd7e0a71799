"""How does a picture file get its rights, and lose what is private, without its pixels being touched?

This is the one entry: bytes in, bytes out. Nothing is decoded; blocks of metadata are changed
in the file's own container. Either that is done rightly, or the same bytes come back with the
reason.
"""

from dataclasses import dataclass
from typing import Final

from guard.errors import LeftAloneError
from guard.image import isobmff, jpeg_segments, png_chunks, webp_chunks
from guard.image.edit import MAX_FILE, Edit
from guard.image.left_alone import Why
from guard.image.privacy import Private
from guard.image.provenance import MARK, Sign
from guard.image.sniff import media_type
from guard.image.xmp import RightsPacket

FORMATS: Final = {
    "image/jpeg": jpeg_segments.rewrite,
    "image/png": png_chunks.rewrite,
    "image/webp": webp_chunks.rewrite,
    "image/avif": isobmff.rewrite,
}
"""What can be changed, by media type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewritten:
    """A file with its rights in it, or the same file and why."""

    body: bytes
    why: Why | None = None
    """Why it stayed as it is; None where it was changed, or nothing was to be changed."""
    detail: str = ""
    """In words that add to `why`."""
    added: tuple[str, ...] = ()
    """Properties that are new or have another value, like `plus:DataMining`."""
    removed: tuple[Private, ...] = ()
    """What private data was taken out."""


def rewrite(
    data: bytes, rights: RightsPacket | None, *, strip: bool, sign: Sign | None = None, first_alone: bool = False
) -> Rewritten:
    """Return the file with `rights` in it (None: with none added), and without private data if `strip`.

    Args:
        first_alone: Take away whatever follows the file's first picture, further pictures and films included.
        sign: What makes a C2PA manifest for the result; None for none, and then a file that has one stays as it is.
    """
    edit = Edit(rights, strip=strip, signed=sign is not None, first_alone=first_alone)
    try:
        if len(data) > MAX_FILE:
            raise LeftAloneError(Why.TOO_LARGE, f"{len(data)} bytes")
        form = media_type(data[:4096])
        container = FORMATS.get(form)
        if container is None:
            raise LeftAloneError(Why.NOT_SUPPORTED)
        body = container(data, edit)
        if sign is not None and (edit.added or edit.removed or MARK not in data):
            body = sign(data, body, form, rights.permitted if rights else frozenset())
            edit.added += ("C2PA",)
    except LeftAloneError as error:
        return Rewritten(body=data, why=Why(error.why), detail=error.detail)
    if not edit.added and not edit.removed:
        return Rewritten(body=data)
    return Rewritten(body=body, added=edit.added, removed=tuple(sorted(edit.removed)))
