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


def has_terminal() -> bool:
    """Tell whether this process was started from a terminal that is still there."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True
