"""From which secret are the addresses of decoys made?

It lies in a file beside the evidence: with another one the links that crawlers have seen would lead nowhere.
"""

import os
from pathlib import Path
from secrets import token_bytes

from guard.core.decoys import SECRET_SIZE
from guard.errors import GuardError
from guard.store.durable import FILE_MODE, FOLDER_MODE, sync_folder, write_all


def file_in(evidence: Path) -> Path:
    """Return where the secret of a guard lies, given its evidence directory."""
    return evidence / "guard" / "decoys.secret"


def load_or_create(file: Path) -> bytes:
    """Return the secret of this installation, made now if there is none.

    Raises:
        GuardError: It can not be read or written, or is none.
    """
    try:
        file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        except FileExistsError:
            secret = file.read_bytes()
        else:
            secret = token_bytes(SECRET_SIZE)
            try:
                write_all(descriptor, secret)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            sync_folder(file.parent)
    except OSError as error:
        raise GuardError(f"{file} can not be used: {(error.strerror or str(error)).lower()}") from error
    if len(secret) != SECRET_SIZE:
        raise GuardError(f"{file} is no secret of {SECRET_SIZE} bytes; remove it, and a new one is made")
    return secret
