"""Which numbers does a page show?

They are the books of the days, as the digest and the metrics have them; nothing is counted a second
time. A day that is over is read once.
"""

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from guard.core.day_book import DayBook, Row, together
from guard.store.day_files import read_day

MONTH: Final = 30
"""Days that a chart shows."""
FRESH: Final = 2
"""The newest days are read each time: a worker may still have to write of yesterday."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day of UTC."""

    day: date
    book: DayBook

    @property
    def outcomes(self) -> dict[str, int]:
        """Return how many of the pictures that crawlers asked for were given in which way."""
        return outcomes(self.book.rows)

    def only(self, name: str) -> "Day":
        """Return the same day with the counts of one crawler alone."""
        book = DayBook()
        for row in self.book.rows:
            if row.name.rstrip("/") == name:
                book.row(
                    site=row.site, name=row.name, crawler=row.crawler, operator=row.operator, purpose=row.purpose
                ).add(row)
        return Day(day=self.day, book=book)


class Days:
    """The books of one guard."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._over: dict[date, DayBook] = {}
        self._reading = asyncio.Lock()

    async def last(self, number: int = MONTH) -> tuple[Day, ...]:
        """Return the last days, the oldest first; today is the last one."""
        async with self._reading:
            return await asyncio.to_thread(self._read, datetime.now(UTC).date(), number)

    def _read(self, today: date, number: int) -> tuple[Day, ...]:
        days = [today - timedelta(days=before) for before in range(number)]
        for gone in self._over.keys() - set(days):
            del self._over[gone]
        books: dict[date, DayBook] = {}
        for before, day in enumerate(days):
            book = self._over.get(day)
            if book is None:
                book = read_day(self._folder, day)
                if before >= FRESH:
                    self._over[day] = book
            books[day] = book
        return tuple(Day(day=day, book=books[day]) for day in reversed(days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One crawler over some days and all sites."""

    row: Row
    """The sums."""

    @property
    def name(self) -> str:
        return self.row.name.rstrip("/")

    @property
    def none(self) -> int:
        """Pictures that it asked for and did not get in any size."""
        row = self.row
        return max(row.asked - row.full - row.marked - row.smaller, 0)

    @property
    def outcomes(self) -> dict[str, int]:
        return outcomes((self.row,))

    @property
    def claim(self) -> str:
        """What its claim is worth: `verified`, `refuted`, `partly` or `open`."""
        row = self.row
        if row.impostor:
            return "refuted" if row.impostor == row.requests else "partly"
        return "verified" if row.verified and row.verified == row.requests else "open"


def visitors(books: Iterable[DayBook]) -> tuple[Visitor, ...]:
    """Return every crawler of these days, whoever asked for most pictures first."""
    sums: dict[str, Row] = {}
    for row in together(books).rows:
        one = sums.get(row.name)
        if one is None:
            one = sums[row.name] = Row(
                site="", name=row.name, crawler=row.crawler, operator=row.operator, purpose=row.purpose
            )
        one.add(row)
    found = (Visitor(row=row) for row in sums.values())
    return tuple(sorted(found, key=lambda one: (-one.row.asked, -one.row.requests, one.name)))


def outcomes(rows: Iterable[Row]) -> dict[str, int]:
    """Return the pictures asked for by how they were given: `full`, `marked`, `smaller`, `none`."""
    counts = dict.fromkeys(("full", "marked", "smaller", "none"), 0)
    for row in rows:
        given = {"full": row.full, "marked": row.marked, "smaller": row.smaller}
        for name, count in given.items():
            counts[name] += count
        counts["none"] += max(row.asked - sum(given.values()), 0)
    return counts


def bars(days: Iterable[Day], width: int, height: int) -> Iterator[dict[str, Any]]:
    """Yield the rectangles of a chart of stacked bars: day, sort, count and place, in the units of `width`.

    The tallest bar fills the height; a day without a picture has none.
    """
    shown = list(days)
    most = max((sum(one.outcomes.values()) for one in shown), default=0)
    step = width / max(len(shown), 1)
    for place, one in enumerate(shown):
        top = float(height)
        for name, count in one.outcomes.items():
            if not count:
                continue
            tall = height * count / most
            top -= tall
            yield {
                "day": one.day, "sort": name, "count": count, "x": round(place * step + step * 0.16, 2),
                "y": round(top, 2), "width": round(step * 0.68, 2), "height": round(tall, 2),
            }  # fmt: skip


def parts(counts: Mapping[str, int], width: float) -> Iterator[tuple[str, float, float]]:
    """Yield sort, beginning and length of the pieces of one bar that is `width` long."""
    whole = sum(counts.values())
    at = 0.0
    for name, count in counts.items():
        if count:
            length = width * count / whole
            yield name, round(at, 2), round(length, 2)
            at += length
