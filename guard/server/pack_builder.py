"""When are packs made, and where are they found?

Never while somebody waits. A picture that a suspect asks for, or that a visitor has looked at,
is put in a short queue; one is made at a time, in an image worker. What does not fit in the
queue is left: it will be asked for again.

A pack belongs to the mark key that it was made with, and is handed out together with it: the key
may change while it is on its way.
"""

import asyncio
import contextlib
import time
from collections import OrderedDict
from hashlib import sha256
from typing import NamedTuple

from prometheus_client import Counter, Histogram

from guard.errors import PictureError, PictureLostError, PicturesBusyError
from guard.image.chips import seed_of_signs
from guard.image.mark import Pack, copy_for
from guard.image.pack_file import from_bytes
from guard.server.image_workers import ImageWorkers
from guard.server.made_pictures import Source
from guard.store.packs import PackFolder

MOST_WAITING = 32
MOST_WAITING_BYTES = 64 << 20
MEMORY = 96 << 20
"""Bytes of packs that a worker keeps at hand."""
MOST_REFUSED = 4096
MOST_TRIES = 2
"""A worker that was killed may not be the picture's fault; a second one is taken for it."""
PACK_SECONDS = 120.0
"""By the clock: nobody waits, and 35 megapixels that take three seconds take forty on a busy machine. What a job may
cost is bounded by its processor time, of which the image worker has 20 seconds."""


class KeyedPack(NamedTuple):
    """A pack, and the mark key that it was made with."""

    pack: Pack
    key: bytes

    def __repr__(self) -> str:
        return f"KeyedPack({self.pack!r})"

    def copy_for(self, mark_id: bytes) -> bytes:
        """Return the whole JPEG file that is issued under `mark_id`."""
        return copy_for(self.pack, self.key, mark_id)


class PackBuilder:
    """Finds packs, and has them made."""

    def __init__(
        self,
        key: bytes,
        folder: PackFolder,
        workers: ImageWorkers,
        built: Counter,
        seconds: Histogram | None = None,
    ) -> None:
        """Take the mark key.

        Args:
            built: Counts by `result`: built, unmarkable, failed.
            seconds: What making one took.
        """
        self._key = key
        self._folder = folder
        self._workers = workers
        self._built = built
        self._seconds = seconds
        self._ready: OrderedDict[str, tuple[KeyedPack, int]] = OrderedDict()
        self._bytes = 0
        self._waiting: OrderedDict[str, Source] = OrderedDict()
        self._refused: OrderedDict[str, int] = OrderedDict()
        """How often no pack could be made."""
        self._task: asyncio.Task[None] | None = None

    @property
    def key(self) -> bytes:
        """The mark key that packs are made with."""
        return self._key

    def take_key(self, key: bytes) -> None:
        """Make packs with another mark key from now on; those at hand are of no use any more."""
        self._key = key
        self._ready.clear()
        self._bytes = 0

    async def find(self, source: Source) -> KeyedPack | None:
        """Return the pack that is made of `source`, if there is one."""
        key = source.key
        if (known := self._ready.get(key)) is not None:
            self._ready.move_to_end(key)
            return known[0]
        mark_key = self._key
        pack = await asyncio.to_thread(self._folder.load, _name(source, seed_of_signs(mark_key, source.rendition)))
        if pack is None:
            return None
        keyed = KeyedPack(pack, mark_key)
        self._keep(key, keyed)
        return keyed

    def at_hand(self, key: str) -> KeyedPack | None:
        """Return the pack of the source with this key if it is in memory."""
        known = self._ready.get(key)
        return known[0] if known else None

    @property
    def waiting(self) -> int:
        """How many pictures wait for their pack."""
        return len(self._waiting)

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
            or self._refused.get(key, 0) >= MOST_TRIES
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
        mark_key = self._key
        seed = seed_of_signs(mark_key, source.rendition)
        name = _name(source, seed)
        if await asyncio.to_thread(self._folder.has, name):
            return
        started = time.monotonic()
        try:
            data = await self._workers.pack(
                source.body, rendition=source.rendition, size=source.size, seed=seed, visible_mark=source.visible_mark
            )
            self._keep(source.key, KeyedPack(await asyncio.to_thread(from_bytes, data), mark_key))
        except PicturesBusyError:
            self._built.labels("failed").inc()
            return
        except PictureLostError:
            self._built.labels("failed").inc()
            self._refuse(source.key, 1)
            return
        except PictureError:
            self._built.labels("unmarkable").inc()
            self._refuse(source.key, MOST_TRIES)
            return
        await asyncio.to_thread(self._folder.store, name, data)
        self._built.labels("built").inc()
        if self._seconds is not None:
            self._seconds.observe(time.monotonic() - started)

    def _refuse(self, key: str, tries: int) -> None:
        self._refused[key] = self._refused.get(key, 0) + tries
        if len(self._refused) > MOST_REFUSED:
            self._refused.popitem(last=False)

    def _keep(self, key: str, keyed: KeyedPack) -> None:
        if keyed.key != self._key:
            return
        size = keyed.pack.size
        previous = self._ready.pop(key, None)
        self._bytes += size - (previous[1] if previous else 0)
        self._ready[key] = (keyed, size)
        while self._bytes > MEMORY and len(self._ready) > 1:
            _, (_, gone) = self._ready.popitem(last=False)
            self._bytes -= gone


def _name(source: Source, seed: bytes) -> str:
    # The seed comes from the mark key: a pack of another one would carry another mark.
    return sha256(source.key.encode() + seed).hexdigest()
