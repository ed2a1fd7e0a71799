"""Which files are meant, and of what form is each?

Files, folders and patterns; what a file is its first bytes say, never its name.
"""

import glob
import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from guard.errors import GuardError, UsageError

ENDINGS: Final = (".parquet", ".csv", ".tsv", ".txt", ".jsonl", ".ndjson", ".json", ".cdx", ".cdxj")
"""What is taken from a folder, also with .gz behind it; a file that is named is read whatever it is called."""
MOST_FILES: Final = 100_000

GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_OTHERS: Final = {b"\xfd7zXZ\x00": "xz -d", b"BZh": "bunzip2", b"\x28\xb5\x2f\xfd": "zstd -d", b"PK\x03\x04": "unzip"}


class Form(StrEnum):
    """How a file is written."""

    PARQUET = "parquet"
    CSV = "csv"
    JSONL = "jsonl"
    CDX = "cdx"
    """Lines of a web archive's index, with or without JSON (CDXJ)."""


class UnreadableError(GuardError):
    """A file of a data set can not be read, or not further; the others still are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file."""

    path: Path
    """With symbolic links resolved."""
    name: str
    """As it was asked for."""
    size: int


def find_sources(arguments: Sequence[Path]) -> tuple[list[Source], list[str]]:
    """Return the files that the arguments mean, each once and in order, and what is wrong with the others.

    Raises:
        UsageError: There is nothing to read at all, or far too much.
    """
    found: dict[Path, Source] = {}
    wrong: list[str] = []
    for argument in arguments:
        paths = _files_of(argument)
        if not paths:
            wrong.append(f"{argument}: there is no such file, or nothing to read in it")
        for path in paths:
            try:
                real = path.resolve(strict=True)
                if not real.is_file():
                    wrong.append(f"{path}: is no file")
                elif real not in found:
                    found[real] = Source(path=real, name=str(path), size=real.stat().st_size)
            except (OSError, RuntimeError) as error:
                reason = getattr(error, "strerror", None) or str(error)
                wrong.append(f"{path}: can not be read: {reason.lower()}")
        if len(found) > MOST_FILES:
            raise UsageError(f"more than {MOST_FILES:,} files; name fewer at a time")
    return list(found.values()), wrong


def _files_of(argument: Path) -> list[Path]:
    if argument.is_dir():
        return sorted(path for path in _below(argument) if path.name.lower().removesuffix(".gz").endswith(ENDINGS))
    if os.path.lexists(argument) or not glob.has_magic(str(argument)):
        return [argument]
    return sorted(Path(one) for one in glob.iglob(str(argument)) if not Path(one).is_dir())


def _below(folder: Path) -> Iterable[Path]:
    for place, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        yield from (Path(place, name) for name in files if not name.startswith("."))


def is_parquet(source: Source) -> bool:
    """Tell whether the file says that it is Parquet.

    Raises:
        UnreadableError: It can not be opened, is empty, or compressed in a way that is not read here.
    """
    try:
        with source.path.open("rb") as file:
            head = file.read(8)
    except OSError as error:
        raise UnreadableError(f"can not be read: {(error.strerror or str(error)).lower()}") from None
    if not head:
        raise UnreadableError("is empty")
    for magic, program in _OTHERS.items():
        if head.startswith(magic):
            raise UnreadableError(f"is compressed in a way that is not read here; unpack it first: {program} FILE")
    return head.startswith(_PARQUET)


_CDXJ: Final = re.compile(rb"\S+ \d{14} \{")
_CDX: Final = re.compile(rb"\S+ \d{14} (?:https?:|dns:|-)", re.IGNORECASE)


def form_of_text(first: bytes) -> Form:
    """Tell the form of a text file by its first line that is not empty.

    Raises:
        UnreadableError: It is of a form that is not read.
    """
    line = first.removeprefix(b"\xef\xbb\xbf").lstrip()
    if line.startswith(b"{"):
        return Form.JSONL
    if line.startswith(b"["):
        raise UnreadableError("is one JSON list; write one object a line: jq -c '.[]' FILE")
    if line.startswith(b"CDX ") or _CDXJ.match(line) or _CDX.match(line):
        return Form.CDX
    if b"\x00" in line:
        raise UnreadableError("is neither Parquet nor CSV, JSON lines or an index of a web archive")
    return Form.CSV
