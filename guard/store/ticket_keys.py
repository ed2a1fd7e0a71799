"""Which keys are tickets sealed with?

They lie in a folder of their own, each a file named by the day it was made. The newest seals; the ones
before still open what they sealed. A start of the guard makes a new one when the newest is a month
old, and forgets what is older than the oldest ticket can be. A lost key costs nothing: visitors get
another ticket with the next page.
"""

import os
from datetime import date, timedelta
from pathlib import Path
from secrets import token_bytes
from typing import Final

from guard.core.tickets import KEY_SIZE
from guard.errors import GuardError
from guard.store.durable import FOLDER_MODE, replace

RENEWED_AFTER: Final = timedelta(days=30)
FORGOTTEN_AFTER: Final = timedelta(days=90)
"""Of its making: it sealed for a month or more, and no ticket lives longer than a month."""


def folder_in(evidence: Path) -> Path:
    """Return where the keys of a guard lie, given its evidence directory."""
    return evidence / "guard" / "tickets"


def renew(folder: Path, today: date) -> tuple[bytes, ...]:
    """Return the keys in `folder`, newest first, with a new one in front where it is time for it.

    Raises:
        GuardError: They can not be read or written.
    """
    try:
        folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        files = _files(folder)
        if not files or today - files[0][0] >= RENEWED_AFTER:
            replace(folder / f"{today.isoformat()}.key", token_bytes(KEY_SIZE))
        for (_, file), (later, _) in zip(files[1:], files, strict=False):
            if today - later > FORGOTTEN_AFTER - RENEWED_AFTER:
                file.unlink(missing_ok=True)
    except OSError as error:
        raise GuardError(f"{folder} can not be written: {(error.strerror or str(error)).lower()}") from error
    return load(folder)


def load(folder: Path) -> tuple[bytes, ...]:
    """Return the keys in `folder`, newest first.

    Raises:
        GuardError: There is none, or one can not be read.
    """
    keys = []
    for _, file in _files(folder):
        try:
            key = file.read_bytes()
        except OSError as error:
            raise GuardError(f"{file} can not be read: {(error.strerror or str(error)).lower()}") from error
        if len(key) != KEY_SIZE or os.stat(file).st_mode & 0o077:
            raise GuardError(
                f"{file} is no secret of {KEY_SIZE} bytes that only its owner can read; remove it: "
                "visitors get new tickets"
            )
        keys.append(key)
    if not keys:
        raise GuardError(f"there is no key in {folder}")
    return tuple(keys)


def _files(folder: Path) -> list[tuple[date, Path]]:
    found = []
    for file in folder.glob("*.key"):
        try:
            found.append((date.fromisoformat(file.stem), file))
        except ValueError:
            continue
    return sorted(found, reverse=True)
