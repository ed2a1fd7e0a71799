"""Who came today, to this worker?

Counts are kept in a book of the day and written down every few seconds, into a file of this
process alone; `guard.store.day_files` adds up what all have written. So a worker that is killed
takes a few seconds with it, and nobody waits for a lock.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from guard.core.classification import Conduct, HardFact, Identity
from guard.core.day_book import DayBook, Row
from guard.core.facts import Kind
from guard.core.policy import Action, PreviewSize
from guard.evidence.private import PrivatePaths
from guard.reservation import robots
from guard.server.exchange import Exchange
from guard.store.day_files import write_part

WRITING_SECONDS: Final = 5.0
MAX_SIZES: Final = 65_536
NOT_SERVED: Final = frozenset({Action.REFUSE, Action.CHARGE, Action.CHALLENGE, Action.THROTTLE, Action.DROP})
SMALLER: Final = frozenset(str(size) for size in PreviewSize)
_FULL: Final = frozenset({"as_is", "rights", "marked"})


class Sizes:
    """How many bytes the pictures have that were handed out as they are; the oldest are forgotten."""

    def __init__(self, most: int = MAX_SIZES) -> None:
        self._sizes: OrderedDict[int, int] = OrderedDict()
        self._most = most

    def learn(self, exchange: Exchange) -> None:
        """Take note of a picture that was sent whole."""
        if exchange.rendition in _FULL and exchange.sent.status == 200 and exchange.sent.completed:
            if exchange.facts.method != "GET":
                return
            key = _place(exchange)
            self._sizes[key] = exchange.sent.bytes
            self._sizes.move_to_end(key)
            if len(self._sizes) > self._most:
                self._sizes.popitem(last=False)

    def withheld(self, exchange: Exchange) -> int | None:
        """Return how many bytes less than the picture has were sent; None where its size is not known."""
        size = self._sizes.get(_place(exchange))
        return None if size is None else max(size - exchange.sent.bytes, 0)


def _place(exchange: Exchange) -> int:
    return hash((exchange.facts.site, exchange.facts.path))


def asks_for_picture(exchange: Exchange) -> bool:
    """Tell whether a picture was asked for: it is one, was one when last seen, or a picture was fit for an answer."""
    return exchange.kind.is_picture or exchange.rendition == "card" or exchange.rendition in SMALLER


def is_given(exchange: Exchange) -> bool:
    """Tell whether the picture was handed out in full, marked or not."""
    return exchange.rendition in _FULL and exchange.sent.status in (200, 206)


def broke_robots(exchange: Exchange) -> bool:
    """Tell whether this request is against the robots.txt that the client had been served."""
    judged = exchange.judged
    return judged is not None and HardFact.BROKE_ROBOTS in judged.facts


class Census:
    """Counts the requests of one worker, day by day."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime], private: PrivatePaths | None = None) -> None:
        self._private = private or PrivatePaths()
        self._folder = folder
        self._now = now
        self._day = now().date()
        self._book = DayBook()
        self._changed = False
        self._task: asyncio.Task[None] | None = None

    def count(self, exchange: Exchange, withheld: int | None) -> None:
        """Count a request that was answered."""
        day = exchange.facts.at.date()
        if day > self._day:
            self._write()
            self._day, self._book = day, DayBook()
        self._changed = True
        book, who, sent = self._book, exchange.who, exchange.sent
        refused = exchange.decision is not None and exchange.decision.action in NOT_SERVED
        if not who.is_crawler:
            if who.conduct is Conduct.CLEAN:
                book.people += 1
            else:
                book.undeclared += 1
                book.undeclared_refused += refused
                if exchange.kind.is_picture and is_given(exchange):
                    book.undeclared_taken.add(f"{exchange.site.host}{exchange.facts.path}")
            return
        row = book.row(
            site=exchange.site.host,
            name=who.crawler.token if who.crawler else who.claimed,
            crawler=who.crawler.id if who.crawler else "",
            operator=who.operator,
            purpose=who.purpose,
        )
        row.requests += 1
        row.verified += who.identity is Identity.VERIFIED
        row.impostor += who.identity is Identity.IMPOSTOR
        row.refused += refused
        row.bytes += sent.bytes
        row.breaches += broke_robots(exchange)
        row.robots += exchange.rendition == "reservation" and exchange.facts.path == robots.PATH
        row.pages += exchange.kind is Kind.PAGE
        if asks_for_picture(exchange):
            self._picture(row, exchange, withheld or 0)

    def _picture(self, row: Row, exchange: Exchange, withheld: int) -> None:
        given = is_given(exchange)
        row.asked += 1
        row.full += given and exchange.rendition != "marked"
        row.marked += given and exchange.rendition == "marked"
        row.smaller += exchange.rendition in SMALLER
        row.withheld += withheld
        if given:
            row.taken.add(f"{exchange.site.host}{exchange.facts.path}")
        self._book.picture(exchange.site.host, self._private.shown(exchange.facts.path), given=given)

    def start(self) -> None:
        """Begin to write every few seconds."""
        self._task = asyncio.create_task(self._write_forever())

    async def stop(self) -> None:
        """Write what is left."""
        if self._task is not None:
            self._task.cancel()
        self._write()

    async def _write_forever(self) -> None:
        while True:
            await asyncio.sleep(WRITING_SECONDS)
            self._write()

    def _write(self) -> None:
        if self._changed:
            self._changed = False
            with contextlib.suppress(OSError):
                write_part(self._folder, self._day, self._book)
