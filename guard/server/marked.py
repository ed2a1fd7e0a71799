"""What does a client get that may have a picture only under its own mark?

The copy that is joined for its mark id, where the pack has been made. Where it has not, it is
ordered, and the caller sends a preview: nobody waits, and nobody gets the clean picture. A copy is
for this client alone, and its entity tag tells nothing but whether it is the same copy.

Where a picture's pack is at hand and the upstream has named its version before, the upstream is
asked only whether that still holds.
"""

import hmac
from dataclasses import dataclass, field

from guard.core.facts import Kind
from guard.image.chips import commitment
from guard.image.jobs import MAX_BODY
from guard.server.exchange import Exchange
from guard.server.families import Families
from guard.server.headers import Headers
from guard.server.in_image import Asking, InImage
from guard.server.made_pictures import Known, KnownUrls, Source
from guard.server.mark_ids import MarkIds
from guard.server.pack_builder import KeyedPack, PackBuilder
from guard.server.pictures import OF_THE_SOURCE
from guard.server.upstream import Answered
from guard.server.upstream_requests import UpstreamRequests
from guard.server.validators import wanted

_MARKED_KINDS = frozenset({Kind.IMAGE, Kind.ORIGINAL})


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedCopy:
    """An answer with a copy, and whom it is issued to."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)
    mark_id: bytes
    commitment: bytes
    """To the key that it is marked with."""
    rendition: bytes
    """SHA-256 of the upstream's bytes."""


class MarkedCopies:
    """Makes the copies of one worker."""

    def __init__(
        self,
        ids: MarkIds,
        builder: PackBuilder,
        upstreams: UpstreamRequests,
        in_image: InImage,
        *,
        ahead: bool,
    ) -> None:
        """Take whether packs are made of pictures that visitors look at."""
        self._ids = ids
        self._builder = builder
        self._upstreams = upstreams
        self._in_image = in_image
        self._ahead = ahead
        self._known = KnownUrls()
        self._families = Families()

    def before(self, exchange: Exchange) -> Asking:
        """Say how to ask the upstream for what may have to be marked."""
        if exchange.kind in _MARKED_KINDS and exchange.facts.method == "GET":
            known = self._known.get(exchange.facts)
            if known is not None and known.upstream_tag:
                exchange.pack = self._builder.at_hand(known.tag)
                if exchange.pack is not None:
                    return Asking(whole=True, only_if_not=known.upstream_tag, for_a_copy=True)
        return Asking(whole=True)

    async def copy(self, exchange: Exchange, answered: Answered) -> MarkedCopy | None:
        """Return the client's copy of what the upstream answered; None while there is none.

        Raises:
            UpstreamError: The upstream broke off.
        """
        if answered.status == 304 and exchange.pack is not None:
            return self._answer(exchange, answered.headers, exchange.pack)
        if not answered.is_whole:
            return None
        if exchange.facts.method != "HEAD":
            return await self._of(exchange, answered)
        again = await self._upstreams.ask(exchange, whole=True, method="GET")
        try:
            return await self._of(exchange, again) if again.is_whole else None
        finally:
            again.close()

    def looked_at(self, exchange: Exchange, source: Source) -> None:
        """Take note of a picture that somebody was sent whole: a suspect may ask for it next."""
        if self._ahead and exchange.kind in _MARKED_KINDS and self._builder.idle:
            self._builder.order(source)

    async def of_bytes(self, exchange: Exchange, body: bytes) -> MarkedCopy | None:
        """Return the client's copy of a picture that is not the upstream's; None where it is not ready, and is ordered.

        The rights in it are those of the path that is asked for.
        """
        source = await self._in_image.source(exchange, body)
        if source is None:
            return None
        pack = await self._builder.find(source)
        if pack is None:
            self._builder.order(source)
            return None
        return self._answer(exchange, (), pack)

    async def order_bytes(self, exchange: Exchange, body: bytes) -> None:
        """Have the same ready for when it is asked for."""
        source = await self._in_image.source(exchange, body)
        if source is not None and await self._builder.find(source) is None:
            self._builder.order(source)

    async def _of(self, exchange: Exchange, answered: Answered) -> MarkedCopy | None:
        body = await answered.read(MAX_BODY)
        if body is None:
            return None
        source = await self._in_image.source(exchange, body)
        if source is None:
            return None
        pack = await self._builder.find(source)
        if pack is None:
            if self._families.admits(exchange.facts, source.key):
                self._builder.order(source)
            return None
        self._known.put(exchange.facts, Known(answered.header("etag"), source.key, 0))
        return self._answer(exchange, answered.headers, pack)

    def _answer(self, exchange: Exchange, upstream: Headers, keyed: KeyedPack) -> MarkedCopy:
        mark_id, pack = self._ids.of(exchange), keyed.pack
        body = keyed.copy_for(mark_id)
        # The head, because what it says of rights may change; the length, because the visible mark may.
        named = b"tag:" + pack.rendition + mark_id + pack.head + b"%d" % len(body)
        tag = f'"{hmac.digest(keyed.key, named, "sha256").hex()[:32]}"'
        what = wanted(exchange.facts, tag, len(body))
        headers: Headers = (
            *(line for line in upstream if line[0].lower() not in OF_THE_SOURCE),
            ("Content-Type", "image/jpeg"),
            ("ETag", tag),
            ("Accept-Ranges", "bytes"),
            ("Cache-Control", "private, max-age=3600"),
            ("Vary", "User-Agent"),
            *what.headers(len(body)),
        )
        return MarkedCopy(
            status=what.status, headers=headers, body=what.part(body), mark_id=mark_id,
            commitment=commitment(keyed.key), rendition=pack.rendition,
        )  # fmt: skip
