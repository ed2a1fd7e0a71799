"""How does a running guard come to mark with a new key?

It looks, every few seconds, whether there is a key file with a higher number. Copies that are under
way keep the key that they were begun with, and each names the commitment of its own, which is
on record before the first of them leaves.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from guard.errors import EvidenceError
from guard.server.pack_builder import PackBuilder
from guard.store.mark_keys import load, newest_name

EVERY_SECONDS: Final = 5.0


class MarkRotation:
    """Watches the folder of mark keys for one worker."""

    def __init__(
        self,
        folder: Path,
        builder: PackBuilder,
        *,
        every: float = EVERY_SECONDS,
        say: Callable[[str], None] | None = None,
    ) -> None:
        self._folder = folder
        self._builder = builder
        self._every = every
        self._say = say or _to_standard_error
        self._seen = newest_name(folder)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._every)
            name = await asyncio.to_thread(newest_name, self._folder)
            if name in ("", self._seen):
                continue
            self._seen = name
            try:
                keys = await asyncio.to_thread(load, self._folder)
            except EvidenceError as error:
                self._say(f"guard: copies are marked with the key from before: {error}; then make another key")
                continue
            if keys.newest != self._builder.key:
                self._builder.take_key(keys.newest)


def _to_standard_error(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
