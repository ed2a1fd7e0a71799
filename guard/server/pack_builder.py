"""When are packs made, and where are they found?

Never while somebody waits. A picture that a suspect asks for, or that a visitor has looked at,
is put in a short queue; one is made at a time, in an image worker. What does not fit in the
queue is left: it will be asked for again.
"""

import asyncio
import contextlib
from collections import OrderedDict
from hashlib import sha256

from prometheus_client import Counter

from guard.errors import PictureError, PicturesBusyError
from guard.image.chips import seed_of_signs
from guard.image.mark import Pack
from guard.image.pack_file import from_bytes
from guard.server.image_workers import ImageWorkers
from guard.server.made_pictures import Source
from guard.store.packs import PackFolder

MOST_WAITING = 32
MOST_WAITING_BYTES = 64 << 20
MEMORY = 96 << 20
"""Bytes of packs that a worker keeps at hand."""
MOST_REFUSED = 4096
PACK_SECONDS = 30.0
"""A pack takes about 50 ms a megapixel, and ten times that on a busy machine."""


class PackBuilder:
    """Finds packs, and has them made."""

    def __init__(self, key: bytes, folder: PackFolder, workers: ImageWorkers, built: Counter) -> None:
        """Take the mark key, and a counter with the label `result`: built, unmarkable, failed."""
        self._key = key
        self._folder = folder
        self._workers = workers
        self._built = built
        self._ready: OrderedDict[str, tuple[Pack, int]] = OrderedDict()
        self._bytes = 0
        self._waiting: OrderedDict[str, Source] = OrderedDict()
        self._refused: OrderedDict[str, None] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    async def find(self, source: Source) -> Pack | None:
        """Return the pack that is made of `source`, if there is one."""
        key = source.key
        if (known := self._ready.get(key)) is not None:
            self._ready.move_to_end(key)
            return known[0]
        pack = await asyncio.to_thread(self._folder.load, self._name(source))
        if pack is not None:
            self._keep(key, pack)
        return pack

    def at_hand(self, key: str) -> Pack | None:
        """Return the pack of the source with this key if it is in memory."""
        known = self._ready.get(key)
        return known[0] if known else None

    @property
    def idle(self) -> bool:
        """True when nothing is waiting to be made."""
        return not self._waiting

    def order(self, source: Source) -> None:
        """Have the pack of `source` made some time."""
        key = source.key
        waiting = sum(len(one.body) for one in self._waiting.values())
        if (
            key in self._waiting
            or key in self._ready
            or key in self._refused
            or len(self._waiting) >= MOST_WAITING
            or waiting + len(source.body) > MOST_WAITING_BYTES
        ):
            return
        self._waiting[key] = source
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
            key, source = next(iter(self._waiting.items()))
            try:
                await self._make(source)
            except Exception:
                # Whatever is wrong with one picture, the next one is made.
                self._built.labels("failed").inc()
            finally:
                self._waiting.pop(key, None)

    async def _make(self, source: Source) -> None:
        name = self._name(source)
        if await asyncio.to_thread(self._folder.has, name):
            return
        try:
            data = await self._workers.pack(
                source.body, rendition=source.rendition, size=source.size, seed=self._seed(source.rendition)
            )
            self._keep(source.key, await asyncio.to_thread(from_bytes, data))
        except PicturesBusyError:
            self._built.labels("failed").inc()
            return
        except PictureError:
            self._built.labels("unmarkable").inc()
            self._refused[source.key] = None
            if len(self._refused) > MOST_REFUSED:
                self._refused.popitem(last=False)
            return
        await asyncio.to_thread(self._folder.store, name, data)
        self._built.labels("built").inc()

    def _keep(self, key: str, pack: Pack) -> None:
        size = pack.size
        previous = self._ready.pop(key, None)
        self._bytes += size - (previous[1] if previous else 0)
        self._ready[key] = (pack, size)
        while self._bytes > MEMORY and len(self._ready) > 1:
            _, (_, gone) = self._ready.popitem(last=False)
            self._bytes -= gone

    def _seed(self, rendition: bytes) -> bytes:
        return seed_of_signs(self._key, rendition)

    def _name(self, source: Source) -> str:
        # The mark key is part of it: a pack of another one would carry another mark.
        return sha256(source.key.encode() + self._seed(source.rendition)).hexdigest()
