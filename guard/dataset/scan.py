"""Which rows of these files are the owner's?

File by file, row by row, in constant memory: what was found is handed on at once, and only
counts are kept. A file that can not be read, or not to its end, is named with its reason, and
the others are still read.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Final, Protocol

from guard.dataset.columns import ColumnError
from guard.dataset.lines import LineFile
from guard.dataset.listed_url import own_host, plain_url
from guard.dataset.matcher import Confidence, Listed, Match, Matcher
from guard.dataset.needles import Sieve, address_needles, caption_needles
from guard.dataset.parquet import ParquetFile, open_parquet
from guard.dataset.sources import Form, Source, UnreadableError, is_parquet

MOST_PICTURES: Final = 1_000_000
"""Different addresses that are told apart; beyond it the count is a minimum."""
MOST_HOSTS: Final = 10_000
_STEP: Final = 8192
"""Rows between two moves of the progress bar."""


@dataclass(frozen=True, slots=True)
class Found:
    """A row that is the owner's."""

    file: str
    number: int
    """Of the row in a Parquet file, of its first line in a text file; from 1."""
    listed: Listed
    matches: tuple[Match, ...]
    """The surest first."""

    @property
    def confidence(self) -> Confidence:
        """How sure the row is: as sure as its surest match."""
        return self.matches[0].confidence


@dataclass(slots=True)
class FileReport:
    """How the reading of one file went."""

    name: str
    form: Form | None = None
    columns: dict[str, str] = field(default_factory=dict)
    """What is looked at, and in which column."""
    rows: int = 0
    """That were read; without broken ones."""
    found: int = 0
    broken: int = 0
    first_broken: list[tuple[int, str]] = field(default_factory=list)
    latin: int = 0
    """Lines of a text file that are not UTF-8."""
    fault: str = ""
    """Why the file could not be read, or not to its end."""


@dataclass(slots=True)
class Tally:
    """What all files come to."""

    files: list[FileReport] = field(default_factory=list)
    by_confidence: Counter[Confidence] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    """Rows by the host that they point at; the owner's and strangers'."""
    pictures: set[bytes] = field(default_factory=set)
    """Short digests of different addresses."""
    more_pictures: bool = False

    @property
    def rows(self) -> int:
        """Rows read in all files."""
        return sum(one.rows for one in self.files)

    @property
    def found(self) -> int:
        """Rows that are the owner's."""
        return sum(one.found for one in self.files)

    def add(self, found: Found) -> None:
        """Count one row."""
        self.by_confidence[found.confidence] += 1
        url = found.listed.url
        own = own_host(url) if url else None
        host = own.host if own else ""
        if host in self.hosts or len(self.hosts) < MOST_HOSTS:
            self.hosts[host] += 1
        key = (plain_url(url) if url else "") or "".join((found.listed.sha256, found.listed.md5, found.listed.caption))
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        if len(self.pictures) < MOST_PICTURES:
            self.pictures.add(digest)
        elif digest not in self.pictures:
            self.more_pictures = True


class Progress(Protocol):
    """Shows how far the reading is."""

    def text(self, done: int) -> None:
        """Take how many bytes of the present file were read."""

    def parquet(self, file: ParquetFile) -> Any:
        """Return a context in which the file's own progress is shown."""


class Scan:
    """Reads files and finds the owner's rows."""

    def __init__(self, matcher: Matcher, mapping: Mapping[str, str], progress: Progress) -> None:
        self.tally = Tally()
        self._matcher = matcher
        self._mapping = mapping
        self._progress = progress
        identifiers = matcher.identifiers
        self._addresses = Sieve(address_needles(identifiers), addresses=True)
        self._captions = Sieve(caption_needles(identifiers), addresses=False)
        self._digests = bool(identifiers.md5 or identifiers.sha256 or identifiers.phash)

    def read(self, source: Source) -> Iterator[Found]:
        """Yield the owner's rows of one file; how it went is in the tally afterwards."""
        report = FileReport(source.name)
        self.tally.files.append(report)
        try:
            for found in self._parquet(source, report) if is_parquet(source) else self._text(source, report):
                report.found += 1
                self.tally.add(found)
                yield found
        except (UnreadableError, ColumnError) as error:
            report.fault = str(error)

    def _parquet(self, source: Source, report: FileReport) -> Iterator[Found]:
        report.form = Form.PARQUET
        with open_parquet(source) as file, self._progress.parquet(file):
            report.columns = file.columns(self._mapping)
            for number, listed in file.worth_a_look(self._matcher, self._mapping):
                if matches := self._matcher.matches(listed):
                    yield Found(source.name, number, listed, matches)
            report.rows = file.rows

    def _text(self, source: Source, report: FileReport) -> Iterator[Found]:
        file = LineFile(source, self._mapping)
        try:
            for row in file:
                if row.listed is None:
                    continue
                report.rows += 1
                if report.rows % _STEP == 0:
                    self._progress.text(file.position)
                if self.may_match(row.listed) and (matches := self._matcher.matches(row.listed)):
                    yield Found(source.name, row.number, row.listed, matches)
        finally:
            report.form, report.columns = file.form, file.columns
            report.broken, report.first_broken = file.broken, file.first_broken
            report.latin, report.fault = file.latin, file.damage

    def may_match(self, row: Listed) -> bool:
        """Tell whether the row is worth a closer look."""
        return (
            (self._digests and bool(row.md5 or row.sha256 or row.phash))
            or (bool(row.url) and self._addresses.passes(row.url))
            or (bool(row.caption) and self._captions.passes(row.caption))
        )
