"""Who is offered a canary picture, and what does whoever asks for one get?

Off unless the owner names a folder of works. Each page with decoys in it then names one of them where only
programs look (see `guard.core.decoys`), a different one for each page. None is named before all of them
are on record.

A client that does not say that it is a crawler gets a copy under its own mark, whatever is
believed of it: the copy is there to be found again. Crawlers that name themselves get the plain picture
of a decoy, as search engines do: they are refused elsewhere, and a work given to them would look like
consent. The directory is disallowed in robots.txt, and every answer below it says noindex, so nothing of it
can be found in a search; a sitemap does not name it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b
from pathlib import Path
from typing import Final, Protocol
from zlib import crc32

from prometheus_client import Counter

from guard.core.facts import RequestFacts
from guard.errors import RecorderUnavailableError
from guard.evidence import canary_record
from guard.server.answers import Made
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.marked import MarkedCopies
from guard.store.canary_pictures import CanaryPicture, folder_in, keep
from guard.store.log_values import microseconds_at

AGAIN_SECONDS: Final = 30.0
"""So long after a failure it is tried again to put canaries on record."""
MOST_PREPARING: Final = 4


class Recorder(Protocol):
    """What writes records."""

    async def append(self, leaf: bytes) -> int: ...


class Canaries:
    """The canaries of one worker."""

    def __init__(self, pictures: Sequence[CanaryPicture], copies: MarkedCopies, counter: Counter) -> None:
        """Take the pictures, at least one, and a counter by site and result: marked, card."""
        self._pictures = tuple(pictures)
        self._copies = copies
        self._counter = counter
        self._on_record = False
        self._task: asyncio.Task[None] | None = None
        self._preparing: dict[str, asyncio.Task[None]] = {}

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._pictures)

    def start(self, recorder: Recorder, directories: Sequence[tuple[str, str]], now: Callable[[], datetime]) -> None:
        """Put every canary on record; until that is done none is offered.

        Args:
            directories: For each site, the path below which its canaries are offered.
        """
        self._task = asyncio.create_task(self._register(recorder, directories, now))

    async def stop(self) -> None:
        """Leave what is under way."""
        for task in (*self._preparing.values(), *([self._task] if self._task else [])):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def number_for(self, page: str) -> int | None:
        """Return which of the decoy pictures of a client a page names; None while canaries are not on record."""
        return crc32(page.encode("utf-8", "surrogateescape")) % self.count if self._on_record else None

    def at(self, path: str) -> CanaryPicture:
        """Return the canary at a decoy's address, whoever it was given to: always the same while it is one."""
        return max(self._pictures, key=lambda one: blake2b(f"{path}\n{one.sha256}".encode(), digest_size=8).digest())

    def prepare(self, exchange: Exchange, path: str) -> None:
        """Have the canary at `path` ready before whoever reads the page of this request comes for it."""
        if path in self._preparing or len(self._preparing) >= MOST_PREPARING:
            return
        to_come = replace(exchange, facts=replace(exchange.facts, path=path, target=path, method="GET", headers=()))
        task = self._preparing[path] = asyncio.create_task(self._prepare(to_come, path))
        task.add_done_callback(lambda _: self._preparing.pop(path, None))

    async def made(self, exchange: Exchange, more: Headers) -> Made | None:
        """Return the client's copy of the canary that it asks for, on record by its mark; None where it gets none."""
        if not self._on_record:
            return None
        site = exchange.site.host
        picture = self.at(exchange.facts.path)
        data = None if exchange.who.is_crawler else await self._read(picture)
        copy = await self._copies.of_bytes(exchange, data) if data is not None else None
        if copy is None:
            self._counter.labels(site, "card").inc()
            return None
        self._counter.labels(site, "marked").inc()
        exchange.mark_id, exchange.original = copy.mark_id.hex(), copy.rendition.hex()
        exchange.mark_key = copy.commitment.hex()
        return Made(
            status=copy.status, headers=(*copy.headers, *more), body=copy.body, rendition="marked", reference=""
        )

    async def _register(
        self, recorder: Recorder, directories: Sequence[tuple[str, str]], now: Callable[[], datetime]
    ) -> None:
        waiting = [(site, path, one) for site, path in directories for one in self._pictures]
        while waiting:
            site, path, one = waiting[0]
            leaf = canary_record.canary(
                at=microseconds_at(now()), site=site, sha256=one.sha256, size=one.size, media_type=one.media_type,
                name=one.name, path=path,
            )  # fmt: skip
            try:
                await recorder.append(leaf)
            except RecorderUnavailableError:
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                waiting.pop(0)
        self._on_record = True

    async def _prepare(self, exchange: Exchange, path: str) -> None:
        data = await self._read(self.at(path))
        if data is not None:
            await self._copies.order_bytes(exchange, data)

    async def _read(self, picture: CanaryPicture) -> bytes | None:
        try:
            return await asyncio.to_thread(picture.file.read_bytes)
        except OSError:  # somebody took it away; a decoy's own picture stands in
            return None


def canaries_of(folder: Path, evidence: Path, copies: MarkedCopies, counter: Counter) -> Canaries:
    """Return the canaries in the owner's `folder`, each of them kept in the evidence directory too.

    Raises:
        UsageError: They can not be read or kept, or there are none.
    """
    return Canaries(keep(folder, folder_in(evidence)), copies, counter)


def words_of(picture: CanaryPicture, facts: RequestFacts) -> str:
    """Return what stands beside the picture in a page: collectors keep no picture without words."""
    return picture.title or facts.host
