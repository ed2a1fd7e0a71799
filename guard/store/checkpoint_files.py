"""How is a checkpoint published, so that no crash leaves one that can not be kept?

Order: tiles, then `checkpoints.log`, then the head guard, then `checkpoint`. Each is durable
before the next, so whoever reads `checkpoint` finds everything it stands for, and after a
crash in between the furthest of them is true of the segments, which were synced long before.

A busy log fills dozens of tiles a second, and each is synced. So what is to be published is
taken in the thread that appends and published in another, while appending goes on.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from guard.errors import LogDamagedError, LogHistoryError
from guard.evidence.checkpoint import Checkpoint, CheckpointError, UnknownSignerError, sign, split, verifier_key, verify
from guard.evidence.merkle import Frontier
from guard.evidence.tile import WIDTH, Tile, TileRows
from guard.store.durable import FILE_MODE, FOLDER_MODE, replace, write_all
from guard.store.head_guard import Head, HeadGuard
from guard.store.log_keys import LogKey
from guard.store.recovery import Signed

OVERLAP: Final = 100
"""Checkpoints that a key which is being replaced still signs beside the new one: time for others to hear of it."""
_BACKUP = "a backup was restored, or the log was cut back"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The log as it was at one moment, to be signed and published."""

    size: int
    root: bytes
    tiles: tuple[tuple[Tile, bytes], ...]


class CheckpointFiles:
    """The checkpoints and tiles of one log."""

    def __init__(self, folder: Path, key: LogKey, guard: HeadGuard) -> None:
        self._folder = folder
        self._key = key
        self._retire: Callable[[], None] = lambda: None
        self._both = 0
        """How many checkpoints the retiring key has signed beside the new one."""
        self._guard = guard
        self._head = guard.head(key.first.name)
        self._history = folder / "checkpoints.log"
        self._history_size = 0
        self._full: dict[Tile, bytes] = {}
        """Full tiles that are not written yet."""
        self.size = 0
        """How many records the newest published checkpoint covers."""
        self.count = 0
        """Checkpoints in `checkpoints.log`."""

    def signed(self) -> tuple[Signed, ...]:
        """Return every head that the log must still agree with, and cut a torn end off `checkpoints.log`.

        Raises:
            LogDamagedError: A checkpoint on disk is not one that this log's key signed.
        """
        found = []
        newest = self._folder / "checkpoint"
        if newest.exists():
            one = self._read(newest.read_bytes(), newest)
            self.size = one.size
            found.append(Signed(size=one.size, root=one.root, place=str(newest), excuse="records were taken away"))
        pieces = list(split(self._history.read_bytes())) if self._history.exists() else []
        self._both = sum(_by_both(piece, self._key) for piece in pieces[-OVERLAP:]) if self._key.retiring else 0
        if pieces and not pieces[-1].endswith(b"\n"):
            pieces.pop()
        self._history_size = sum(map(len, pieces))
        self.count = len(pieces)
        if self._history.exists():
            os.truncate(self._history, self._history_size)
        if pieces:
            one = self._read(pieces[-1], self._history)
            found.append(Signed(size=one.size, root=one.root, place=str(self._history), excuse=_BACKUP))
        if self._head is not None:
            place = str(self._guard.path)
            found.append(Signed(size=self._head.size, root=self._head.root, place=place, excuse=_BACKUP))
        return tuple(found)

    def full_tile(self, tile: Tile, data: bytes) -> None:
        """Take a tile that has become full; it is written with the next checkpoint."""
        self._full[tile] = data

    def tile(self, tile: Tile) -> bytes:
        """Return the bytes of a full tile, whether it is written already or not.

        Raises:
            OSError: It can not be read.
        """
        waiting = self._full.get(tile)
        return (self._folder / tile.path).read_bytes() if waiting is None else waiting

    def repair_tile(self, tile: Tile, data: bytes) -> None:
        """Write a full tile again if it is not there as it should be."""
        path = self._folder / tile.path
        try:
            if path.read_bytes() == data:
                return
        except OSError:
            pass
        self._full[tile] = data

    def repair_partial_tiles(self, rows: TileRows) -> None:
        """Take away partial tiles that say something else than the tree: of records that were cut off."""
        for tile, data in rows.partial():
            for path in (self._folder / Tile(tile.level, tile.index, 1).path).parent.glob("*"):
                width = int(path.name) if path.name.isascii() and path.name.isdigit() else WIDTH
                if width > tile.width or path.read_bytes() != data[: width * 32]:
                    path.unlink()

    def prepare(self, tree: Frontier, rows: TileRows) -> Prepared:
        """Take what is to be published of the tree as it is now."""
        return Prepared(size=tree.size, root=tree.root(), tiles=(*self._full.items(), *rows.partial()))

    def publish(self, prepared: Prepared) -> None:
        """Sign what was prepared and make that durable. May run in another thread than everything else.

        Raises:
            OSError, sqlite3.Error: Something could not be written; the old checkpoint stays, try again later.
            LogDamagedError: Another recorder has moved the log on.
        """
        checkpoint = Checkpoint(origin=self._key.first.name, size=prepared.size, root=prepared.root)
        note = sign(checkpoint, *self._key.signers)
        for tile, data in prepared.tiles:
            self._write_tile(tile, data)
            self._full.pop(tile, None)
        self._append(note)
        self._guard.advance(self._head, checkpoint, note)
        self._head = Head(checkpoint.size, checkpoint.root)
        replace(self._folder / "checkpoint", note)
        self.size = checkpoint.size
        if self._key.retiring is not None:
            self._both += 1
            if self._both >= OVERLAP:
                self._retire()
                self._key = LogKey(private=self._key.private, first=self._key.first)

    def sign_with(self, key: LogKey, retire: Callable[[], None]) -> None:
        """Sign with `key` from now on, and call `retire` when the key before it has signed long enough beside it."""
        if key.private is not self._key.private:
            self._both = 0
        self._key, self._retire = key, retire

    def _append(self, note: bytes) -> None:
        descriptor = os.open(self._history, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            # At a known place, so that what a failed attempt left is written over, whatever it was.
            os.ftruncate(descriptor, self._history_size)
            os.lseek(descriptor, self._history_size, os.SEEK_SET)
            try:
                write_all(descriptor, note)
                os.fsync(descriptor)
            except OSError:
                with suppress(OSError):
                    os.ftruncate(descriptor, self._history_size)
                raise
        finally:
            os.close(descriptor)
        self._history_size += len(note)
        self.count += 1

    def _write_tile(self, tile: Tile, data: bytes) -> None:
        path = self._folder / tile.path
        for folder in reversed(path.parents):
            if not folder.is_dir():
                folder.mkdir(mode=FOLDER_MODE)  # one by one: `parents=True` gives those in between other rights
        replace(path, data, sync_name=False)
        if tile.width == WIDTH:
            shutil.rmtree(path.with_name(f"{path.name}.p"), ignore_errors=True)

    def _read(self, note: bytes, path: Path) -> Checkpoint:
        try:
            return _verified(note, self._key)
        except UnknownSignerError:
            raise LogDamagedError(str(path), "not signed by the key of this log, in keys/: put that one back") from None
        except CheckpointError as error:
            raise LogHistoryError(str(path), str(error)) from None


def _verified(note: bytes, key: LogKey) -> Checkpoint:
    one = verify(note, [verifier_key(key.first.name, signer) for signer in key.signers])
    if one.origin != key.first.name:
        raise CheckpointError(f"of the log {one.origin!r:.80}, not of {key.first.name}")
    return one


def _by_both(note: bytes, key: LogKey) -> bool:
    try:
        return all(verify(note, (verifier_key(key.first.name, signer),)) for signer in key.signers)
    except CheckpointError:
        return False
