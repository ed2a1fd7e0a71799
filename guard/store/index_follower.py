"""How does the index of evidence come to know what a guard has recorded?

By following its log, up to the newest checkpoint. What was taken in is known by the hash of the last record: a log that
was put away and begun anew has another name, and an index whose last record is not the log's is made anew.
"""

import asyncio
import sys
from itertools import islice
from pathlib import Path
from typing import Final

from guard.store.evidence_index import EvidenceIndex, Indexed
from guard.store.log_follower import Followed, follow, head, is_there

AT_ONCE: Final = 2000
"""Records in one transaction."""


class IndexFollower:
    """Takes one log into the index."""

    def __init__(self, index: EvidenceIndex, log: Path) -> None:
        """Take the index and a `log/` folder."""
        self._index = index
        self._log = log
        self._known: Indexed | None = None
        self.behind = 0
        """Signed records that the index did not have when it was looked last."""

    async def look(self) -> int:
        """Take in what is new, and return how many records that were.

        Raises:
            StoreAwayError: The database does not answer; what was taken in is taken in.
            EvidenceError: The log can not be read, or nothing is signed yet.
        """
        newest = await asyncio.to_thread(head, self._log)
        known = await self._begin(newest.origin)
        taken = 0
        self.behind = max(0, newest.size - known.place.next)
        while known.place.next < newest.size:
            found = await asyncio.to_thread(self._some, known, newest.size)
            if not found:
                break
            self._known = None  # until it is known what became of it
            known, count = await self._index.add(known, found)
            self._known = known
            taken += count
            self.behind = max(0, newest.size - known.place.next)
        return taken

    async def _begin(self, origin: str) -> Indexed:
        known = self._known
        if known is None or known.origin != origin:
            known = await self._index.log(origin)
            if not await asyncio.to_thread(is_there, self._log, known.place, known.newest):
                print(f"guard: cluster: the index of {origin} is made anew: it is not of this log", file=sys.stderr)  # noqa: T201
                await self._index.forget(origin)
                known = await self._index.log(origin)
            self._known = known
        return known

    def _some(self, known: Indexed, size: int) -> list[Followed]:
        return list(islice(follow(self._log, known.place, size), AT_ONCE))


async def bring_up(index: EvidenceIndex, log: Path, *, anew: bool = False) -> int:
    """Take everything that is signed into the index; with `anew` from the beginning. Return how many that were.

    Raises:
        StoreAwayError, EvidenceError: As `IndexFollower.look`.
    """
    if anew:
        await index.forget(head(log).origin)
    return await IndexFollower(index, log).look()
