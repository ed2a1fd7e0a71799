"""How does one process keep an evidence log in a directory?

    log/seg/000000.seg …      the leaves, in frames: the log itself
    log/tile/<L>/<N>          hashes for proofs, derived
    log/checkpoint            the newest signed head; checkpoints.log has all of them
    log/anchors/              what others say about checkpoints
    log/blobs/<sha256>        documents that records name
    log/vkey                  the public key
    guard/checkpoints.db      the newest head seen, against restored backups
    side/disclosures.db       the erasable values, and in side/keys/ what they are sealed with
    keys/log.key              the private key, see `log_keys`
    epochs/                   logs that could not go on, see `epochs`

The directory is locked while it is open. A batch is first in the side store, then in the
segment, both synced, and only then counts. When the disk fails, batches are refused and
counted; as soon as it works again a `gap` record says how many there were.
"""

import errno
import os
import sqlite3
import time
from collections.abc import Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.errors import EvidenceError, LeafError, LogDamagedError, LogHistoryError, RecorderUnavailableError
from guard.evidence import record
from guard.evidence.checkpoint import VerifierKey, verifier_key
from guard.evidence.disclosure import Disclosure
from guard.evidence.merkle import HASH_SIZE, leaf_hash
from guard.evidence.retention import DEFAULT_RETENTION, Retention
from guard.evidence.tile import WIDTH, Tile
from guard.store.batch import Batch, Entry, Refusal, kept, undisclosable
from guard.store.checkpoint_files import CheckpointFiles, Prepared
from guard.store.custody import Custody
from guard.store.durable import make_folder, replace
from guard.store.epochs import Ended, head_guard_folder, latest, put_away
from guard.store.head_guard import HeadGuard
from guard.store.log_keys import PUBLIC, KeyFiles, LogKey
from guard.store.log_opening import lock, opening_records
from guard.store.log_values import Clock, Environment, Lost, Stats, microseconds
from guard.store.recovery import Recovered, recover
from guard.store.segment_files import SegmentFiles
from guard.store.side_store import SideStore

_RETRY_AFTER: Final = 0.25
"""Seconds between attempts while the disk does not work; requests in between are refused at once."""
_DISK_ERRORS: Final = (OSError, sqlite3.Error)


class LogDirectory:
    """An evidence directory, open for writing. Not for use by two threads at once, save for `publish`."""

    def __init__(
        self,
        root: Path,
        *,
        host: str,
        environment: Environment,
        guard_folder: Path | None = None,
        clock: Clock = microseconds,
        wait: float = 0.0,
        retention: Retention = DEFAULT_RETENTION,
        passphrase: bytes = b"",
        goes_on: bool = False,
    ) -> None:
        """Open the log at `root`, or begin one.

        Args:
            guard_folder: Where the newest head is remembered, if not where it was the last time.
            retention: How long values are kept, see `custody`.
            passphrase: Of the private key; empty for none.
            goes_on: Put away a log that contradicts what was signed, and begin another; see `ended`.

        Raises:
            LogInUseError: Another process has it open, also after `wait` seconds.
            LogDamagedError: What is there can not be used, or contradicts what was signed, or a newer head was seen.
            OSError: The directory can not be made or read.
        """
        self.root = root
        self._log = root / "log"
        self._clock = clock
        self._retention = retention
        self._lock = lock(root, wait)
        self._key_files = KeyFiles(root / "keys", passphrase)
        self.ended: Ended | None = None
        """The log that was put away just now; None if it goes on."""
        try:
            folder = head_guard_folder(root, guard_folder)
            try:
                self._open(host, environment, folder)
            except LogHistoryError as error:
                heads = [head] if (head := self._guard.head(self.key.first.name)) else []
                self._guard.close()
                if not goes_on:
                    raise
                self.ended = put_away(root, [*heads], self.key.first.name, str(error))
                self._open(host, environment, folder)
        except BaseException:
            os.close(self._lock)
            raise

    def _open(self, host: str, environment: Environment, guard_folder: Path) -> None:
        for name in ("log", "log/seg", "log/tile", "log/anchors", "log/blobs", "side", "keys"):
            make_folder(self.root / name)
        has_records = any((self._log / "seg").iterdir()) or (self._log / "checkpoint").exists()
        self.key = self._key_files.load_or_create(vkey_file=self._log / "vkey", host=host, has_records=has_records)
        try:
            self._guard = HeadGuard(guard_folder / "checkpoints.db")
            self._checkpoints = CheckpointFiles(self._log, self.key, self._guard)
        except sqlite3.Error as error:
            raise LogDamagedError(str(guard_folder / "checkpoints.db"), f"can not be used: {error}") from None
        found = recover(self._log / "seg", self._checkpoints.signed(), self._checkpoints.repair_tile)
        self._use(self._key_files.settle(self.key, found.newest_key))
        self._checkpoints.repair_partial_tiles(found.rows)
        try:
            self._side = SideStore(self.root / "side" / "disclosures.db", clock=self._clock)
            self._side.purge_from(found.tree.size)
            self.custody = Custody(self, self._side, retention=self._retention, clock=self._clock)
            self.custody.take_epochs(self.root)
        except (EvidenceError, sqlite3.Error) as error:
            raise LogDamagedError(
                str(self.root / "side" / "disclosures.db"),
                f"can not be used: {error}; move it away: the log goes on, what it held is no longer disclosable",
            ) from None
        self._take(found)
        ended = latest(self.root) if found.tree.size == 0 else None
        self._owed = opening_records(self._clock(), found, environment, str(self.key.public), ended)
        with suppress(RecorderUnavailableError):
            self.append(())
        with suppress(*_DISK_ERRORS):
            self.custody.settle(anew=True)

    def _take(self, found: Recovered) -> None:
        self._tree, self._rows = found.tree, found.rows
        self._reservations = found.reservations
        self._files = SegmentFiles(self._log / "seg", found.segment, found.offset)
        self._side_is_clean = True
        self._lost = Lost()
        self._retry_at = 0.0
        self.stats = Stats(
            records=found.tree.size,
            signed=self._checkpoints.size,
            checkpoints=self._checkpoints.count,
            segments=found.segment + 1,
            bytes=found.size_in_bytes,
            repaired_bytes=found.cut.size if found.cut else 0,
        )

    @property
    def size(self) -> int:
        """How many records are durable."""
        return self._tree.size

    def append(self, entries: Sequence[Entry]) -> list[int | Refusal]:
        """Add `entries` in order; return for each its index, or why it can not be a record.

        Once this returns, the records survive a power cut.

        Raises:
            RecorderUnavailableError: The disk did not do its part. None of the entries counts; how many they were is
                said by a `gap` record later.
        """
        if time.monotonic() < self._retry_at:
            self._count_lost(sum(entry.counts for entry in entries))
            raise RecorderUnavailableError(self.stats.failing)
        batch = self._begin()
        results = [batch.admit(entry) for entry in entries]
        if batch.hashes:
            try:
                self._write(batch)
            except _DISK_ERRORS as error:
                self._failed(
                    error, sum(e.counts for e, one in zip(entries, results, strict=True) if isinstance(one, int))
                )
                raise RecorderUnavailableError(self.stats.failing) from error
            self._written(batch)
        return results

    def say(self, leaf: bytes) -> None:
        """Add a record of the keeper's own; it is left out while the disk does not work."""
        self._owed.append(leaf)
        try:
            self.append(())
        except RecorderUnavailableError:
            self._owed.remove(leaf)

    def rotate(self, *, lost: bool = False) -> VerifierKey:
        """Make a new key sign from now on, and return it; the old one signs too for a while, unless it is `lost`.

        The record that names the new key is signed by the old one. Must not run while `publish` does.

        Raises:
            RecorderUnavailableError: The disk did not do its part. The old key signs on, or the rotation is completed
                when the log is opened the next time.
        """
        try:
            following = self._key_files.make_next()
        except OSError as error:
            raise RecorderUnavailableError(f"no key could be made: {error}") from error
        public = verifier_key(self.key.first.name, following)
        self._owed.append(record.key(at=self._clock(), vkey=str(public), lost=lost))
        self.append(())
        if not self.checkpoint():
            raise RecorderUnavailableError(self.stats.failing)
        try:
            self._use(self._key_files.take_over(self.key, following, overlap=not lost))
        except OSError as error:
            raise RecorderUnavailableError(f"the new key could not take over: {error}") from error
        return public

    def _use(self, key: LogKey) -> None:
        self.key = key
        self._checkpoints.sign_with(key, self._retire)
        with suppress(OSError):  # it is for the public alone
            replace(self.root / PUBLIC, "".join(f"{one}\n" for one in dict.fromkeys((key.first, key.public))).encode())

    def _retire(self) -> None:
        self.key = self._key_files.retire(self.key)

    def retry(self) -> None:
        """Try to write what is owed, if anything is: a gap, the records of the start."""
        if self._lost.count or self._owed:
            with suppress(RecorderUnavailableError):
                self.append(())

    def checkpoint(self) -> bool:
        """Sign and publish the log as it is, if there is news; say whether it is published.

        Raises:
            LogDamagedError: Another recorder has moved the log on.
        """
        prepared = self.prepare_checkpoint()
        return prepared is None or self.publish(prepared)

    def prepare_checkpoint(self) -> Prepared | None:
        """Return what `publish` needs to sign the log as it is; None if there is no news."""
        if self._tree.size == self._checkpoints.size:
            return None
        return self._checkpoints.prepare(self._tree, self._rows)

    def publish(self, prepared: Prepared) -> bool:
        """Sign and publish; say whether that was done. May run in another thread while the log is appended to.

        Raises:
            LogDamagedError: Another recorder has moved the log on.
        """
        try:
            self._checkpoints.publish(prepared)
        except _DISK_ERRORS as error:
            self.stats.failing = f"no checkpoint could be written: {error}"
            return False
        with suppress(sqlite3.Error):  # nothing is lost: the values stay in the journal
            self._side.fold()
        self.stats.signed, self.stats.checkpoints = self._checkpoints.size, self._checkpoints.count
        if time.monotonic() >= self._retry_at and not self._lost.count:
            self.stats.failing = ""
        return True

    def disclose(self, index: int, leaf: bytes, disclosures: Sequence[Disclosure]) -> Refusal | None:
        """Keep values that the record `leaf` at `index` commits to and that came without them; say why if not.

        Once this returns None they survive a power cut. Values that are kept already stay as they are.

        Raises:
            RecorderUnavailableError: The disk did not do its part.
        """
        try:
            one = record.read(leaf)
            if not self.is_leaf(index, leaf):
                return Refusal(f"record {index} is another one")
            if reason := undisclosable(one, disclosures):
                return Refusal(reason)
            self._clean_side()
            self._side.put(kept(index, one, disclosures), again=True)
        except LeafError as error:
            return Refusal(str(error))
        except _DISK_ERRORS as error:
            raise RecorderUnavailableError(f"values could not be kept: {error}") from error
        return None

    def is_leaf(self, index: int, leaf: bytes) -> bool:
        """Say whether `leaf` is the one at `index`, by the hashes of the tree; OSError where they can not be read."""
        if not 0 <= index < self._tree.size:
            return False
        number, place = divmod(index, WIDTH)
        tile = Tile(0, number)
        rows = {one.index: data for one, data in self._rows.partial() if one.level == 0}
        data = rows[number] if number in rows else self._checkpoints.tile(tile)
        return data[place * HASH_SIZE : (place + 1) * HASH_SIZE] == leaf_hash(leaf)

    def store_blob(self, data: bytes) -> str:
        """Keep `data` under its SHA-256, durably, and return that.

        Raises:
            RecorderUnavailableError: The disk did not do its part.
        """
        digest = sha256(data).hexdigest()
        path = self._log / "blobs" / digest
        try:
            if not path.exists() or path.read_bytes() != data:
                replace(path, data)
        except OSError as error:
            raise RecorderUnavailableError(f"a document could not be stored: {error}") from error
        return digest

    def close(self) -> None:
        """Publish a last checkpoint and let go of the directory."""
        try:
            self.retry()
            self.checkpoint()
        finally:
            self._files.close()
            for store in (self.custody, self._guard):
                with suppress(sqlite3.Error):
                    store.close()
            os.close(self._lock)

    def _has_blob(self, digest: str) -> bool:
        return (self._log / "blobs" / digest).exists()

    def _begin(self) -> Batch:
        batch = Batch(self._tree.size, self._reservations, self._has_blob, self.custody.holding)
        now = self._clock()
        if self._files.abandoned is not None:
            end = self._files.abandoned
            batch.add(record.repair(at=now, segment=end.segment, offset=end.offset, cut=end.size, digest=end.digest))
        for leaf in self._owed:
            batch.add(leaf)
        lost = self._lost
        if lost.count:
            batch.add(record.gap(at=now, count=lost.count, since=lost.since, until=lost.until, why=lost.why))
        return batch

    def _write(self, batch: Batch) -> None:
        started = time.monotonic()
        self._clean_side()
        if batch.rows:
            self._side_is_clean = False  # until the leaves are there too
            self._side.put_new(batch.rows, batch.held)
        self._files.append(b"".join(batch.frames))
        self._side_is_clean = True
        self.stats.last_sync_seconds = time.monotonic() - started

    def _clean_side(self) -> None:
        """Take away what a failed write left beside the log."""
        if not self._side_is_clean:
            self._side.reopen()
            self._side.purge_from(self._tree.size)
            self._side_is_clean = True

    def _written(self, batch: Batch) -> None:
        for hashed in batch.hashes:
            for tile, data in self._rows.push(hashed):
                self._checkpoints.full_tile(tile, data)
        self._reservations |= batch.new_reservations
        self._owed, self._lost, self._retry_at = [], Lost(), 0.0
        stats = self.stats
        stats.reservations += len(batch.new_reservations)
        stats.came(batch.verified)
        stats.records, stats.failing, stats.segments = self._tree.size, "", self._files.number + 1
        stats.bytes += sum(map(len, batch.frames))

    def _failed(self, error: Exception, count: int) -> None:
        number = getattr(error, "errno", None)
        self._lost.why = errno.errorcode.get(number, "io").lower() if number else "io"
        self._count_lost(count)
        self.stats.failing = f"the evidence log can not be written: {error}"
        self._retry_at = time.monotonic() + _RETRY_AFTER

    def _count_lost(self, count: int) -> None:
        if count:
            now = self._clock()
            self._lost.since = self._lost.since or now
            self._lost.until = now
            self._lost.count += count
            self.stats.gaps += count
