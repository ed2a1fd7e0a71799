"""When do others put their time to the log, and what if they can not?

A round is due some seconds after the start, when a reservation came into force, once an hour
while there is news, and at the end; never twice within ten minutes, since authorities shut
out who asks too often. In a round the first two authorities that answer stamp the newest
checkpoint, the others stand in for those that do not, and every witness is asked. What
fails is tried again later, and later still; one token over the newest head then covers
everything, so nothing is queued but the fact that it is due.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

import aiohttp

from guard.errors import EvidenceError, GuardError, RecorderUnavailableError
from guard.evidence import checkpoint
from guard.evidence.anchor import Anchor, anchor_record
from guard.evidence.checkpoint import Checkpoint
from guard.exporter.authority import AskError, session
from guard.exporter.metrics import Metrics
from guard.server.witness_client import ContradictionError
from guard.store import anchor_files, anchor_state
from guard.store.anchor_state import Asked, Covered
from guard.store.log_values import microseconds

TOKENS: Final = 2
"""Independent clocks over one head: the second shows when the first is wrong."""
_LONGEST_BACKOFF: Final = 6
"""Times the shortest distance."""

log = logging.getLogger("guard.anchoring")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds."""

    every: float
    """Between two rounds, while there is news."""
    least: float = 600.0
    """Between two questions to the same party."""
    settle: float = 10.0
    """After a start or a change: what belongs to it is on record by then."""
    poll: float = 2.0
    """Between two looks at the log."""
    ending: float = 8.0
    """For the last round."""


Ask = Callable[[aiohttp.ClientSession, Path, bytes, int], Awaitable[Anchor]]
"""Session, log folder, checkpoint and the size known there to an anchor; raises GuardError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """An authority or a witness."""

    url: str
    ask: Ask


@dataclass(slots=True, kw_only=True)
class Group:
    """Parties of one kind."""

    name: str
    parties: Sequence[Party]
    needed: int
    """How many of them are wanted in a round."""
    due: float | None = None
    """From when on a round is wanted; None if none is."""
    last: float = 0.0
    """When the last round began."""
    own: int = 0
    """Records of anchors since the covered head: no news."""


class Line(Protocol):
    """What is needed of the recorder."""

    async def append(self, leaf: bytes) -> int:
        """See `RecorderClient.append`."""

    async def stats(self) -> dict[str, int | float | str]:
        """See `RecorderClient.stats`."""


@dataclass(slots=True)
class _Owed:
    """A record that the recorder has not taken yet."""

    anchor: Anchor
    at: int
    group: Group


@dataclass(slots=True, kw_only=True)
class Anchorer:
    """Keeps one log anchored."""

    directory: Path
    groups: Sequence[Group]
    recorder: Line
    metrics: Metrics
    pace: Pace
    now: Callable[[], float]
    """Seconds since 1970."""
    _owed: list[_Owed] = field(default_factory=list)
    _events: int = 0
    _state: anchor_state.AnchorState = field(default_factory=anchor_state.AnchorState)

    async def run(self, stopping: asyncio.Event) -> None:
        """Do so until `stopping`, and once more then."""
        self._state = anchor_state.load(self._state_file)
        for group in self.groups:
            group.due = group.last = self.now() + self.pace.settle
        async with session() as http:
            ends = asyncio.create_task(stopping.wait())
            while not stopping.is_set():
                look = asyncio.create_task(self._look(http))
                await asyncio.wait({look, ends}, return_when=asyncio.FIRST_COMPLETED)
                if stopping.is_set():
                    # What was asked already is worth waiting for: nobody may be asked again so soon.
                    await asyncio.wait({look}, timeout=self.pace.ending)
                    look.cancel()
                await asyncio.gather(look, return_exceptions=stopping.is_set())
                await asyncio.wait({ends}, timeout=self.pace.poll)
            try:
                async with asyncio.timeout(self.pace.ending):
                    await self._end(http)
            except TimeoutError:
                log.warning("the last records were not stamped: there was no time; they will be at the next start")

    async def _look(self, http: aiohttp.ClientSession) -> None:
        await self._pay()
        try:
            head, _, events = await self._newest()
        except EvidenceError:
            return  # no checkpoint yet, or the recorder is away: there is nothing to do now
        now = self.now()
        for group in self.groups:
            if events != self._events:
                group.due = min(group.due or now + self.pace.settle, now + self.pace.settle)
            elif group.due is None and abs(now - group.last) >= self.pace.every and self._has_news(group, head.size):
                group.due = now
        self._events = events
        await asyncio.gather(*(self._round(http, one) for one in self.groups if one.due is not None and now >= one.due))
        self._tell()

    async def _end(self, http: aiohttp.ClientSession) -> None:
        """Have the last records stamped, once they are in a checkpoint."""
        await self._pay()
        while True:
            try:
                head, records, _ = await self._newest()
            except RecorderUnavailableError:
                return
            except EvidenceError:
                pass  # a log that has just begun has no checkpoint yet
            else:
                if head.size >= records:
                    break
            await asyncio.sleep(0.05)
        await asyncio.gather(*(self._round(http, one) for one in self.groups if self._has_news(one, head.size)))
        await self._pay()

    async def _newest(self) -> tuple[Checkpoint, int, int]:
        """Return the newest head, the number of records, and of events that are worth a time stamp of their own.

        These are a reservation that came into force, and a verified crawler that came after a quiet hour.
        """
        stats = await self.recorder.stats()
        head = checkpoint.unsigned(anchor_files.read_checkpoint(self._log))
        if self._state.origin != head.origin:
            self._state.origin, self._state.covered = head.origin, {}
            for asked in self._state.asked.values():
                asked.size = 0
        return head, int(stats["records"]), int(stats["reservations"]) + int(stats["visits"])

    async def _round(self, http: aiohttp.ClientSession, group: Group) -> None:
        """Ask as many as needed, the others where one fails; what came is on record afterwards, or owed."""
        note = anchor_files.read_checkpoint(self._log)
        waiting = [one for one in group.parties if self._may_be_asked(one)]
        missing, came = group.needed, False
        if waiting:
            group.last = self.now()
        while waiting and missing > 0:
            now, waiting = waiting[:missing], waiting[missing:]
            done = await asyncio.gather(*(self._ask(http, group, one, note) for one in now))
            missing -= sum(done)
            came = came or any(done)
        if came:
            group.due = None

    async def _ask(self, http: aiohttp.ClientSession, group: Group, party: Party, note: bytes) -> bool:
        asked = self._state.asked.setdefault(party.url, Asked())
        asked.at = self.now()
        self._save()  # before: a program that is killed and started again should not ask again at once
        try:
            anchor = await party.ask(http, self._log, note, asked.size)
        except GuardError as error:
            asked.failures += 1
            wait = min(2 ** (asked.failures - 1), _LONGEST_BACKOFF) * self.pace.least
            wait = max(wait, error.retry_after if isinstance(error, AskError) else 0)
            asked.until = self.now() + wait
            contradicts = isinstance(error, ContradictionError)
            self.metrics.evidence_anchors.labels(group.name, "contradicted" if contradicts else "failed").inc()
            log.log(logging.ERROR if contradicts else logging.WARNING, "%s: %s", party.url, error)
            self._save()
            return False
        if asked.failures:
            log.warning("%s: it answers again", party.url)
        asked.failures, asked.until, asked.size = 0, 0.0, anchor.size
        self._owed.append(_Owed(anchor, microseconds(), group))
        self.metrics.evidence_anchors.labels(group.name, "made").inc()
        covered = self._state.covered.setdefault(group.name, Covered())
        if anchor.size != covered.size:
            group.own = 0
        covered.size, covered.since = anchor.size, self.now()
        self._save()
        await self._pay()
        return True

    async def _pay(self) -> None:
        """Write the records that are owed; those that can not be written now stay owed."""
        owed, self._owed = self._owed, []
        for place, one in enumerate(owed):
            try:
                await self.recorder.append(anchor_record(one.anchor, at=one.at))
            except RecorderUnavailableError as error:
                log.warning("an anchor is not on record yet: %s", error)
                self._owed += owed[place:]
                return
            self.metrics.evidence_records.labels("anc").inc()
            for group in self.groups:
                group.own += 1

    def _may_be_asked(self, party: Party) -> bool:
        asked, now = self._state.asked.get(party.url, Asked()), self.now()
        # A time in the future is that of a clock that was put right since.
        ago = now - asked.at
        return not 0 <= ago < self.pace.least and not 0 < asked.until - now <= max(86_400.0, self.pace.least * 6)

    def _has_news(self, group: Group, size: int) -> bool:
        covered = self._state.covered.get(group.name, Covered())
        return size - covered.size > group.own or covered.size > size

    def _tell(self) -> None:
        """Tell how long the log has been without an anchor."""
        try:
            size = checkpoint.unsigned(anchor_files.read_checkpoint(self._log)).size
        except EvidenceError:
            return
        for group in self.groups:
            covered = self._state.covered.setdefault(group.name, Covered(since=self.now()))
            seconds = max(0.0, self.now() - covered.since) if self._has_news(group, size) else 0.0
            self.metrics.evidence_unanchored.labels(group.name).set(seconds)

    def _save(self) -> None:
        try:
            anchor_state.save(self._state_file, self._state)
        except EvidenceError as error:
            log.warning("%s", error)

    @property
    def _log(self) -> Path:
        return self.directory / "log"

    @property
    def _state_file(self) -> Path:
        return self.directory / "guard" / anchor_state.FILE
