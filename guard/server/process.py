"""What does every process of the guard do first?"""

import ctypes
import gc
import os
import resource
import signal
import sys

_PR_SET_PDEATHSIG = 1

# glibc's malloc.h. Without them every body of 200 KB costs about 50 page faults: large blocks go back to the
# kernel after each use.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD = -1, -2, -3

WORTH_GIVING_BACK = 16 << 20
"""Bytes; fewer are soon used again."""

WORTH_COLLECTING = 32
"""Connections that broke off."""

MOST_FILES = 1 << 15
"""An open connection that says nothing costs about 5 KiB: this many of them take as much as a worker otherwise does."""


def die_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """Make the kernel end this process when the one that started it is gone; nothing where it can not (not Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, by, 0, 0, 0)


def raise_file_limit() -> int:
    """Let this process open as many files as it may, at most `MOST_FILES`; return how many.

    What a shell or a unit sets by default, 1024, is for programs that use `select`, and too few for a site's visitors.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return MOST_FILES if soft == resource.RLIM_INFINITY else min(soft, MOST_FILES)


def tune_memory() -> None:
    """Keep large blocks for the next answer, and leave what was loaded at start out of garbage collection."""
    if sys.platform == "linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(_M_MMAP_THRESHOLD, 32 << 20)
            libc.mallopt(_M_TRIM_THRESHOLD, 256 << 20)
            libc.mallopt(_M_TOP_PAD, 1 << 20)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class _Mallinfo2(ctypes.Structure):
    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            "arena",
            "ordblks",
            "smblks",
            "hblks",
            "hblkhd",
            "usmblks",
            "fsmblks",
            "uordblks",
            "fordblks",
            "keep",
        )
    )


class FreeMemory:
    """Gives the kernel what a crowd needed and nobody needs now; does nothing where the C library can not.

    `tune_memory` keeps it for the next answer, and it lies between blocks that are still in use.
    """

    def __init__(self) -> None:
        libc = ctypes.CDLL(None) if sys.platform == "linux" else None
        self._libc = libc if hasattr(libc, "mallinfo2") and hasattr(libc, "malloc_trim") else None
        if self._libc is not None:
            self._libc.mallinfo2.restype = _Mallinfo2
        self._beside = self._unused()
        self._collected = 0

    def _unused(self) -> int:
        """Return what this process has in memory and the C library has not given to anybody; more than is free."""
        if self._libc is None:
            return 0
        with open("/proc/self/statm", "rb") as file:
            resident = int(file.read().split()[1]) * resource.getpagesize()
        return resident - int(self._libc.mallinfo2().uordblks)

    def give_back(self, broken_off: int) -> None:
        """Do it if it is worth while; to be called now and then. To look costs 0.3 ms, to give back 200 MiB 32.

        Args:
            broken_off: Connections that ended in the middle of an answer, since the start: each is a ring of objects,
                which may be too old for the collector to come by soon.
        """
        if broken_off - self._collected >= WORTH_COLLECTING:
            gc.collect()
            self._collected = broken_off
        unused = self._unused()
        self._beside = min(self._beside, unused)
        if self._libc is not None and unused - self._beside > WORTH_GIVING_BACK:
            self._libc.malloc_trim(0)
            self._beside = self._unused()


def has_terminal() -> bool:
    """Tell whether this process was started from a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
