"""When are packs made, and where are they found?

Never while somebody waits. A picture that a suspect asks for, or that a visitor has looked at,
is put in a short queue; one is made at a time, in an image worker. What does not fit in the
queue is left: it will be asked for again.
"""

import asyncio
import contextlib
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256

from prometheus_client import Counter

from guard.errors import PictureError, PicturesBusyError
from guard.image.chips import seed_of_signs
from guard.image.mark import Pack
from guard.image.pack_file import from_bytes
from guard.server.image_workers import ImageWorkers
from guard.store.packs import PackFolder

MOST_WAITING = 32
MOST_WAITING_BYTES = 64 << 20
MEMORY = 96 << 20
"""Bytes of packs that a worker keeps at hand."""
MOST_REFUSED = 4096
PACK_SECONDS = 30.0
"""A pack takes about 50 ms a megapixel, and ten times that on a busy machine."""


@dataclass(frozen=True, slots=True)
class _Order:
    rendition: bytes
    body: bytes = field(repr=False)
    size: int
    """Bytes that the upstream sent."""


class PackBuilder:
    """Finds packs, and has them made."""

    def __init__(self, key: bytes, folder: PackFolder, workers: ImageWorkers, built: Counter) -> None:
        """Take the mark key, and a counter with the label `result`: built, unmarkable, failed."""
        self._key = key
        self._folder = folder
        self._workers = workers
        self._built = built
        self._ready: OrderedDict[bytes, tuple[Pack, int]] = OrderedDict()
        self._bytes = 0
        self._waiting: OrderedDict[bytes, _Order] = OrderedDict()
        self._refused: OrderedDict[bytes, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    async def find(self, rendition: bytes) -> Pack | None:
        """Return the pack of a rendition (SHA-256 of the upstream's bytes) if it has been made."""
        if (known := self._ready.get(rendition)) is not None:
            self._ready.move_to_end(rendition)
            return known[0]
        pack = await asyncio.to_thread(self._folder.load, self._name(rendition))
        if pack is not None:
            self._keep(pack)
        return pack

    def at_hand(self, rendition: bytes) -> Pack | None:
        """Return the pack if it is in memory."""
        known = self._ready.get(rendition)
        return known[0] if known else None

    @property
    def idle(self) -> bool:
        """True when nothing is waiting to be made."""
        return not self._waiting

    def order(self, rendition: bytes, body: bytes, size: int) -> None:
        """Have the pack of a rendition made some time.

        Args:
            rendition: SHA-256 of the upstream's bytes.
            body: What copies are made of: the same picture, with the metadata that a copy has.
            size: Bytes that the upstream sent.
        """
        waiting = sum(len(order.body) for order in self._waiting.values())
        if (
            rendition in self._waiting
            or rendition in self._ready
            or rendition in self._refused
            or len(self._waiting) >= MOST_WAITING
            or waiting + len(body) > MOST_WAITING_BYTES
        ):
            return
        self._waiting[rendition] = _Order(rendition, body, size)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work())

    async def close(self) -> None:
        """Leave what is waiting, and end the process that makes packs."""
        self._waiting.clear()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        await self._workers.close()

    async def _work(self) -> None:
        while self._waiting:
            rendition, order = next(iter(self._waiting.items()))
            try:
                await self._make(order)
            finally:
                self._waiting.pop(rendition, None)

    async def _make(self, order: _Order) -> None:
        name = self._name(order.rendition)
        if await asyncio.to_thread(self._folder.has, name):
            return
        try:
            data = await self._workers.pack(
                order.body, rendition=order.rendition, size=order.size, seed=self._seed(order.rendition)
            )
            self._keep(await asyncio.to_thread(from_bytes, data))
        except PicturesBusyError:
            self._built.labels("failed").inc()
            return
        except PictureError:
            self._built.labels("unmarkable").inc()
            self._refused[order.rendition] = None
            if len(self._refused) > MOST_REFUSED:
                self._refused.popitem(last=False)
            return
        await asyncio.to_thread(self._folder.store, name, data)
        self._built.labels("built").inc()

    def _keep(self, pack: Pack) -> None:
        size = pack.size
        previous = self._ready.pop(pack.rendition, None)
        self._bytes += size - (previous[1] if previous else 0)
        self._ready[pack.rendition] = (pack, size)
        while self._bytes > MEMORY and len(self._ready) > 1:
            _, (_, gone) = self._ready.popitem(last=False)
            self._bytes -= gone

    def _seed(self, rendition: bytes) -> bytes:
        return seed_of_signs(self._key, rendition)

    def _name(self, rendition: bytes) -> str:
        # The key is part of it: a pack of another key would carry another mark.
        return sha256(rendition + self._seed(rendition)).hexdigest()
