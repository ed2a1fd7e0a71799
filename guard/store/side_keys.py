"""How are values erased so that no copy of them can be read, wherever it lies?

Values are stored encrypted (AES-256-GCM), those of a day and a lifetime under one key, and each
key is a file of 32 bytes. To erase them the key is overwritten and taken away. So nothing
depends on what a database leaves behind in free pages (`secure_delete` of SQLite was
measured to leave one value of some seven hundred), and a backup without these keys holds nothing
that can be read after its time.

What the disk itself keeps of a file that was overwritten (a journal, the spare blocks of an
SSD, snapshots of the file system) is not in this program's hands.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from struct import Struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from guard.errors import EvidenceError
from guard.evidence.retention import Lifetime
from guard.store.durable import FILE_MODE, make_folder, sync_folder, write_all

FOLDER: Final = "keys"
_KEY_SIZE: Final = 32
_NONCE_SIZE: Final = 12
_PLACE: Final = Struct(">qB")


class SideKeys:
    """The key files in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[int, AESGCM | None] = {}

    def create(self, number: int) -> None:
        """Make the key `number`, durably; one that is there is a leftover that nothing was stored under.

        Raises:
            OSError: The disk did not do its part.
        """
        make_folder(self._folder)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        descriptor = os.open(self._path(number), flags, FILE_MODE)
        try:
            write_all(descriptor, os.urandom(_KEY_SIZE))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_folder(self._folder)
        self._known.pop(number, None)

    def destroy(self, number: int) -> None:
        """Overwrite the key and take it away, durably.

        Raises:
            OSError: The disk did not do its part.
        """
        path = self._path(number)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            pass
        else:
            try:
                write_all(descriptor, bytes(_KEY_SIZE))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            path.unlink()
            sync_folder(self._folder)
        self._known[number] = None

    def numbers(self) -> set[int]:
        """Return the numbers of all keys that are there."""
        if not self._folder.is_dir():
            return set()
        return {int(path.name) for path in self._folder.iterdir() if path.name.isascii() and path.name.isdigit()}

    def has(self, number: int) -> bool:
        """Say whether what was stored under the key can still be read."""
        return self._key(number) is not None

    def seal(self, number: int, leaf: int, lifetime: int, data: bytes) -> bytes:
        """Encrypt the values of one record, bound to their place.

        Raises:
            EvidenceError: There is no such key.
        """
        nonce = os.urandom(_NONCE_SIZE)
        return nonce + self._to_seal(number).encrypt(nonce, data, _PLACE.pack(leaf, lifetime))

    def seal_many(self, rows: Sequence[tuple[int, Lifetime, bytes]], keys: Mapping[Lifetime, int]) -> list[int | bytes]:
        """Encrypt the values of many records, given as leaf, lifetime and values; `keys` are key numbers by lifetime.

        Return leaf, lifetime, number of the key and what was sealed of the first, then of the second, and so on.

        Raises:
            EvidenceError: There is no such key.
        """
        encrypt = {lifetime: (number, self._to_seal(number).encrypt) for lifetime, number in keys.items()}
        random, place = os.urandom(_NONCE_SIZE * len(rows)), _PLACE.pack
        sealed: list[int | bytes] = []
        at = 0
        for leaf, lifetime, data in rows:
            number, to_bytes = encrypt[lifetime]
            nonce, at = random[at : (end := at + _NONCE_SIZE)], end
            sealed += (leaf, lifetime, number, nonce + to_bytes(nonce, data, place(leaf, lifetime)))
        return sealed

    def _to_seal(self, number: int) -> AESGCM:
        key = self._key(number)
        if key is None:
            raise EvidenceError(f"the key {self._path(number)} is missing")
        return key

    def open(self, number: int, leaf: int, lifetime: int, sealed: bytes) -> bytes | None:
        """Return what was sealed; None where its key is gone.

        Raises:
            EvidenceError: It is not what was sealed for this place.
        """
        key = self._key(number)
        if key is None:
            return None
        try:
            return key.decrypt(sealed[:_NONCE_SIZE], sealed[_NONCE_SIZE:], _PLACE.pack(leaf, lifetime))
        except (InvalidTag, ValueError):
            raise EvidenceError(f"the values of record {leaf} were changed") from None

    def _key(self, number: int) -> AESGCM | None:
        if number not in self._known:
            try:
                data = self._path(number).read_bytes()
            except FileNotFoundError:
                return None
            except OSError as error:
                raise EvidenceError(f"{self._path(number)} can not be read: {error}") from None
            # Zeros are what a crash leaves between overwriting and taking away.
            self._known[number] = AESGCM(data) if len(data) == _KEY_SIZE and any(data) else None
        return self._known[number]

    def _path(self, number: int) -> Path:
        return self._folder / str(number)
