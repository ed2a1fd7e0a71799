"""What is done and said first when a log is opened?"""

import fcntl
import os
import time
from pathlib import Path
from typing import Final

from guard.errors import LogInUseError
from guard.evidence import record
from guard.store.epochs import Ended
from guard.store.log_values import Environment
from guard.store.recovery import Recovered

_LOCK_EVERY: Final = 0.05


def lock(root: Path, wait: float) -> int:
    """Return a descriptor that holds the lock of the evidence directory `root`, which is made if need be.

    Raises:
        LogInUseError: Somebody else holds it, also after `wait` seconds.
    """
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    until = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() < until:
                time.sleep(_LOCK_EVERY)
                continue
            os.close(descriptor)
            raise LogInUseError(f"{root} is in use: another recorder writes this log; only one may") from None
        return descriptor


def opening_records(
    now: int, found: Recovered, environment: Environment, vkey: str, ended: Ended | None
) -> list[bytes]:
    """Return what a recorder that begins to write has to say; `ended` is the log before, if this one begins now."""
    owed = []
    if found.tree.size == 0:
        owed.append(record.key(at=now, vkey=vkey))
    if found.cut is not None:
        cut = found.cut
        owed.append(record.repair(at=now, segment=cut.segment, offset=cut.offset, cut=cut.size, digest=cut.digest))
    owed.append(
        record.boot(
            at=now,
            run=environment.run,
            program=environment.program,
            python=environment.python,
            openssl=environment.openssl,
            system=environment.system,
            config=environment.config,
            vkey=vkey,
            before=None if ended is None or found.tree.size else (ended.origin, ended.size, ended.root, ended.why),
        )
    )
    return owed
