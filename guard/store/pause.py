"""Until when has the owner told the guard to stop doing anything?

Eight bytes of memory that all workers look at, and a file that outlives a restart.
"""

import mmap
import os
from pathlib import Path
from struct import Struct
from typing import Final

from guard.errors import GuardError
from guard.store.durable import FOLDER_MODE, replace

_UNTIL: Final = Struct("<d")


class Pause:
    """A moment that the supervisor sets and workers read."""

    def __init__(self, descriptor: int) -> None:
        """Use the memory behind `descriptor`, which from now on belongs to it.

        Raises:
            GuardError: There is no such memory.
        """
        if os.fstat(descriptor).st_size != _UNTIL.size:
            raise GuardError("no memory for a pause")
        self._descriptor = descriptor
        self._memory = mmap.mmap(descriptor, _UNTIL.size)

    @classmethod
    def create(cls) -> "Pause":
        """Begin without a pause."""
        descriptor = os.memfd_create("guard-pause", os.MFD_CLOEXEC)
        os.ftruncate(descriptor, _UNTIL.size)
        return cls(descriptor)

    def fileno(self) -> int:
        """Return the descriptor, to be passed to another process."""
        return self._descriptor

    @property
    def until(self) -> float:
        """Unix seconds when the pause is over; 0.0 without one."""
        return float(_UNTIL.unpack_from(self._memory)[0])

    def set(self, until: float, file: Path) -> None:
        """Pause until then, 0.0 for not at all, and keep that in `file`.

        Raises:
            OSError: It could not be kept; nothing has changed.
        """
        file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        replace(file, repr(until).encode())
        _UNTIL.pack_into(self._memory, 0, until)

    def restore(self, file: Path) -> None:
        """Take up the pause that `file` keeps, if it does."""
        try:
            _UNTIL.pack_into(self._memory, 0, float(file.read_bytes()))
        except (OSError, ValueError):
            return

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()
        os.close(self._descriptor)
