"""How do all workers read one large table without a copy each?

As a memory file that nobody can change any more: its descriptor is handed to the workers, who map it. A worker that is
started again has it at once.
"""

import fcntl
import mmap
import os

from guard.store.durable import write_all

_SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


def sealed(data: bytes, name: str) -> int:
    """Return the descriptor of a memory file with `data` in it, for ever; `name` is for people who look at processes.

    Raises:
        OSError: There is not enough memory.
    """
    descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        write_all(descriptor, data)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, _SEALS)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def mapped(descriptor: int) -> memoryview:
    """Return what is in the memory file behind `descriptor`, which may be closed after that."""
    return memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
