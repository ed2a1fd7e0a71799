"""What does a client get that may have a picture only under its own mark?

The copy that is joined for its mark id, where the pack has been made; nothing otherwise, and
the caller sends a preview. Such an answer is for this client alone, and its entity tag tells
nothing but whether it is the same copy.
"""

import hmac
from dataclasses import dataclass, field

from guard.image.mark import copy_for
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.mark_ids import MarkIds
from guard.server.pack_builder import PackBuilder


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCopy:
    """A copy and whom it is issued to."""

    body: bytes = field(repr=False)
    mark_id: bytes
    rendition: bytes
    """SHA-256 of the upstream's bytes."""
    entity_tag: str
    """With its quotation marks."""

    @property
    def headers(self) -> Headers:
        """What is said about these bytes."""
        return (
            ("Content-Type", "image/jpeg"),
            ("ETag", self.entity_tag),
            ("Cache-Control", "private, max-age=3600"),
            ("Accept-Ranges", "bytes"),
            ("Vary", "*"),
        )


class MarkedCopies:
    """Makes the copies of one worker."""

    def __init__(self, key: bytes, ids: MarkIds, builder: PackBuilder) -> None:
        self._key = key
        self._ids = ids
        self.builder = builder

    async def copy(self, exchange: Exchange, rendition: bytes) -> MarkedCopy | None:
        """Return the client's copy of a rendition; None while there is no pack of it."""
        pack = await self.builder.find(rendition)
        if pack is None:
            return None
        mark_id = self._ids.of(exchange)
        tag = hmac.digest(self._key, b"tag:" + rendition + mark_id, "sha256").hex()[:32]
        return MarkedCopy(
            body=copy_for(pack, self._key, mark_id), mark_id=mark_id, rendition=rendition, entity_tag=f'"{tag}"'
        )
