"""When is the owner written to?

Once a day or a week, in the first hour after it has ended (UTC). What is written is said by the books of the days, so
that nothing is lost with a restart; a file says up to which day the owner knows. What could not be sent is tried again
every hour.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from guard.core.day_book import DayBook
from guard.core.digest import digest
from guard.exporter.messages import MessageError, mail, post
from guard.settings import Settings
from guard.store.day_files import FOLDER, read_days
from guard.store.durable import FOLDER_MODE, replace

TOLD: Final = Path("guard", "told.until")
"""In the evidence directory: the last day that was written about."""
LOOK_SECONDS: Final = 3600.0
LONGEST: Final = 31
"""Days that one message is about, where none could be sent for long."""


def due(every: str, told: date, today: date) -> tuple[date, date] | None:
    """Return the first and the last day to write about; None while there is nothing to write."""
    last = today - timedelta(days=1)
    if every == "week":
        last -= timedelta(days=(last.weekday() + 1) % 7)  # the last Sunday
    if last <= told:
        return None
    return max(told + timedelta(days=1), last - timedelta(days=LONGEST - 1)), last


async def send(settings: Settings, first: date, last: date) -> list[str]:
    """Send what there is to say about these days to all that the owner named; return what went wrong."""
    book = await asyncio.to_thread(read_days, settings.evidence.directory / FOLDER, last, (last - first).days + 1)
    sites = tuple(site.host for site in settings.sites)
    message = digest(book, first, last, sites, settings.notify.language)
    wrong: list[str] = []
    if settings.notify.webhook is not None:
        try:
            await post(settings.notify.webhook, message, numbers(book, first, last))
        except MessageError as error:
            wrong.append(str(error))
    if settings.notify.mail is not None:
        try:
            await asyncio.to_thread(mail, settings.notify.mail, message)
        except MessageError as error:
            wrong.append(str(error))
    return wrong


def numbers(book: DayBook, first: date, last: date) -> dict[str, object]:
    """Return the same as what a program can read; registers of sketches are left out."""
    value = book.to_value()
    crawlers = [{key: one[key] for key in one if key != "taken"} for one in value["crawlers"]]
    counts = {key: value[key] for key in ("people", "undeclared", "undeclared_refused")}
    return {"first": first.isoformat(), "last": last.isoformat(), **counts, "crawlers": crawlers}


class Digests:
    """Writes to the owner of one guard."""

    def __init__(self, say: Callable[[str], None], *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._say = say
        self._now = now

    async def run(self, settings: Callable[[], Settings]) -> None:
        """Look every hour whether it is time; `settings` gives those in force."""
        while True:
            await self.look(settings())
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self, settings: Settings) -> None:
        """Write if it is time."""
        if not settings.notify.wanted:
            return
        file = settings.evidence.directory / TOLD
        today = self._now().date()
        told = _read(file)
        if told is None:
            # From now on: what came before, nobody had asked to be told.
            self._keep(file, today - timedelta(days=1))
            return
        if (days := due(settings.notify.every, told, today)) is None:
            return
        wrong = await send(settings, *days)
        for sentence in wrong:
            self._say(f"guard: the digest: {sentence}")
        targets = (settings.notify.webhook is not None) + (settings.notify.mail is not None)
        if len(wrong) < targets:  # at least one has it: the other must not make it come twice there
            self._keep(file, days[1])

    def _keep(self, file: Path, day: date) -> None:
        try:
            file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            replace(file, day.isoformat().encode())
        except OSError as error:
            self._say(f"guard: the digest: {file} can not be written: {error.strerror}")


def _read(file: Path) -> date | None:
    try:
        return date.fromisoformat(file.read_text("ascii").strip())
    except (OSError, ValueError):
        return None
