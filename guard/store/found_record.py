"""What was found, where and when, before anybody asked whose copy it is?

One JSON file with the SHA-256 of every found picture, and of the shards they lie in, is on the disk
before the first comparison. Its own SHA-256 goes into the report; a time-stamp token over it shows
that the pictures and their origin were fixed before the result was known. It lies beside the report
and not in the evidence log: that has one writer, the recorder, which may be running or may not even
be on this machine.

A record that is there is kept: a token over it must stay good when the search is run again.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, Final

from guard.errors import UsageError
from guard.store.durable import replace
from guard.store.found_pictures import SHARD_ENDINGS, ending_of

FORM: Final = "crawler-guard found pictures 1"


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundFile:
    """What is on record of one found picture. Its texts are as they are shown: one line, in any terminal."""

    file: str
    """The path; behind a `!` the member, row or record of a shard."""
    sha256: str
    """64 hexadecimal digits."""
    size: int
    """Bytes."""
    url: str
    """Where the data set has it from, as the data set says; empty where nothing does."""
    source: str
    """Where the finder has it from, in the finder's words; empty where nothing was said."""
    retrieved: str
    """When, likewise; what was said on the command line is ISO 8601, in UTC or a day."""

    def value(self) -> dict[str, Any]:
        """Return it as it stands in the file."""
        return {
            "bytes": self.size,
            "file": self.file,
            "from": self.source,
            "retrieved": self.retrieved,
            "sha256": self.sha256,
            "url": self.url,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRecord:
    """A record on the disk."""

    path: Path
    sha256: str
    """Of the whole file."""
    recorded: str
    """By this machine's clock, ISO 8601 in UTC."""
    kept: bool
    """It was there already, with the same content."""


def shards(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Return name, size and SHA-256 of those of `files` that hold more than one picture.

    Raises:
        UsageError: One can not be read.
    """
    found = []
    for file in files:
        if ending_of(file) in SHARD_ENDINGS:
            try:
                with file.open("rb") as opened:
                    digest = file_digest(opened, "sha256").hexdigest()
                    size = opened.tell()
            except OSError as error:
                raise UsageError(f"{file} can not be read: {(error.strerror or str(error)).lower()}") from error
            found.append({"bytes": size, "file": str(file), "sha256": digest})
    return found


def write(
    path: Path, found: Sequence[FoundFile], shards: Sequence[dict[str, Any]], *, recorded: str, program: str
) -> FoundRecord:
    """Put the record on the disk. Once this returns it survives a power cut.

    Raises:
        UsageError: It can not be written, or there is one of other pictures.
    """
    said = {"form": FORM, "pictures": [one.value() for one in found], "shards": list(shards)}
    try:
        if path.exists():
            return _kept(path, path.read_bytes(), said)
        whole = {**said, "program": program, "recorded": recorded}
        data = json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True).encode() + b"\n"
        path.parent.mkdir(parents=True, exist_ok=True)
        replace(path, data)
    except OSError as error:
        raise UsageError(f"{path} can not be written: {(error.strerror or str(error)).lower()}") from error
    return FoundRecord(path=path, sha256=sha256(data).hexdigest(), recorded=recorded, kept=False)


def _kept(path: Path, data: bytes, said: dict[str, Any]) -> FoundRecord:
    try:
        before = json.loads(data)
        same = {name: before[name] for name in said} == said
        recorded = str(before["recorded"])
    except (ValueError, KeyError, TypeError):
        same, recorded = False, ""
    if not same:
        raise UsageError(f"{path} is a record of other pictures, or of another origin; name another --report")
    return FoundRecord(path=path, sha256=sha256(data).hexdigest(), recorded=recorded, kept=True)
