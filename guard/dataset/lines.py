"""What rows does a text file hold: CSV, JSON lines, or the index of a web archive?

DuckDB reads these forms too, but passes over broken lines without saying which, and gives up
a packed file that breaks off. Here every row comes with its number and its exact bytes, a
broken one is named and counted, and a damaged file is read as far as it goes; in constant
memory. Text is UTF-8; a line that is not is read as Latin-1, and counted.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedReader
from typing import Any, BinaryIO, Final, cast

import orjson

from guard.dataset.columns import ColumnError, choose_columns, listed_of
from guard.dataset.matcher import Listed
from guard.dataset.sources import GZIP, Form, Source, UnreadableError, form_of_text

LONGEST_LINE: Final = 64 * 1024 * 1024
"""Bytes; a data set's row may hold a picture. A longer line is broken."""
NAMED_LINES: Final = 5
MOST_COLUMNS: Final = 10_000

_BOM: Final = b"\xef\xbb\xbf"
_URL: Final = re.compile(r"\s*(?:https?:)?//[\w.-]+", re.IGNORECASE)
_CDX_FIELDS: Final = ("urlkey", "timestamp", "url", "mime", "status", "digest")
"""How lines without a legend are read, as web archives write them today."""


@dataclass(slots=True)
class RawRow:
    """One row as it stands in the file."""

    number: int
    """Of its first line, counted from 1."""
    raw: bytes
    listed: Listed | None
    """None for a row that can not be read, and for a header."""
    broken: str = ""
    """Why it can not be read."""


@dataclass(slots=True)
class LineFile:
    """One text file; iterate once, and look at the counts meanwhile or afterwards."""

    source: Source
    mapping: Mapping[str, str]
    form: Form = Form.CSV
    columns: dict[str, str] = field(default_factory=dict)
    """Field to column; empty until the first row was read."""
    broken: int = 0
    first_broken: list[tuple[int, str]] = field(default_factory=list)
    latin: int = 0
    """Lines that are not UTF-8."""
    damage: str = ""
    """Why the file could not be read to its end."""
    packed: bool = False
    _position: Any = None
    _line: int = 0
    _start: int = 0
    """The first line of the row that is being read."""
    _raw: list[bytes] = field(default_factory=list)

    @property
    def position(self) -> int:
        """Bytes of the file read so far."""
        return int(self._position()) if self._position is not None else 0

    def __iter__(self) -> Iterator[RawRow]:
        """Yield the rows, and before them the lines of a header.

        Raises:
            UnreadableError: The file can not be read at all.
            ColumnError: It has no column to look at.
        """
        try:
            stream = self.source.path.open("rb", buffering=1 << 20)
        except OSError as error:
            raise UnreadableError(f"can not be read: {(error.strerror or str(error)).lower()}") from None
        with stream:
            self._position = lambda: self.source.size if stream.closed else stream.tell()
            self.packed = cast(BufferedReader, stream).peek(2).startswith(GZIP)
            # The reader of packed bytes needs no closing of its own: it holds nothing but the stream.
            plain = cast(BinaryIO, gzip.GzipFile(fileobj=stream)) if self.packed else stream
            lines = self._lines(plain)
            first = next((line for line in lines if not self._is_blank(line)), b"")
            if not first:
                raise UnreadableError(self.damage or "is empty")
            self.form = form_of_text(first)
            match self.form:
                case Form.CSV:
                    yield from self._csv(first, lines)
                case Form.CDX:
                    yield from self._cdx(first, lines)
                case _:
                    yield from self._json(first, lines)

    def _is_blank(self, line: bytes) -> bool:
        return not line.removeprefix(_BOM).strip()

    def _lines(self, stream: BinaryIO) -> Iterator[bytes]:
        try:
            while line := stream.readline(LONGEST_LINE):
                self._line += 1
                rest = line
                while len(rest) == LONGEST_LINE and not rest.endswith(b"\n"):
                    rest = stream.readline(LONGEST_LINE)
                    line = b""  # too long to be kept: a row that is broken
                if line:
                    yield line
                else:
                    self._note(self._line, f"longer than {LONGEST_LINE:,} bytes")
        except (OSError, EOFError, zlib.error) as error:
            self.damage = f"can not be read beyond line {self._line:,}: {error}"

    def _note(self, number: int, reason: str) -> str:
        self.broken += 1
        if len(self.first_broken) < NAMED_LINES:
            self.first_broken.append((number, reason))
        return reason

    def _text(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.latin += 1
            return line.decode("latin-1")

    def _json(self, first: bytes, lines: Iterator[bytes]) -> Iterator[RawRow]:
        line: bytes | None = first.removeprefix(_BOM)
        while line is not None:
            if line.strip():
                yield self._json_row(line)
            line = next(lines, None)

    def _json_row(self, line: bytes) -> RawRow:
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            try:
                value = orjson.loads(self._text(line))
            except (orjson.JSONDecodeError, ValueError):
                return RawRow(self._line, line, None, self._note(self._line, "no JSON"))
        if not isinstance(value, dict):
            return RawRow(self._line, line, None, self._note(self._line, "no JSON object"))
        return self._of_object(self._line, line, value)

    def _of_object(self, number: int, line: bytes, value: dict[str, Any]) -> RawRow:
        if not self.columns:
            self.columns = choose_columns(list(value), self.mapping, nested=True)
        elif not any(name in value for name in self.columns.values()):
            # Objects need not have the same keys; one that has none of them is looked at anew.
            try:
                self.columns = {**choose_columns(list(value), self.mapping, nested=True), **self.columns}
            except ColumnError:
                return RawRow(number, line, Listed())
        return RawRow(number, line, listed_of({key: _inside(value, name) for key, name in self.columns.items()}))

    def _cdx(self, first: bytes, lines: Iterator[bytes]) -> Iterator[RawRow]:
        fields: tuple[str, ...] = _CDX_FIELDS
        line: bytes | None = first.removeprefix(_BOM)
        while line is not None:
            text = self._text(line)
            if text.lstrip().startswith("CDX "):
                names = dict(zip("NbamskrMSVg", (*_CDX_FIELDS[:3], "mime", "status", "digest"), strict=False))
                fields = tuple(names.get(letter, letter) for letter in text.split()[1:])
                yield RawRow(self._line, line, None)
            elif line.strip():
                yield self._cdx_row(line, text, fields)
            line = next(lines, None)

    def _cdx_row(self, line: bytes, text: str, fields: tuple[str, ...]) -> RawRow:
        head, brace, rest = text.partition("{")
        if brace and len(head.split()) == 2:
            try:
                value = orjson.loads(brace + rest)
            except orjson.JSONDecodeError:
                return RawRow(self._line, line, None, self._note(self._line, "no JSON behind the key"))
            value.setdefault("timestamp", head.split()[1])
            return self._of_object(self._line, line, value)
        values = dict(zip(fields, text.split(), strict=False))
        if "url" not in values or not values.get("timestamp", "0").isdigit():
            return RawRow(self._line, line, None, self._note(self._line, "no line of a web archive's index"))
        return self._of_object(self._line, line, values)

    def _csv(self, first: bytes, lines: Iterator[bytes]) -> Iterator[RawRow]:
        csv.field_size_limit(LONGEST_LINE)
        delimiter = max(",\t;|", key=lambda one: first.count(one.encode()))
        reader = csv.reader(self._collected(first, lines), delimiter=delimiter)
        header: list[str] | None = None
        shortest = 0
        while True:
            self._raw = []
            try:
                row = next(reader)
            except StopIteration:
                break
            except csv.Error as error:
                yield RawRow(self._start, b"".join(self._raw), None, self._note(self._start, str(error)))
                continue
            raw, number = b"".join(self._raw), self._start
            if header is None:
                header = self._header(row)
                self.columns = choose_columns(header, self.mapping)
                places = [(field, header.index(name)) for field, name in self.columns.items()]
                # In a list of addresses without a header a comma is part of an address.
                shortest = 1 + max(place for _, place in places) if _is_data(row) else len(header)
                if not _is_data(row):
                    yield RawRow(number, raw, None)
                    continue
            if not row:
                yield RawRow(number, raw, None)
            elif len(row) < shortest:
                # Longer ones are a caption with a comma and without quotes: what is before it is still what it is.
                reason = f"{len(row)} fields where there are {len(header)} columns"
                yield RawRow(number, raw, None, self._note(number, reason))
            else:
                yield RawRow(number, raw, Listed(**{field: row[place] for field, place in places}))

    def _collected(self, first: bytes, lines: Iterator[bytes]) -> Iterator[str]:
        line: bytes | None = first
        while line is not None:
            if not self._raw:
                self._start = self._line
            self._raw.append(line)
            yield self._text(line.removeprefix(_BOM) if self._line == 1 else line)
            line = next(lines, None)

    def _header(self, row: list[str]) -> list[str]:
        if len(row) > MOST_COLUMNS:
            raise UnreadableError(f"has {len(row):,} columns in its first line, at most {MOST_COLUMNS:,} are read")
        if not _is_data(row):
            return [name.strip() for name in row]
        place = next(index for index, text in enumerate(row) if _URL.match(text))
        return ["url" if index == place else f"column{index + 1}" for index in range(len(row))]


def _is_data(row: list[str]) -> bool:
    """Tell whether a first line is no header: a list of addresses has none."""
    return any(_URL.match(text) for text in row)


def _inside(value: Any, name: str) -> Any:
    """Return what lies under a key, or under a path of keys with dots."""
    if name in value:
        return value[name]
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value
