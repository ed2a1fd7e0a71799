"""What of the clients' recent past outlives a full restart?

Only what was known of crawlers that name themselves: at most `MOST` of them, the last seen
first. Everybody else may be a person, and a person's past ends with the program.

A key is a hash of an address, and whoever has the file could try all addresses: so it lies on the
disk only while no guard runs, is too old after a month, and goes whole when an address is erased.

    guardsn1 | layout (4 bytes) | number (4 bytes) | for each: key (16), length (2), state | SHA-256 of all that
"""

import os
import time
from contextlib import suppress
from hashlib import sha256
from heapq import nlargest
from pathlib import Path
from struct import Struct
from typing import Final

from guard.store.clients import KEY_SIZE, LARGEST_STATE, ClientTable, Standing
from guard.store.durable import replace, sync_folder

MOST: Final = 20_000
"""States kept, about 10 MB: more declared crawlers at different addresses than any site has seen at one time."""

FILE: Final = "crawlers.past"
"""In the folder `guard` of the evidence."""
TOO_OLD: Final = 30 * 86_400
"""Seconds after which nothing of a file comes back."""
_FORGET: Final = "crawlers.forget"
"""While this file is there, what a running guard knows is not written when it ends."""

_MAGIC: Final = b"guardsn1"
_HEAD: Final = Struct("<8sII")
_ENTRY: Final = Struct(f"<{KEY_SIZE}sH")
_LARGEST: Final = _HEAD.size + MOST * (_ENTRY.size + LARGEST_STATE) + 32


def save(table: ClientTable, path: Path) -> int:
    """Write the states of declared crawlers to `path`, whole or not at all, and return how many there are.

    Nothing is written where `forget` was called since the last start.

    Raises:
        OSError: The disk did not do its part; what was there before is still there.
    """
    if (forgotten := path.with_name(_FORGET)).exists():
        forgotten.unlink()
        return 0
    newest = nlargest(MOST, table.declared())
    parts = [_HEAD.pack(_MAGIC, table.layout, len(newest))]
    for _, key, state in newest:
        parts += (_ENTRY.pack(key, len(state)), state)
    data = b"".join(parts)
    replace(path, data + sha256(data).digest())
    return len(newest)


def restore(table: ClientTable, path: Path) -> int:
    """Put what `save` wrote back into `table`, take the file away, and return how many states that were.

    Nothing comes back from a file that is missing, damaged or of another layout: it is a comfort, not a need.
    """
    with suppress(OSError):
        path.with_name(_FORGET).unlink()
    try:
        with path.open("rb") as file:
            age = time.time() - os.fstat(file.fileno()).st_mtime
            data = file.read(_LARGEST + 1)
        path.unlink()
    except OSError:
        return 0
    if age > TOO_OLD:
        return 0
    body, digest = data[:-32], data[-32:]
    if len(data) > _LARGEST or len(body) < _HEAD.size or sha256(body).digest() != digest:
        return 0
    magic, layout, count = _HEAD.unpack_from(body)
    if magic != _MAGIC or layout != table.layout:
        return 0
    found = []
    at = _HEAD.size
    for _ in range(count):
        key, length = _ENTRY.unpack_from(body, at)
        found.append((key, body[at + _ENTRY.size : at + _ENTRY.size + length]))
        at += _ENTRY.size + length
    for key, state in reversed(found):  # so that the last seen is again the last seen
        _put(table, key, state)
    return len(found)


def forget(folder: Path) -> None:
    """Take the file in `folder` away, and see to it that a guard that runs does not write it again.

    Raises:
        OSError: The disk did not do its part.
    """
    if folder.is_dir():
        (folder / _FORGET).touch(mode=0o600)
        (folder / FILE).unlink(missing_ok=True)
        sync_folder(folder)


def _put(table: ClientTable, key: bytes, state: bytes) -> None:
    table.update(key, lambda known: (known or state, Standing.DECLARED, None))
