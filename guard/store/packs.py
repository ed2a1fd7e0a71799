"""Where do packs wait until a copy is asked for?

In a folder, a file each, named by what they were made of; at most so many bytes, the least
recently used go first. It is a cache: what is lost is made again, and a file that is not
whole is known by its checksum. All workers share it.
"""

import contextlib
import os
from pathlib import Path

from guard.errors import PictureError
from guard.image.mark import Pack
from guard.image.pack_file import from_bytes

_ROOM_LEFT = 0.9
"""How full the folder is after clearing."""


class PackFolder:
    """Packs on disk."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Take the folder, made if it is not there, and how many bytes may lie in it."""
        self._folder = folder
        self._limit = limit
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._size = sum(size for _, size, _ in self._files())

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
        """Keep a pack; False where the disk has no room for it."""
        file = self._file(name)
        temporary = file.with_name(f".{file.name}.{os.getpid()}")
        try:
            file.parent.mkdir(mode=0o700, exist_ok=True)
            temporary.write_bytes(data)
            temporary.replace(file)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            return False
        self._size += len(data)
        if self._size > self._limit:
            self._clear()
        return True

    def _clear(self) -> None:
        files = sorted(self._files())
        # Other workers write here too: what is counted now is what is there.
        self._size = sum(size for _, size, _ in files)
        for _, size, file in files:
            if self._size <= self._limit * _ROOM_LEFT:
                return
            with contextlib.suppress(OSError):
                file.unlink()
            self._size -= size

    def _files(self) -> list[tuple[float, int, Path]]:
        found = []
        for file in self._folder.glob("*/*.pack"):
            with contextlib.suppress(OSError):
                status = file.stat()
                found.append((status.st_mtime, status.st_size, file))
        return found

    def _file(self, name: str) -> Path:
        return self._folder / name[:2] / f"{name}.pack"
