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


def made_of(rendition: bytes, body: bytes) -> bytes:
    """Return what tells packs apart: the upstream's bytes by their SHA-256, and `body`, which has our rights in it.

    Both count: with other rights in force, or at a path with answers of its own, the same picture is another copy.
    """
    return sha256(rendition + sha256(body).digest()).digest()


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

    async def find(self, key: bytes, rendition: bytes) -> Pack | None:
        """Return the pack that `made_of` names, of a rendition (SHA-256 of the upstream's bytes), if there is one."""
        if (known := self._ready.get(key)) is not None:
            self._ready.move_to_end(key)
            return known[0]
        pack = await asyncio.to_thread(self._folder.load, self._name(key, rendition))
        if pack is not None:
            self._keep(key, pack)
        return pack

    def at_hand(self, key: bytes) -> Pack | None:
        """Return the pack that `made_of` names if it is in memory."""
        known = self._ready.get(key)
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
        key = made_of(rendition, body)
        waiting = sum(len(order.body) for order in self._waiting.values())
        if (
            key in self._waiting
            or key in self._ready
            or key in self._refused
            or len(self._waiting) >= MOST_WAITING
            or waiting + len(body) > MOST_WAITING_BYTES
        ):
            return
        self._waiting[key] = _Order(rendition, body, size)
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
            key, order = next(iter(self._waiting.items()))
            try:
                await self._make(key, order)
            except Exception:
                # Whatever is wrong with one picture, the next one is made.
                self._built.labels("failed").inc()
            finally:
                self._waiting.pop(key, None)

    async def _make(self, key: bytes, order: _Order) -> None:
        name = self._name(key, order.rendition)
        if await asyncio.to_thread(self._folder.has, name):
            return
        try:
            data = await self._workers.pack(
                order.body, rendition=order.rendition, size=order.size, seed=self._seed(order.rendition)
            )
            self._keep(key, await asyncio.to_thread(from_bytes, data))
        except PicturesBusyError:
            self._built.labels("failed").inc()
            return
        except PictureError:
            self._built.labels("unmarkable").inc()
            self._refused[key] = None
            if len(self._refused) > MOST_REFUSED:
                self._refused.popitem(last=False)
            return
        await asyncio.to_thread(self._folder.store, name, data)
        self._built.labels("built").inc()

    def _keep(self, key: bytes, pack: Pack) -> None:
        size = pack.size
        previous = self._ready.pop(key, None)
        self._bytes += size - (previous[1] if previous else 0)
        self._ready[key] = (pack, size)
        while self._bytes > MEMORY and len(self._ready) > 1:
            _, (_, gone) = self._ready.popitem(last=False)
            self._bytes -= gone

    def _seed(self, rendition: bytes) -> bytes:
        return seed_of_signs(self._key, rendition)

    def _name(self, key: bytes, rendition: bytes) -> str:
        # The mark key is part of it: a pack of another one would carry another mark.
        return sha256(key + self._seed(rendition)).hexdigest()
