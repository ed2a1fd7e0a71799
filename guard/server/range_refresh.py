"""How do the address lists stay fresh?

Once a day, at a time of each installation's own, every list is fetched, held against common
sense and against the last good copy, and kept if it passes. One process of a machine does
that (a lock in the folder says which); the others see the folder change. What does not pass
is told about, and the last good copy stays.
"""

import asyncio
import fcntl
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from guard.core.addresses import IPNetwork
from guard.core.range_file import RangeFormat, RangeSource
from guard.core.range_lists import MAX_BYTES, RangeList, compare, parse
from guard.errors import FetchError, RangeListError
from guard.server.key_directories import Fetch
from guard.server.safe_fetch import Limits
from guard.store.range_files import Refusal, make_list, write_list

LIMITS = Limits(bytes=MAX_BYTES, seconds=30.0, same_origin_redirects=True)
DAY = 24 * 3600.0
FIRST_WITHIN = 3600.0
"""Seconds after the start; machines that start together do not ask together."""
BETWEEN = 5.0
"""Seconds between two lists, at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What became of one list."""

    name: str
    added: int
    removed: int
    list: RangeList


async def fetch_list(
    fetch: Fetch, source: RangeSource, good: RangeList | None, at: datetime, *, accept: bool = False
) -> Change:
    """Fetch one list and judge it; nothing is written.

    Args:
        good: The last good copy.
        accept: Believe it even if it grew or shrank by more than half: a person has looked.

    Raises:
        FetchError: It did not come.
        RangeListError: It is not believed.
    """
    documents = [(await fetch.get(url, LIMITS)).body for url in source.urls]
    # A long list takes a tenth of a second, which requests must not wait for.
    return await asyncio.to_thread(judge_documents, documents, source, good, at, accept=accept)


def judge_documents(
    documents: list[bytes], source: RangeSource, good: RangeList | None, at: datetime, *, accept: bool = False
) -> Change:
    """Make a list of all its documents, and compare it with the last good one.

    Raises:
        RangeListError: It is not believed.
    """
    prefixes: dict[IPNetwork, None] = {}
    complete = True
    for document in documents:
        parsed = parse(document, source.format)
        prefixes.update(dict.fromkeys(parsed.prefixes))
        complete = complete and parsed.complete
    new = tuple(prefixes)
    if good is not None and not accept and (why := compare(new, good.prefixes)):
        raise RangeListError(why)
    old = frozenset(good.prefixes) if good else frozenset()
    return Change(
        name=source.name,
        added=len(prefixes.keys() - old),
        removed=len(old - prefixes.keys()),
        list=make_list(source, new, at, complete=complete),
    )


class RangeRefresh:
    """Refreshes all lists once a day, until it is stopped."""

    def __init__(
        self,
        *,
        fetch: Fetch,
        sources: Mapping[str, RangeSource],
        folder: Path,
        good: Callable[[], Mapping[str, RangeList]],
        changed: Callable[[], Awaitable[None]],
        now: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Take `good`, which returns the lists in use, and `changed`, which is called when the folder has new ones."""
        self._fetch = fetch
        self._sources = sources
        self._folder = folder
        self._good = good
        self._changed = changed
        self._now = now
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None
        self.refused: tuple[Refusal, ...] = ()
        """What was not believed, or did not come, the last time."""

    def start(self) -> None:
        """Begin; needs a running loop."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End, also in the middle of a fetch."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        await self._sleep(_between(0, FIRST_WITHIN))
        while True:
            await self.refresh()
            await self._sleep(_between(0.9 * DAY, 1.1 * DAY))

    async def refresh(self) -> None:
        """Fetch all lists once, unless another process of this machine is at it."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            self.refused = (Refusal(name="all", reason=f"{self._folder} can not be written: {error.strerror}"),)
            return
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                return
            await self._refresh_all()
        finally:
            os.close(descriptor)

    async def _refresh_all(self) -> None:
        refused = []
        for source in self._sources.values():
            if source.format is RangeFormat.FIXED:
                continue
            try:
                change = await fetch_list(self._fetch, source, self._good().get(source.name), self._now())
                write_list(self._folder, change.list)
            except (FetchError, RangeListError) as error:
                refused.append(Refusal(name=source.name, reason=str(error)))
            except OSError as error:
                refused.append(Refusal(name=source.name, reason=f"could not be kept: {error.strerror}"))
            await self._sleep(_between(0, BETWEEN))
        self.refused = tuple(refused)
        await self._changed()


def _between(least: float, most: float) -> float:
    return random.uniform(least, most)  # noqa: S311  # nobody gains by guessing it
