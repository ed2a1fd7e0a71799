"""How do bytes get onto the disk so that a power cut does not take them back?

`write` may take less than it was given, and says so only by its count. A new or renamed file
is there after a crash only when its folder was synced too (sunlight's `internal/durable`
does the same). After a failed sync nobody knows what is on the disk (Rebello et al., USENIX
ATC 2020): the caller must not sync the same file again and believe it.
"""

import os
from errno import ENOSPC
from pathlib import Path

FILE_MODE = 0o600
FOLDER_MODE = 0o700


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data` or raise OSError; a short write is what a full disk looks like."""
    written = os.write(descriptor, data)
    if written != len(data):
        # The rest of it usually raises what is really wrong; where it does not, the disk is not to be trusted.
        written += os.write(descriptor, data[written:])
        if written != len(data):
            raise OSError(ENOSPC, "short write")


def sync_folder(folder: Path) -> None:
    """Make the names in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make `folder`, whose parent exists, if it is not there; readable by the owner only."""
    if not folder.is_dir():
        folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
        sync_folder(folder.parent)


def replace(path: Path, data: bytes, *, sync_name: bool = True) -> None:
    """Give `path` the content `data`: after a crash it has the old content or the new one, whole.

    Without `sync_name` the old one may come back after a power cut.
    """
    temporary = path.with_name(f".{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(path)
    if sync_name:
        sync_folder(path.parent)
