"""What is to be done to a picture's metadata, and what has been done?

The readers of the containers (`jpeg_segments`, `png_chunks`, `webp_chunks`, `isobmff`) find
the blocks of metadata and hand each to one `Edit`, which returns the block as it shall be.
Whom one block names fills a gap in another, so XMP comes last.
"""

from dataclasses import replace
from typing import Final

from guard.errors import LeftAloneError
from guard.image import exif, photoshop, xmp
from guard.image.left_alone import Why
from guard.image.photoshop import Named
from guard.image.privacy import HINT_IN_BINARY, Private
from guard.image.xmp import Merged, RightsPacket

MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes. A 100-megapixel JPEG of a medium format camera has about 60 MiB."""
MAX_NAME: Final = 2000
"""Characters of a name that is carried from one block into another."""


class Edit:
    """One file's changes. With neither `rights` nor `strip` there are none."""

    def __init__(
        self, rights: RightsPacket | None, *, strip: bool, signed: bool = False, first_alone: bool = False
    ) -> None:
        """Take what to write (None: nothing) and whether private data goes.

        Args:
            first_alone: Nothing that follows the file's first picture stays.
            signed: A signature over the whole is made afterwards, so that one that is there may break.
        """
        self.rights = rights
        self.strip = strip
        self.first_alone = first_alone
        self.added: tuple[str, ...] = ()
        self.removed: set[Private] = set()
        self._signed = signed
        self._named = Named()

    def meets_manifest(self, manifest: bytes) -> None:
        """Take note of a C2PA manifest; LeftAloneError if it must not break, or can not stay."""
        if not self._signed:
            raise LeftAloneError(Why.SIGNED)
        if self.strip and HINT_IN_BINARY.search(manifest):
            # As the manifest of a parent it would be carried on whole.
            raise LeftAloneError(Why.SIGNED, "and private data stands in it")

    def ends_at(self, data: bytes, end: int) -> int:
        """Return up to where `data` is kept, whose first picture ends at `end`.

        Raises:
            LeftAloneError: Something unknown follows, in which private data can stand.
        """
        if not data[end:].strip(b"\0"):
            return len(data)
        if self.first_alone:
            self.removed.add(Private.TRAILING)
            return end
        if self.strip:
            raise LeftAloneError(Why.TRAILING_DATA, f"{len(data) - end} bytes")
        return len(data)

    def exif(self, block: bytes) -> bytes:
        """Return an EXIF block (it begins with its TIFF header) as it shall be."""
        artist, notice = exif.names(block)
        self._name(Named(creator=artist, notice=notice))
        if not self.strip:
            return block
        stripped = exif.strip(block)
        self.removed |= stripped.removed
        return stripped.block

    def photoshop(self, resources: bytes) -> bytes:
        """Return Photoshop resources as they shall be."""
        self._name(photoshop.names(resources))
        if not self.strip:
            return resources
        kept, removed = photoshop.strip(resources)
        self.removed |= removed
        return kept

    def packet(self, existing: bytes) -> Merged:
        """Return the XMP packet as it shall be; to be asked for after all other blocks."""
        rights = self.rights
        if rights is not None:
            rights = replace(
                rights,
                creator=self._named.creator or rights.creator,
                credit=self._named.credit or rights.credit,
                notice=self._named.notice or rights.notice,
            )
        if len(existing) > xmp.MAX_PACKET:
            raise LeftAloneError(Why.TOO_LARGE, "its XMP packet")
        merged = xmp.merge(existing, rights, strip=self.strip)
        self.added += merged.added
        self.removed |= merged.removed
        return merged

    def extended_packet(self, existing: bytes) -> bytes:
        """Return an extended XMP packet as it shall be: private data can stand in it, ours never does."""
        if not self.strip:
            return existing
        if len(existing) > xmp.MAX_PACKET:
            raise LeftAloneError(Why.TOO_LARGE, "its extended XMP packet")
        merged = xmp.merge(existing, None, strip=True)
        self.removed |= merged.removed
        return merged.packet

    def _name(self, named: Named) -> None:
        self._named = Named(
            creator=self._named.creator or named.creator[:MAX_NAME],
            credit=self._named.credit or named.credit[:MAX_NAME],
            notice=self._named.notice or named.notice[:MAX_NAME],
        )
