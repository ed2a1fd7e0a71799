"""Which key are copies marked with, and which were they marked with before?

Keys lie in a folder of their own, `0001.key` first, as 64 hex digits; the last one marks.
Earlier ones stay, since copies that were marked with them can be traced with nothing else. A
new key is a new file with the next number; it has its name only when it is whole on the disk, and
a guard that is running takes it up.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes

from guard.errors import EvidenceError
from guard.image.chips import KEY_SIZE
from guard.store.durable import FILE_MODE, sync_folder, write_all
from guard.store.ownership import give, make, owner_of


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkKeys:
    """All keys of one guard, the oldest first."""

    keys: tuple[bytes, ...] = field(repr=False)

    @property
    def newest(self) -> bytes:
        """The one that marks."""
        return self.keys[-1]


def folder_in(evidence: Path) -> Path:
    """Return where the keys of a guard lie, given its evidence directory."""
    return evidence / "guard" / "marks"


def load_or_create(folder: Path) -> MarkKeys:
    """Return the keys in `folder`, the first of them made now if there is none.

    Raises:
        EvidenceError: A key can not be read, or none can be written.
    """
    try:
        make(folder)
        if not _files(folder):
            _write(folder / "0001.key")
    except FileExistsError:
        pass  # another process was quicker
    except OSError as error:
        raise _unwritable(folder, error) from error
    return load(folder)


def rotate(folder: Path) -> Path:
    """Make a new key in `folder`, the one that marks from now on, and return its file.

    Raises:
        EvidenceError: It can not be written, or one that is there can not be read.
    """
    try:
        make(folder)
        files = _files(folder)
        if files:
            load(folder)  # a key that nobody can read must be mended, not buried under a new one
        file = folder / f"{int(files[-1].stem) + 1 if files else 1:04}.key"
        _write(file)
    except FileExistsError as error:
        raise EvidenceError(f"{error.filename2} has just been made by somebody else; nothing more was made") from error
    except OSError as error:
        raise _unwritable(folder, error) from error
    return file


def load(folder: Path) -> MarkKeys:
    """Return the keys in `folder`.

    Raises:
        EvidenceError: There is none, or one can not be read.
    """
    files = _files(folder)
    if not files:
        raise EvidenceError(f"there is no mark key in {folder}")
    return MarkKeys(keys=tuple(_read(file) for file in files))


def newest_name(folder: Path) -> str:
    """Return the name of the file with the key that marks; empty where there is none, or nobody can look."""
    try:
        files = _files(folder)
    except OSError:
        return ""
    return files[-1].name if files else ""


def _files(folder: Path) -> list[Path]:
    return sorted((file for file in folder.glob("*.key") if file.stem.isdecimal()), key=lambda file: int(file.stem))


def _write(file: Path) -> None:
    """Write a new key into `file`; FileExistsError if there is one, OSError if it can not be written."""
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    try:
        try:
            write_all(descriptor, f"{token_bytes(KEY_SIZE).hex()}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        give(temporary, owner_of(file.parent))
        os.link(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(file.parent)


def _read(file: Path) -> bytes:
    try:
        key = bytes.fromhex(file.read_text("ascii").strip())
    except OSError as error:
        # Most often it was made by a command that ran as somebody else.
        raise EvidenceError(
            f"{file} can not be read: {(error.strerror or str(error)).lower()}; "
            "it must belong to the user whom the guard runs as (chown)"
        ) from error
    except ValueError:
        key = b""
    if len(key) != KEY_SIZE:
        raise EvidenceError(f"{file} holds no mark key of {2 * KEY_SIZE} hex digits; put the right one back")
    if os.stat(file).st_mode & 0o077:
        raise EvidenceError(f"{file} can be read by others; chmod 600 {file}")
    return key


def _unwritable(folder: Path, error: OSError) -> EvidenceError:
    return EvidenceError(f"{folder} can not be written: {(error.strerror or str(error)).lower()}")
