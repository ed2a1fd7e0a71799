"""What does an opt-out list reserve?

Lists come in many forms: the tables that `guard dataset optout` writes (CSV, JSON lines,
Parquet, with the columns url, host, file, sha256, md5 and phash as far as they are there), an
owner's YAML file, and plain text with one host, address, pattern or hash a line. An address
with a `*` is a pattern, as in robots.txt; one without is one picture. A line that can not be
understood is an error: passing over it would weaken somebody's reservation.
"""

import csv
import gzip
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from guard.dataset.columns import ColumnError
from guard.dataset.identifiers import Identifiers, hash_of, parse_identifiers
from guard.dataset.listed_url import own_host, plain_host, plain_url
from guard.dataset.matcher import phash_digits
from guard.dataset.parquet import open_parquet
from guard.dataset.sources import GZIP, Form, Source, UnreadableError, form_of_text, is_parquet
from guard.errors import UsageError
from guard.yaml12 import load

MOST_ENTRIES: Final = 5_000_000
LONGEST_LINE: Final = 65_536
COLUMNS: Final = ("url", "host", "domain", "file", "sha256", "md5", "phash")
"""What is taken from a table; compared without regard to case. Others are for people and registries."""

_HOST: Final = re.compile(r"(?:\*\.)?[\w-]+(?:\.[\w-]+)+\.?")


class _Collected:
    """Identifiers while they are read."""

    def __init__(self, name: str) -> None:
        self.hosts: set[str] = set()
        self.urls: set[str] = set()
        self.pictures: set[str] = set()
        self.files: set[str] = set()
        self.md5: dict[str, str] = {}
        self.sha256: dict[str, str] = {}
        self.phash: dict[str, str] = {}
        self._name = name
        self._count = 0

    def value(self) -> Identifiers:
        return Identifiers(
            hosts=frozenset(self.hosts),
            urls=frozenset(self.urls),
            pictures=frozenset(self.pictures),
            files=frozenset(self.files),
            md5=self.md5,
            sha256=self.sha256,
            phash=self.phash,
        )

    def add_row(self, number: int, row: Mapping[str, Any]) -> None:
        """Take a row of a table; empty values reserve nothing."""
        values = {name: str(value).strip() for name, value in row.items() if value is not None and str(value).strip()}
        label = values.get("file", "")
        if "url" in values:
            self._address(number, values["url"])
        for name in ("host", "domain"):
            if name in values:
                self._host(number, values[name])
        if label:
            self.files.add(label.rpartition("/")[2])
        for name, digits, known in (("sha256", 64, self.sha256), ("md5", 32, self.md5), ("phash", 16, self.phash)):
            if name in values:
                digest = phash_digits(values[name]) if name == "phash" else hash_of(values[name], digits)
                if not digest:
                    self._stop(number, f"{name} is not {digits} hexadecimal digits: {values[name][:60]!r}")
                known[digest] = label or digest
        self._counted()

    def add_line(self, number: int, text: str) -> None:
        """Take a line of plain text: a hash, an address, a pattern or a host."""
        for digits, known in ((64, self.sha256), (32, self.md5), (16, self.phash)):
            if digest := hash_of(text, digits):
                known[digest] = digest
                break
        else:
            if "/" in text:
                self._address(number, text)
            else:
                self._host(number, text)
        self._counted()

    def _address(self, number: int, text: str) -> None:
        own = own_host(text)
        if own is None or not _HOST.fullmatch(own.host):
            self._stop(number, f"is no address: {text[:100]!r}")
        elif "*" in text or text.endswith("$"):
            self.urls.add(text)
        elif own.path in ("", "/") and "?" not in text:
            self._host(number, own.host)
        else:
            self.pictures.add(plain_url(text))

    def _host(self, number: int, text: str) -> None:
        if not _HOST.fullmatch(text):
            self._stop(number, f"is no host, address or hash: {text[:100]!r}")
        self.hosts.add(plain_host(text.removeprefix("*.")))

    def _counted(self) -> None:
        self._count += 1
        if self._count > MOST_ENTRIES:
            raise UsageError(f"{self._name}: more than {MOST_ENTRIES:,} entries; split it")

    def _stop(self, number: int, reason: str) -> None:
        raise UsageError(f"{self._name}:{number}: {reason}")


def read_list(path: Path) -> Identifiers:
    """Read an opt-out list.

    Raises:
        UsageError: It can not be read, or a line of it can not be understood.
        ConfigurationError: It is an owner's YAML file with faults.
    """
    if path.suffix in (".yaml", ".yml"):
        found, lists = parse_identifiers(load(_bytes(path), str(path)))
        for name in lists:
            found |= read_list(path.parent / name)
        return found
    collected = _Collected(str(path))
    try:
        source = Source(path=path.resolve(), name=str(path), size=0)
        if is_parquet(source):
            for number, row in _parquet_rows(source):
                collected.add_row(number, row)
        else:
            _read_text(path, collected)
    except (UnreadableError, ColumnError) as error:
        raise UsageError(f"{path}: {error}") from None
    return collected.value()


def _bytes(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        return gzip.decompress(data) if data.startswith(GZIP) else data
    except (OSError, EOFError) as error:
        raise UsageError(f"{path}: can not be read: {error}") from None


def _read_text(path: Path, collected: _Collected) -> None:
    try:
        text = _bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{path}: is not UTF-8, at byte {error.start}") from None
    first = next((line for line in text.splitlines() if line.strip()), "")
    form = form_of_text(first.encode())
    if form is Form.JSONL:
        for number, line in enumerate(text.splitlines(), 1):
            if line.strip():
                collected.add_row(number, _object(path, number, line))
        return
    if form is Form.CDX:
        raise UsageError(f"{path}: is an index of a web archive, no opt-out list")
    delimiter = max(",\t;", key=first.count)
    header = [name.strip().lower() for name in next(csv.reader([first], delimiter=delimiter))]
    if not any(name in COLUMNS for name in header):
        for number, line in enumerate(text.splitlines(), 1):
            if entry := line.partition(" #")[0].strip() if not line.lstrip().startswith("#") else "":
                collected.add_line(number, entry)
        return
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    for row in reader:
        if row and [name.strip().lower() for name in row] != header:
            collected.add_row(reader.line_num, _known(zip(header, row, strict=False)))


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = None
    if not isinstance(value, dict):
        raise UsageError(f"{path}:{number}: is no JSON object")
    return _known((str(name).lower(), one) for name, one in value.items())


def _known(pairs: Any) -> dict[str, Any]:
    # A leading quote mark keeps spreadsheets from computing; our own tables have it where a name begins with =.
    return {name: str(one).removeprefix("'") for name, one in pairs if name in COLUMNS and one is not None}


def _parquet_rows(source: Source) -> Iterator[tuple[int, dict[str, Any]]]:
    with open_parquet(source) as file:
        yield from enumerate(file.rows_of(COLUMNS), 1)
