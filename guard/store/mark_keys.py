"""Which key are copies marked with, and which were they marked with before?

Keys lie in a folder of their own, `0001.key` first, as 64 hex digits; the last one marks.
Earlier ones stay, since copies that were marked with them can be traced with nothing else. A
new key is a new file with the next number.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_bytes

from guard.errors import EvidenceError
from guard.image.chips import KEY_SIZE
from guard.store.durable import replace


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
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not any(folder.glob("*.key")):
            replace(folder / "0001.key", f"{token_bytes(KEY_SIZE).hex()}\n".encode())
    except OSError as error:
        raise EvidenceError(f"{folder} can not be written: {(error.strerror or str(error)).lower()}") from error
    return load(folder)


def load(folder: Path) -> MarkKeys:
    """Return the keys in `folder`.

    Raises:
        EvidenceError: There is none, or one can not be read.
    """
    files = sorted(folder.glob("[0-9]*.key"))
    if not files:
        raise EvidenceError(f"there is no mark key in {folder}")
    return MarkKeys(keys=tuple(_read(file) for file in files))


def _read(file: Path) -> bytes:
    try:
        key = bytes.fromhex(file.read_text("ascii").strip())
    except (OSError, ValueError):
        key = b""
    if len(key) != KEY_SIZE:
        raise EvidenceError(f"{file} holds no mark key of {2 * KEY_SIZE} hex digits; put the right one back")
    if os.stat(file).st_mode & 0o077:
        raise EvidenceError(f"{file} can be read by others; chmod 600 {file}")
    return key
