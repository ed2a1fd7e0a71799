"""What does the owner read at the end of a week?

A few sentences made of the books of the days: who came, what they asked for and what they got. No more than
was counted: it says nothing of what was done with a picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from guard.core.day_book import DayBook, Row

Language = Literal["en", "de"]

NAMED: Final = 6
"""Crawlers with a sentence of their own."""
PICTURES: Final = 3
_MONTHS_DE: Final = (
    "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November",
    "Dezember",
)  # fmt: skip
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Digest:
    """A message."""

    subject: str
    text: str


def digest(book: DayBook, first: date, last: date, sites: tuple[str, ...], language: Language) -> Digest:
    """Return the message about the days from `first` to `last`, both included."""
    say = _German() if language == "de" else _English()
    crawlers = _by_name(book)
    requests = sum(row.requests for row in crawlers)
    where = ", ".join(sites[:3]) + (" …" if len(sites) > 3 else "")
    lines = [say.opening(first, last, requests, len(crawlers)), ""]
    asked = sorted((row for row in crawlers if row.asked), key=lambda row: (-row.asked, row.name))
    lines += [f"- {say.crawler(row)}" for row in asked[:NAMED]]
    if len(asked) > NAMED:
        lines.append(f"- {say.others(len(asked) - NAMED, sum(row.asked for row in asked[NAMED:]))}")
    lines += ["", *_rest(say, book, crawlers)]
    if pictures := book.pictures(PICTURES):
        lines += ["", say.wanted(), *(f"- {_plain(path)} ({say.times(one.asked)})" for _, path, one in pictures)]
    lines += ["", say.reserve()]
    return Digest(subject=f"{_plain(where)}: {say.subject(requests, len(crawlers))}", text="\n".join(lines) + "\n")


def _rest(say: "_English | _German", book: DayBook, crawlers: tuple[Row, ...]) -> Iterator[str]:
    refuted = [row for row in crawlers if row.impostor]
    if refuted:
        names = [_plain(row.name) for row in sorted(refuted, key=lambda row: (-row.impostor, row.name))]
        yield say.refuted(sum(row.impostor for row in refuted), names)
    if breaches := sum(row.breaches for row in crawlers):
        yield say.breaches(breaches)
    if withheld := sum(row.withheld for row in crawlers):
        yield say.withheld(withheld)
    yield say.people(book.people, book.undeclared, book.undeclared_refused)


def _by_name(book: DayBook) -> tuple[Row, ...]:
    """Return one row a crawler, over all sites."""
    sums: dict[str, Row] = {}
    for row in book.rows:
        one = sums.get(row.name)
        if one is None:
            one = sums[row.name] = Row(
                site="", name=row.name, crawler=row.crawler, operator=row.operator, purpose=row.purpose
            )
        one.add(row)
    return tuple(sums.values())


def _plain(text: str) -> str:
    """Return what strangers chose on one line, without what a mail reader or a chat would act on."""
    kept = "".join(one if one.isprintable() and one not in "<>`*_|@" else "·" for one in text)
    return kept if len(kept) <= 80 else f"{kept[:79]}…"


class _English:
    def opening(self, first: date, last: date, requests: int, crawlers: int) -> str:
        days = self._day(last) if first == last else f"{self._day(first)} to {self._day(last)}"
        return f"From {days}: {self._requests(requests)} by {self._crawlers(crawlers)}." if first != last else (
            f"On {days}: {self._requests(requests)} by {self._crawlers(crawlers)}."
        )  # fmt: skip

    def subject(self, requests: int, crawlers: int) -> str:
        return f"{self._requests(requests)} by {self._crawlers(crawlers)}"

    def crawler(self, row: Row) -> str:
        got = []
        if row.full:
            got.append(f"{row.full:,} in full")
        if row.marked:
            got.append(f"{row.marked:,} under a mark")
        if row.smaller:
            got.append(f"{row.smaller:,} in a smaller size")
        pictures = "1 picture" if row.asked == 1 else f"{row.asked:,} pictures"
        return f"{_plain(row.name.rstrip('/')) or 'others'} asked for {pictures} and got {' and '.join(got) or 'none'}."

    def others(self, number: int, asked: int) -> str:
        return f"{number} other{'s' * (number > 1)} asked for {asked:,}."

    def refuted(self, requests: int, names: list[str]) -> str:
        return (
            f"Claims refuted: {self._requests(requests)} under the name{'s' * (len(names) > 1)} of {', '.join(names)} "
            "came from addresses that the operators do not list."
        )

    def breaches(self, number: int) -> str:
        return f"{self._requests(number)} went against the robots.txt that the same client had been served."

    def withheld(self, number: int) -> str:
        return f"At least {_size(number, '.')} of pictures were not handed out."

    def people(self, people: int, undeclared: int, refused: int) -> str:
        return (
            f"Beside them: {self._requests(people)} of visitors who behave like people, and {undeclared:,} of programs "
            f"that name nobody, of which {refused:,} were refused."
        )

    def wanted(self) -> str:
        return "What they asked for most:"

    def times(self, number: int) -> str:
        return "once" if number == 1 else f"{number:,} times"

    def reserve(self) -> str:
        return "This says what was asked for and what was sent, not what was done with it."

    def _requests(self, number: int) -> str:
        return "1 request" if number == 1 else f"{number:,} requests"

    def _crawlers(self, number: int) -> str:
        return "1 crawler" if number == 1 else f"{number} crawlers"

    def _day(self, day: date) -> str:
        return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}"


class _German:
    def opening(self, first: date, last: date, requests: int, crawlers: int) -> str:
        days = f"Am {self._day(last)}" if first == last else f"Vom {self._day(first)} bis {self._day(last)}"
        return f"{days}: {self._requests(requests)} von {self._crawlers(crawlers)}."

    def subject(self, requests: int, crawlers: int) -> str:
        return f"{self._requests(requests)} von {self._crawlers(crawlers)}"

    def crawler(self, row: Row) -> str:
        got = []
        if row.full:
            got.append(f"{_de(row.full)} in voller Größe")
        if row.marked:
            got.append(f"{_de(row.marked)} mit Kennzeichen")
        if row.smaller:
            got.append(f"{_de(row.smaller)} verkleinert")
        pictures = "1 Bild" if row.asked == 1 else f"{_de(row.asked)} Bilder"
        none = "keines"
        name = _plain(row.name.rstrip("/")) or "Andere"
        return f"{name} wollte {pictures} und bekam {' und '.join(got) or none}."

    def others(self, number: int, asked: int) -> str:
        return f"{number} weitere{'r' * (number == 1)} {'wollte' if number == 1 else 'wollten'} {_de(asked)}."

    def refuted(self, requests: int, names: list[str]) -> str:
        whose = "dieses Betreibers" if len(names) == 1 else "dieser Betreiber"
        return (
            f"Angabe widerlegt: {self._requests(requests)} unter dem Namen {', '.join(names)}, Adresse nicht in der "
            f"Liste {whose}."
        )

    def breaches(self, number: int) -> str:
        return f"{self._requests(number)} wider die robots.txt, die derselbe Besucher zuvor abgerufen hatte."

    def withheld(self, number: int) -> str:
        return f"Mindestens {_size(number, ',')} an Bildern wurden nicht herausgegeben."

    def people(self, people: int, undeclared: int, refused: int) -> str:
        return (
            f"Daneben: {self._requests(people)} von Besuchern, die sich wie Menschen verhalten, und {_de(undeclared)} "
            f"von Programmen, die sich nicht nennen; davon {_de(refused)} abgewiesen."
        )

    def wanted(self) -> str:
        return "Am häufigsten verlangt:"

    def times(self, number: int) -> str:
        return f"{_de(number)}-mal"

    def reserve(self) -> str:
        return "Das besagt, was verlangt und was gesendet wurde, nicht, was damit geschah."

    def _requests(self, number: int) -> str:
        return "1 Abruf" if number == 1 else f"{_de(number)} Abrufe"

    def _crawlers(self, number: int) -> str:
        return "1 Crawler" if number == 1 else f"{number} Crawlern"

    def _day(self, day: date) -> str:
        return f"{day.day}. {_MONTHS_DE[day.month - 1]} {day.year}"


def _de(number: int) -> str:
    return f"{number:,}".replace(",", ".")


def _size(number: float, point: str) -> str:
    for unit in ("Bytes", "KB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit in ("Bytes", "KB") else f"{number:.1f} {unit}".replace(".", point)
        number /= 1000
    return f"{number:.1f} TB".replace(".", point)
