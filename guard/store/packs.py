"""Where do packs wait until a copy is asked for?

In a folder, a file each, named by what they were made of; at most so many bytes, the least
recently used go first. It is a cache: what is lost is made again, and a file that is not
whole is known by its checksum.

All workers share it. How many bytes lie there stands in a file that one at a time may change, and room is
made before a pack is written, so that the limit holds for all of them together.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from guard.errors import PictureError
from guard.image.mark import Pack
from guard.image.pack_file import from_bytes

_ROOM_LEFT = 0.9
"""How full the folder is after clearing."""
_ABANDONED = 60.0
"""Seconds after which a file that is still being written is what a crash has left."""


class PackFolder:
    """Packs on disk."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Take the folder, made if it is not there, and how many bytes may lie in it."""
        self._folder = folder
        self._limit = limit
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with contextlib.suppress(OSError), self._counted() as count:
            _sweep(self._folder)
            _write(count, sum(size for _, size, _ in self._files()))

    def load(self, name: str) -> Pack | None:
        """Return the pack called `name`, hex digits; None where there is none."""
        file = self._file(name)
        try:
            data = file.read_bytes()
        except OSError:
            return None
        try:
            pack = from_bytes(data)
        except PictureError:
            with contextlib.suppress(OSError):
                file.unlink()
            return None
        with contextlib.suppress(OSError):
            os.utime(file)
        return pack

    def has(self, name: str) -> bool:
        """Tell whether there is a pack called `name`."""
        return self._file(name).exists()

    def store(self, name: str, data: bytes) -> bool:
        """Keep a pack; False where there is no room for it."""
        if len(data) > self._limit * _ROOM_LEFT:
            return False
        file = self._file(name)
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            with self._counted() as count:
                self._make_room(count, len(data))
            file.parent.mkdir(mode=0o700, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            return False
        return True

    def _make_room(self, count: int, wanted: int) -> None:
        size = _read(count)
        if size is None or size + wanted > self._limit:
            files = sorted(self._files())
            size = sum(size for _, size, _ in files)  # what was counted and then not written is not there
            for _, one, file in files:
                if size + wanted <= self._limit * _ROOM_LEFT:
                    break
                with contextlib.suppress(OSError):
                    file.unlink()
                    size -= one
        _write(count, size + wanted)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[int]:
        """Open the file with the count, for this worker alone."""
        count = os.open(self._folder / "size", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(count, fcntl.LOCK_EX)
            yield count
        finally:
            os.close(count)

    def _files(self) -> list[tuple[float, int, Path]]:
        """Return when each file was used last, its size, and the file; also those that are being written."""
        found = []
        for file in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):
                status = file.stat()
                found.append((status.st_mtime, status.st_size, file))
        return found

    def _file(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.pack"


def _sweep(folder: Path) -> None:
    """Remove what was being written when a worker ended."""
    before = time.time() - _ABANDONED
    for file in folder.glob("*/.*"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < before:
                file.unlink()


def _read(count: int) -> int | None:
    text = os.pread(count, 20, 0).strip()
    return int(text) if text.isdigit() else None


def _write(count: int, size: int) -> None:
    os.pwrite(count, b"%20d" % size, 0)
