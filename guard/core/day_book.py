"""What did each crawler want in one day, and what did it get?

Counts by crawler, and the pictures asked for most, of one day of UTC. Several processes keep one
each; they are added up. Names and paths are chosen by strangers, so both tables are bounded. Of
people there is one number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from guard.core.distinct import Distinct

MAX_NAMES: Final = 1000
"""Crawlers a day; beyond them they are counted under no name."""
MAX_PICTURES: Final = 2000
"""Pictures that are kept; twice as many are looked at before the lesser half is forgotten."""
_NUMBERS: Final = (
    "requests", "verified", "impostor", "refused", "pages", "robots", "breaches",
    "asked", "full", "marked", "smaller", "bytes", "withheld",
)  # fmt: skip


@dataclass(slots=True, kw_only=True)
class Row:
    """One crawler on one site."""

    site: str
    name: str
    """Product token; empty beyond the bound."""
    crawler: str
    """Id of the catalogue entry; empty where there is none."""
    operator: str
    purpose: str
    requests: int = 0
    verified: int = 0
    """Requests whose claim is confirmed."""
    impostor: int = 0
    """Requests whose claim is refuted."""
    refused: int = 0
    """Requests that got neither what they asked for nor a smaller picture."""
    pages: int = 0
    robots: int = 0
    """Requests for robots.txt."""
    breaches: int = 0
    """Requests against the robots.txt that this client had been served."""
    asked: int = 0
    """Pictures asked for."""
    full: int = 0
    """Pictures given as they are."""
    marked: int = 0
    smaller: int = 0
    bytes: int = 0
    """Body bytes handed out."""
    withheld: int = 0
    """Bytes of pictures whose size was known and that were not handed out."""
    taken: Distinct = field(default_factory=Distinct)
    """Which pictures it was given in full."""

    def add(self, other: "Row") -> None:
        """Add what `other` counted of the same crawler."""
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.taken.join(other.taken)


@dataclass(slots=True)
class Picture:
    """One picture or other path that crawlers asked for as a picture."""

    asked: int = 0
    given: int = 0
    """In full, marked or not."""


_Key = tuple[str, str, str]


class DayBook:
    """The counts of one day; also of several, once they are added up."""

    def __init__(self) -> None:
        self._rows: dict[_Key, Row] = {}
        self._pictures: dict[tuple[str, str], Picture] = {}
        self.people = 0
        """Requests of clients that name nobody and behave like people."""
        self.undeclared = 0
        """Requests of clients that name nobody and behave like programs."""
        self.undeclared_refused = 0
        self.undeclared_taken = Distinct()
        """Which pictures those were given in full, by all of them together."""

    def row(self, *, site: str, name: str, crawler: str, operator: str, purpose: str) -> Row:
        """Return the row to count a crawler in."""
        key = (site, name, purpose)
        found = self._rows.get(key)
        if found is None:
            if len(self._rows) >= MAX_NAMES:
                key, name, crawler, operator = (site, "", purpose), "", "", ""
            found = self._rows.setdefault(
                key, Row(site=site, name=name, crawler=crawler, operator=operator, purpose=purpose)
            )
        return found

    def picture(self, site: str, path: str, *, given: bool) -> None:
        """Count a picture that a crawler asked for."""
        self._count(site, path, 1, int(given))

    def _count(self, site: str, path: str, asked: int, given: int) -> None:
        key = (site, path)
        found = self._pictures.get(key)
        if found is None:
            if len(self._pictures) >= 2 * MAX_PICTURES:
                self._pictures = dict(self._most(MAX_PICTURES))
            found = self._pictures[key] = Picture()
        found.asked += asked
        found.given += given

    def _most(self, number: int) -> list[tuple[tuple[str, str], Picture]]:
        return sorted(self._pictures.items(), key=lambda one: (-one[1].asked, one[0]))[:number]

    def add(self, other: "DayBook") -> None:
        """Add everything that `other` counted."""
        for row in other._rows.values():
            mine = self.row(
                site=row.site, name=row.name, crawler=row.crawler, operator=row.operator, purpose=row.purpose
            )
            mine.add(row)
        for (site, path), picture in other._pictures.items():
            self._count(site, path, picture.asked, picture.given)
        self.people += other.people
        self.undeclared += other.undeclared
        self.undeclared_refused += other.undeclared_refused
        self.undeclared_taken.join(other.undeclared_taken)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All crawlers, whoever asked for most first."""
        return tuple(sorted(self._rows.values(), key=lambda row: (-row.requests, row.name, row.site)))

    def pictures(self, number: int) -> tuple[tuple[str, str, Picture], ...]:
        """Return the pictures asked for most, as site, path and counts."""
        return tuple((site, path, picture) for (site, path), picture in self._most(number))

    def albums(self, number: int) -> tuple[tuple[str, str, Picture], ...]:
        """Return the folders of pictures asked for most, likewise."""
        sums: dict[tuple[str, str], Picture] = {}
        for (site, path), picture in self._pictures.items():
            album = sums.setdefault((site, path.rpartition("/")[0] + "/"), Picture())
            album.asked += picture.asked
            album.given += picture.given
        most = sorted(sums.items(), key=lambda one: (-one[1].asked, one[0]))[:number]
        return tuple((site, path, picture) for (site, path), picture in most)

    def to_value(self) -> dict[str, Any]:
        """Return everything as what JSON can hold."""
        return {
            "people": self.people,
            "undeclared": self.undeclared,
            "undeclared_refused": self.undeclared_refused,
            "undeclared_taken": _ranks(self.undeclared_taken),
            "crawlers": [
                {
                    "site": row.site, "name": row.name, "crawler": row.crawler, "operator": row.operator,
                    "purpose": row.purpose, **{name: getattr(row, name) for name in _NUMBERS},
                    "taken": _ranks(row.taken),
                }
                for row in self._rows.values()
            ],
            "pictures": [
                [site, path, one.asked, one.given] for (site, path), one in self._most(MAX_PICTURES)
            ],
        }  # fmt: skip


def from_value(value: Any) -> DayBook:
    """Read what `to_value` returned.

    Raises:
        ValueError: It is something else.
    """
    book = DayBook()
    try:
        book.people, book.undeclared = int(value["people"]), int(value["undeclared"])
        book.undeclared_refused = int(value["undeclared_refused"])
        book.undeclared_taken = _sketch(value["undeclared_taken"])
        for one in value["crawlers"]:
            row = book.row(**{name: str(one[name]) for name in ("site", "name", "crawler", "operator", "purpose")})
            row.add(_row(one))
        for site, path, asked, given in value["pictures"]:
            book._count(str(site), str(path), int(asked), int(given))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no day book: {error}") from None
    return book


def _row(one: Mapping[str, Any]) -> Row:
    return Row(
        site="", name="", crawler="", operator="", purpose="",
        taken=_sketch(one["taken"]),
        **{name: int(one[name]) for name in _NUMBERS},
    )  # fmt: skip


def _ranks(sketch: Distinct) -> list[list[int]]:
    return [[place, rank] for place, rank in sketch.ranks.items()]


def _sketch(value: Any) -> Distinct:
    return Distinct({int(place): int(rank) for place, rank in value})


def together(books: Iterable[DayBook]) -> DayBook:
    """Return the sum of several books."""
    whole = DayBook()
    for book in books:
        whole.add(book)
    return whole
