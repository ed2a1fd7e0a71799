"""How does a batch of frames get onto the disk, whole or not at all?

One file is open at a time and only grows. When a write or a sync fails nobody knows what the
file holds beyond the last batch that was synced: it is closed for good, and the next batch
goes to a new segment whose first record says where the old one ends.
"""

import os
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.evidence import segment
from guard.store.durable import FILE_MODE, sync_folder, write_all

LARGEST_SEGMENT: Final = 64 * 1024 * 1024
"""A new segment begins rather than exceed this; 64 MiB is read in one piece when verifying."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """The end of a segment whose write failed."""

    segment: int
    offset: int
    """Where its last verified frame ends."""
    size: int
    """Bytes found after it."""
    digest: str
    """SHA-256 of these bytes."""


class SegmentFiles:
    """The segments of one log, open for appending."""

    def __init__(self, folder: Path, number: int, offset: int) -> None:
        self._folder = folder
        self._descriptor = -1
        self.number = number
        self.offset = offset
        """Length of the current segment up to its last durable frame."""
        self.abandoned: Abandoned | None = None
        """Set after a failed write, until a new segment has said so."""

    def append(self, frames: bytes) -> None:
        """Add `frames` and make them durable. After an OSError none of them counts, and a new segment is next.

        While `abandoned` is set the caller puts the frame that says so in front.
        """
        if self.abandoned is not None and self._descriptor < 0:
            self._begin(self.abandoned.segment + 1)
        elif self.offset and self.offset + len(frames) > LARGEST_SEGMENT:
            self.close()
            self._begin(self.number + 1)
        elif self._descriptor < 0:
            self._resume()
        try:
            write_all(self._descriptor, frames)
            os.fdatasync(self._descriptor)
        except OSError:
            self._abandon()
            raise
        self.offset += len(frames)
        self.abandoned = None

    def close(self) -> None:
        """Close the current file; everything in it is durable."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _path(self, number: int) -> Path:
        return self._folder / segment.name(number)

    def _resume(self) -> None:
        path = self._path(self.number)
        if self.offset == 0:
            self._begin(self.number)
            return
        self._descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
        if os.fstat(self._descriptor).st_size != self.offset:
            self._abandon()
            raise OSError(f"{path} is not as long as it was left")

    def _begin(self, number: int) -> None:
        # What a failed attempt left under this name holds no durable frame: it goes, and a new file takes its name.
        self._path(number).unlink(missing_ok=True)
        descriptor = os.open(
            self._path(number), os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE
        )
        try:
            sync_folder(self._folder)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptor, self.number, self.offset = descriptor, number, 0

    def _abandon(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        with suppress(OSError):
            if self.abandoned is None and self.offset:
                self.abandoned = self._end_of(descriptor)
                # Frees the space and keeps readers from wondering; nothing depends on it.
                os.ftruncate(descriptor, self.offset)
        with suppress(OSError):
            os.close(descriptor)
        if self.abandoned is not None and self.number > self.abandoned.segment:
            self.number, self.offset = self.abandoned.segment, self.abandoned.offset

    def _end_of(self, descriptor: int) -> Abandoned:
        try:
            tail = os.pread(descriptor, LARGEST_SEGMENT, self.offset)
        except OSError:
            tail = b""
        return Abandoned(segment=self.number, offset=self.offset, size=len(tail), digest=sha256(tail).hexdigest())
