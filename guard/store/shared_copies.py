"""To whom did the owner give marked copies by another door than the site's?

`guard share` writes one line of JSON for each copy into `shared.jsonl`, beside the mark keys, before the copy has its
name: a line without a copy was never given, a copy without a line can not be. Lines are only
added. The register is no part of the evidence log: that has one writer, the recorder, which may
be running or may not even be on this machine, and what stands in it are requests that it saw.
So a line here is the owner's own note, with nobody's signature; the mark proves which line a copy
belongs to, not that the line is true.

A power cut can leave half a line at the end. It stands for no copy: readers name it, and the next
writer takes it away.
"""

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes
from typing import Any, Final

from guard.errors import EvidenceError
from guard.image.chips import MARK_ID_SIZE
from guard.store.durable import FILE_MODE, sync_folder, write_all
from guard.store.ownership import give, owner_of

NAME: Final = "shared.jsonl"
_DIGEST = re.compile("[0-9a-f]{64}", re.ASCII)
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedCopy:
    """One copy that was given to somebody."""

    at: datetime
    """When, in UTC, without parts of a second."""
    to: str
    """Whom, in the owner's words; one line, not empty."""
    mark_id: bytes
    file: str
    """Where the original was, as an absolute path."""
    sha256: str
    """Of the original, 64 hex digits."""
    copy: str
    """Where the copy was written, likewise."""
    copy_sha256: str
    note: str = ""

    def value(self) -> dict[str, str]:
        """Return it for JSON: a line of the register."""
        return asdict(self) | {"at": self.at.strftime(_TIME), "mark_id": self.mark_id.hex()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """What the register says."""

    copies: tuple[SharedCopy, ...] = ()
    """The oldest first."""
    fault: str = ""
    """That the last line is half written; empty where it is whole."""

    def mark_id_for(self, to: str, at: datetime) -> bytes:
        """Return the id for copies that `to` gets on the day (UTC) of `at`: the one of that day, or a fresh one.

        One id over many pictures, because what several of them say adds up; another one each day, so that a traced
        copy tells of which delivery it is. The proxy does the same.
        """
        for one in reversed(self.copies):
            if one.to == to and one.at.date() == at.date():
                return one.mark_id
        return token_bytes(MARK_ID_SIZE)


def read(folder: Path) -> Shared:
    """Return what the register in `folder`, that of the mark keys, says; nothing where there is none.

    Raises:
        EvidenceError: It can not be read, or a line of it is wrong.
    """
    file = folder / NAME
    try:
        data = file.read_bytes()
    except FileNotFoundError:
        return Shared()
    except OSError as error:
        raise _failed(file, "read", error) from error
    return _parse(file, data)[0]


def append(folder: Path, copy: SharedCopy) -> None:
    """Add `copy` to the register in `folder`, which exists. Once this returns the line survives a power cut.

    Raises:
        EvidenceError: It could not be written, or the register is damaged.
    """
    file = folder / NAME
    line = json.dumps(copy.value(), separators=(",", ":")).encode() + b"\n"
    try:
        with _locked(file) as descriptor:
            data = file.read_bytes()
            whole = _parse(file, data)[1]
            if whole < len(data):
                os.ftruncate(descriptor, whole)
            write_all(descriptor, b"\n" + line if data[:whole] and data[whole - 1 : whole] != b"\n" else line)
            os.fsync(descriptor)
            sync_folder(folder)
    except OSError as error:
        raise _failed(file, "written", error) from error


@contextmanager
def _locked(file: Path) -> Iterator[int]:
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, FILE_MODE)
    try:
        give(file, owner_of(file.parent))
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _parse(file: Path, data: bytes) -> tuple[Shared, int]:
    """Return what the lines say, and how many bytes of `data` are whole lines."""
    copies: list[SharedCopy] = []
    *lines, last = data.split(b"\n")
    for number, line in enumerate(lines, 1):
        if (copy := _copy(line)) is None:
            raise EvidenceError(f"{file}:{number}: this is no line of the register; put the right one back")
        copies.append(copy)
    if not last:
        return Shared(copies=tuple(copies)), len(data)
    # An editor may have taken the end of the line, and then it is whole.
    if (copy := _copy(last)) is not None:
        return Shared(copies=(*copies, copy)), len(data)
    fault = f"{file}:{len(lines) + 1}: the last line is half written and stands for no copy"
    return Shared(copies=tuple(copies), fault=fault), len(data) - len(last)


def _copy(line: bytes) -> SharedCopy | None:
    try:
        said: Any = json.loads(line)
        copy = SharedCopy(
            **{
                **said,
                "at": datetime.strptime(said["at"], _TIME).replace(tzinfo=UTC),
                "mark_id": bytes.fromhex(said["mark_id"]),
            }
        )
        right = (
            all(isinstance(value, str) for value in said.values())
            and len(copy.mark_id) == MARK_ID_SIZE
            and copy.to
            and _DIGEST.fullmatch(copy.sha256)
            and _DIGEST.fullmatch(copy.copy_sha256)
        )
    except (ValueError, TypeError, KeyError):
        return None
    return copy if right else None


def _failed(file: Path, verb: str, error: OSError) -> EvidenceError:
    return EvidenceError(f"{file} can not be {verb}: {(error.strerror or str(error)).lower()}")
