"""How is a picture made smaller for a client that does not get the original?

The upstream's picture is read whole, up to a limit, and shrunk in an image worker; the
result is kept in memory, bounded by bytes, under the hash of what the upstream sent.
"""

from collections import OrderedDict
from dataclasses import dataclass
from hashlib import sha256
from typing import assert_never

from guard.core.facts import ResponseFacts
from guard.core.policy import PreviewSize
from guard.core.response import Shrink
from guard.errors import PictureError
from guard.image.jobs import MAX_BODY, Preview
from guard.image.visible_mark import VisibleMark
from guard.server.being_made import BeingMade
from guard.server.headers import Headers
from guard.server.image_workers import ImageWorkers
from guard.server.upstream import Answered

CACHE_BYTES = 64 << 20

_Key = tuple[bytes, int, str]
"""SHA-256 of what the upstream sent, longest side, and the visible mark."""

OF_THE_SOURCE = frozenset(
    {"content-length", "content-type", "content-encoding", "content-md5", "digest", "content-digest", "repr-digest",
     "content-range", "etag", "last-modified", "accept-ranges", "cache-control", "expires", "vary", "age"}
)  # fmt: skip
"""What an upstream's head says about its own bytes, not about a smaller or marked copy of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Longest sides in pixels."""

    thumbnail: int
    display: int
    preview: int

    def of(self, size: PreviewSize) -> int:
        """Return the longest side of a smaller copy."""
        match size:
            case PreviewSize.THUMBNAIL:
                return self.thumbnail
            case PreviewSize.DISPLAY:
                return self.display
            case PreviewSize.PREVIEW:
                return self.preview
            case _:
                assert_never(size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smaller:
    """A smaller copy and its entity tag, which tells nothing about the original."""

    preview: Preview
    entity_tag: str
    original: bytes
    """SHA-256 of what the upstream sent."""

    def headers(self, upstream: Headers) -> Headers:
        """Return the header lines of an answer with it, given those of the upstream's."""
        return (
            *(line for line in upstream if line[0].lower() not in OF_THE_SOURCE),
            ("Content-Type", self.preview.media_type),
            ("ETag", self.entity_tag),
            ("Cache-Control", "private, max-age=3600"),
            ("Vary", "User-Agent"),
        )


class Pictures:
    """Shrinks pictures, and remembers what it made."""

    def __init__(self, workers: ImageWorkers, sizes: Sizes, cache_bytes: int = CACHE_BYTES) -> None:
        self.sizes = sizes
        self._workers = workers
        self._made: OrderedDict[_Key, Smaller] = OrderedDict()
        self._being_made = BeingMade[Smaller]()
        self._bytes = 0
        self._cache_bytes = cache_bytes

    def small_enough(self, seen: ResponseFacts, planned: Shrink) -> bool:
        """Tell whether a picture may stay as it is: a preview is always made anew, and so is what gets a mark."""
        if planned.visibly_marked or planned.size is PreviewSize.PREVIEW:
            return False
        return 0 < max(seen.width, seen.height) <= self.sizes.of(planned.size)

    def below(self, seen: ResponseFacts | None, size: PreviewSize) -> PreviewSize:
        """Return `size`, or the next one in which this picture is smaller than it is; the smallest if there is none."""
        longest = max(seen.width, seen.height) if seen else 0
        ladder = sorted(PreviewSize, key=self.sizes.of, reverse=True)
        lower = [one for one in ladder[ladder.index(size) :] if not longest or self.sizes.of(one) < longest]
        return lower[0] if lower else ladder[-1]

    async def shrink(self, answered: Answered, size: PreviewSize, mark: VisibleMark | None) -> Smaller:
        """Return a smaller copy of the picture that the upstream is sending, with `mark` across it if there is one.

        Raises:
            PictureError: It can not be read, is over a limit, or the image workers are busy.
            UpstreamError: The upstream broke off.
        """
        body = await answered.read(MAX_BODY)
        if body is None:
            raise PictureError(f"the picture has more than {MAX_BODY >> 20} MiB")
        side = self.sizes.of(size)
        original = sha256(body).digest()
        key = (original, side, mark.digest if mark else "")
        if (known := self._made.get(key)) is not None:
            self._made.move_to_end(key)
            return known
        return await self._being_made.once(key, lambda: self._make(key, body, mark))

    async def _make(self, key: _Key, body: bytes, mark: VisibleMark | None) -> Smaller:
        original, side, _ = key
        preview = await self._workers.preview(body, longest_side=side, visible_mark=mark)
        made = Smaller(preview=preview, entity_tag=f'"{sha256(preview.body).hexdigest()[:32]}"', original=original)
        self._keep(key, made)
        return made

    def _keep(self, key: _Key, made: Smaller) -> None:
        previous = self._made.pop(key, None)
        self._bytes += len(made.preview.body) - (len(previous.preview.body) if previous else 0)
        self._made[key] = made
        while self._bytes > self._cache_bytes and self._made:
            _, dropped = self._made.popitem(last=False)
            self._bytes -= len(dropped.preview.body)
