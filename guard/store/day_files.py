"""Where are the books of the days?

    guard/days/2026-11-25.json          a day, added up
    guard/days/2026-11-25.1234.part     what one process has counted of it so far

Parts of processes that have ended are added to the day. A crash between adding and taking the
part away is told by the parts that the day names: no part is added twice.
"""

import contextlib
import os
from collections.abc import Collection, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import orjson

from guard.core.day_book import DayBook, from_value, together
from guard.store.durable import FOLDER_MODE, replace

FOLDER: Final = Path("guard", "days")
"""In the evidence directory."""
KEPT_DAYS: Final = 62
"""Two months, so that one can be compared with the other."""
_RUN: Final = os.urandom(4).hex()
"""Distinguishes processes that get the same id one after the other."""


def write_part(folder: Path, day: date, book: DayBook) -> None:
    """Write what this process has counted of a day.

    Raises:
        OSError: The disk did not do its part; what was there before is still there.
    """
    folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    file = folder / f"{day.isoformat()}.{os.getpid()}-{_RUN}.part"
    replace(file, orjson.dumps(book.to_value()), sync_name=False)


def fold(folder: Path, living: Collection[int]) -> None:
    """Add to their days what processes have left that are not among the `living`; forget old days."""
    parts: dict[str, list[Path]] = {}
    for part in folder.glob("*.part"):
        if _process(part) not in living:
            parts.setdefault(part.name.partition(".")[0], []).append(part)
    for day, mine in parts.items():
        file = folder / f"{day}.json"
        value = _read(file)
        added = set(value.get("parts", ())) if isinstance(value, dict) else set()
        books = [_book(value), *(_book(_read(part)) for part in mine if part.name not in added)]
        whole = together(book for book in books if book is not None).to_value()
        with contextlib.suppress(OSError):
            replace(file, orjson.dumps({**whole, "parts": sorted({part.name for part in mine})}))
            for part in mine:
                part.unlink(missing_ok=True)
    days = sorted(folder.glob("*-*-*.json"))
    for file in days[:-KEPT_DAYS]:
        file.unlink(missing_ok=True)


def read_day(folder: Path, day: date) -> DayBook:
    """Return what is known of a day: what was added up, and what processes have counted since."""
    value = _read(folder / f"{day.isoformat()}.json")
    added = set(value.get("parts", ())) if isinstance(value, dict) else set()
    parts = [part for part in folder.glob(f"{day.isoformat()}.*.part") if part.name not in added]
    return together(book for book in (_book(value), *(_book(_read(part)) for part in parts)) if book is not None)


def read_days(folder: Path, last: date, number: int) -> DayBook:
    """Return the sum of `number` days, of which `last` is the last."""
    return together(read_day(folder, last - timedelta(days=before)) for before in range(number))


def days(folder: Path) -> Iterator[date]:
    """Return the days of which something is known, in no order."""
    for file in folder.glob("*-*-*.json"):
        with contextlib.suppress(ValueError):
            yield date.fromisoformat(file.stem)


def _process(part: Path) -> int:
    number = part.name.split(".")[1].partition("-")[0]
    return int(number) if number.isdigit() else 0


def _read(file: Path) -> Any:
    try:
        return orjson.loads(file.read_bytes())
    except (OSError, ValueError):
        return None


def _book(value: Any) -> DayBook | None:
    if value is None:
        return None
    try:
        return from_value(value)
    except ValueError:
        return None
