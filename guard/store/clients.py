"""Where is the recent past of every client, so that all workers see one, and a crash of a worker forgets none?

In fixed slots of shared memory. A bucket has eight slots; a secret multiplier says which bucket
a key belongs to, so nobody can aim at a neighbour. Looking up, adding and evicting touch
one bucket, whatever the table holds.

    head                     what it is, its size, the multiplier
    occupied                 a byte for each bucket: how many of its slots are in use
    buckets                  8 keys of 16 bytes | 8 heads of 16 bytes | 8 records of 512 bytes

A bucket is locked with a byte-range lock of the kernel (fcntl), which is gone with its holder,
however that ends. A slot is marked unused before its record is overwritten and gets its head
last, so what a killed process left half written is absent, not wrong; the CRC says so too.

Eviction is fair inside the bucket: newcomers compete among themselves. At most six slots go to
clients who have earned theirs (by their number of updates, or by their standing), the one
not seen for longest losing it to the next who earns one; so a flood of fresh keys evicts fresh
keys, and a bucket of old friends still has room for new ones.

One process may not use a table from two threads at once: such locks belong to the process.
"""

import fcntl
import mmap
import os
import secrets
import time
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from struct import Struct
from typing import Final, TypeVar
from zlib import crc32

from guard.errors import GuardError

KEY_SIZE: Final = 16
LARGEST_STATE: Final = 512
SLOTS: Final = 200_000
WAYS: Final = 8

ESTABLISHED_AFTER: Final = 8
"""Updates after which a slot is earned: four requests with their answers. Fewer are no past worth protecting: a
sequential test whose single steps are clamped comes to no verdict before."""
MOST_EARNED: Final = 6
"""Slots of a bucket that may be earned; the others are for newcomers."""
MOST_KEPT: Final = 4
"""Of these, slots for those whose standing speaks for them, so that hostile clients can not take all."""

_MAGIC: Final = b"guardcl1"
_TABLE_HEAD: Final = Struct("<8sIIQ16s")
_HEAD_SIZE: Final = 4096
_SLOT_HEAD: Final = Struct("<IHBBQ")  # CRC of key and record, length, updates, rank and standing, when last used
_SLOT_HEADS: Final = Struct("<" + "IHBBQ" * WAYS)
_FIELDS: Final = 5
_KEYS: Final = KEY_SIZE * WAYS
_HEADS: Final = _KEYS + _SLOT_HEAD.size * WAYS
_BUCKET: Final = _HEADS + LARGEST_STATE * WAYS
_UNUSED: Final = bytes(_SLOT_HEAD.size)
_MASK: Final = (1 << 128) - 1
_FRESH, _ESTABLISHED, _KEPT = 0, 1, 2
_PATIENCE: Final = (0.0,) * 20 + (0.0001,) * 50 + (0.001,) * 50 + (0.01,) * 19
"""Seconds between attempts to lock a bucket, a quarter of a second in all. A holder needs microseconds: one that takes
longer is stopped, and must not stop the others."""

T = TypeVar("T")


class Standing(IntEnum):
    """What speaks for keeping a client's slot."""

    ORDINARY = 0
    NOTED = 1
    """It has a bad record, which a flood of fresh keys must not wash away."""
    DECLARED = 2
    """A crawler that names itself; its state also survives a full restart."""


Change = Callable[[bytes | None], tuple[bytes, Standing, T]]
"""Makes the new state, 1 to 512 bytes, out of the old one (None: nothing is known), and a result. It runs while the
bucket is locked: it is pure and short."""


class Held:
    """A state as it was read, or written, by this process. It is the client's as long as nobody else writes it."""

    __slots__ = ("head", "key", "keys", "place", "state")

    def __init__(self, key: bytes, keys: int) -> None:
        self.key = key
        self.keys = keys
        """Where the keys of its bucket begin."""
        self.state: bytes | None = None
        """None: nothing is known of the client."""
        self.place = -1
        """Where the head of its slot is; -1 while it has none."""
        self.head = b""
        """That head: two updates never leave the same, since it says when each was."""


class ClientTable:
    """States of clients by 16-byte key, shared by all processes that hold its descriptor."""

    def __init__(self, descriptor: int, *, layout: int, clock: Callable[[], int] = time.monotonic_ns) -> None:
        """Use the table behind `descriptor`, which from now on belongs to it.

        Args:
            layout: Number of the format of the states; a table with states of another is refused.
            clock: Says when a slot was used; the same for all processes, and never going back.

        Raises:
            GuardError: There is no table, or one of another layout.
        """
        self._descriptor = descriptor
        self._clock = clock
        size = os.fstat(descriptor).st_size
        head = os.pread(descriptor, _TABLE_HEAD.size, 0)
        if len(head) < _TABLE_HEAD.size:
            raise GuardError("no table of clients: the file is too short")
        magic, ways, self.layout, buckets, multiplier = _TABLE_HEAD.unpack(head)
        if magic != _MAGIC or ways != WAYS or self.layout != layout or size != _size(buckets):
            raise GuardError("no table of clients of this version")
        self.buckets = int(buckets)
        self._multiplier = int.from_bytes(multiplier, "little")
        self._first = _first_bucket(self.buckets)
        self._memory = mmap.mmap(descriptor, size)
        self.unstored = 0
        """Updates of this process whose outcome was not stored, as the bucket stayed locked."""

    @classmethod
    def create(cls, slots: int = SLOTS, *, layout: int, path: Path | None = None) -> "ClientTable":
        """Make an empty table for at least `slots` clients: in memory, or as a new file at `path` (on a tmpfs).

        Memory is taken as buckets are used, at most 545 bytes a slot: 109 MB for 200,000.
        """
        buckets = max(1, -(-slots // WAYS))
        if path is None and hasattr(os, "memfd_create"):
            descriptor = os.memfd_create("guard-clients", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        elif path is not None:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        else:
            raise GuardError("this system has no memory files: a path is needed")
        os.ftruncate(descriptor, _size(buckets))
        multiplier = (secrets.randbits(128) | 1).to_bytes(16, "little")
        os.pwrite(descriptor, _TABLE_HEAD.pack(_MAGIC, WAYS, layout, buckets, multiplier), 0)
        if path is None:
            # A file that shrinks under its users ends them with SIGBUS.
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        return cls(descriptor, layout=layout)

    @classmethod
    def open(cls, path: Path, *, layout: int) -> "ClientTable":
        """Use the table at `path`.

        Raises:
            GuardError: There is no table, or one of another layout.
        """
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise GuardError(f"no table of clients: {error}") from None
        return cls(descriptor, layout=layout)

    def fileno(self) -> int:
        """Return the descriptor, to be passed to another process."""
        return self._descriptor

    @property
    def capacity(self) -> int:
        """How many clients fit in."""
        return self.buckets * WAYS

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()
        os.close(self._descriptor)

    def update(self, key: bytes, change: Change[T], held: Held | None = None, *, worth: int = 1) -> T:
        """Replace the state of `key` by what `change` makes of it, atomically, and return its result.

        If `change` raises, or makes a state that is empty or too long (ValueError), nothing is changed.

        Args:
            held: What this process holds of the client. If nobody else has written, `change` gets `held.state`, the
                very object, and `held` is what was written afterwards; else `held` is of no more use.
            worth: How many updates this one counts for.
        """
        bucket = self._bucket(key)
        if not self._lock(bucket):
            self.unstored += 1
            return change(held.state if held is not None and self.is_current(held) else self.get(key))[2]
        try:
            memory, at = self._memory, self._first + bucket * _BUCKET
            slot = _slot_of(memory[at : at + _KEYS], key)
            updates = rank = 0
            old = None
            if slot >= 0:
                head = at + _KEYS + slot * _SLOT_HEAD.size
                crc, length, updates, place, _ = _SLOT_HEAD.unpack_from(memory, head)
                if held is not None and memory[head : head + _SLOT_HEAD.size] == held.head:
                    old, rank = held.state, place >> 4
                else:
                    start = at + _HEADS + slot * LARGEST_STATE
                    state = memory[start : start + length]
                    if length and crc32(state, crc32(key)) == crc:
                        old, rank = state, place >> 4
                    else:
                        updates = 0
            new, standing, result = change(old)
            if not 0 < len(new) <= LARGEST_STATE:
                raise ValueError(f"a state of {len(new)} bytes")
            updates = min(updates + worth, ESTABLISHED_AFTER)
            earned = _KEPT if standing else _ESTABLISHED if updates >= ESTABLISHED_AFTER else _FRESH
            if old is None:
                slot = self._vacate(bucket, at, slot)
                rank = _FRESH
            if earned > rank:
                self._make_room(at, slot, earned)
            written = self._write(at, slot, key, new, updates=updates, place=earned << 4 | standing)
            if held is not None and old is held.state:
                held.state, held.head, held.place = new, written, at + _KEYS + slot * _SLOT_HEAD.size
            return result
        finally:
            self._unlock(bucket)

    def hold(self, key: bytes) -> Held:
        """Return the state of `key` as it was last stored, together with what tells whether it still is."""
        at = self._first + self._bucket(key) * _BUCKET
        held = Held(key, at)
        slot = _slot_of(self._memory[at : at + _KEYS], key)
        if slot >= 0:
            place = at + _KEYS + slot * _SLOT_HEAD.size
            head = self._memory[place : place + _SLOT_HEAD.size]
            found = self._look(key)
            if found is not None and self._memory[place : place + _SLOT_HEAD.size] == head:
                held.state, held.head, held.place = found[1], head, place
        return held

    def is_current(self, held: Held) -> bool:
        """Tell whether nobody else has written the client's state since. Locks nothing."""
        if held.place < 0:
            return _slot_of(self._memory[held.keys : held.keys + _KEYS], held.key) < 0
        return self._memory[held.place : held.place + _SLOT_HEAD.size] == held.head

    def get(self, key: bytes) -> bytes | None:
        """Return the state of `key` as it was last stored; None if nothing is known."""
        found = self._look(key)
        return None if found is None else found[1]

    def standing(self, key: bytes) -> Standing | None:
        """Return the standing of `key`; None if nothing is known."""
        found = self._look(key)
        return None if found is None else found[0]

    def count(self) -> int:
        """Return how many slots are in use."""
        return sum(self._memory[_HEAD_SIZE : _HEAD_SIZE + self.buckets])

    def declared(self) -> Iterator[tuple[int, bytes, bytes]]:
        """Yield when it was last used, key and state of each crawler that names itself, bucket by bucket."""
        return ((used, key, state) for used, key, state, standing in self.since(0) if standing == Standing.DECLARED)

    def since(self, moment: int, updates: int = 1) -> Iterator[tuple[int, bytes, bytes, int]]:
        """Yield when it was used, key, state and standing of who was used since, with standing or so many updates."""
        occupied = self._memory[_HEAD_SIZE : _HEAD_SIZE + self.buckets]
        for bucket, used in enumerate(occupied):
            if not used:
                continue
            at = self._first + bucket * _BUCKET
            values = _SLOT_HEADS.unpack_from(self._memory, at + _KEYS)
            for slot in range(WAYS):
                _, length, seen, place, at_last = values[slot * _FIELDS : (slot + 1) * _FIELDS]
                if length and at_last >= moment and (seen >= updates or place & 15):
                    start = at + slot * KEY_SIZE
                    key = self._memory[start : start + KEY_SIZE]
                    state = self._read(at, slot, key)
                    if state is not None:
                        yield at_last, key, state[1], place & 15

    def _bucket(self, key: bytes) -> int:
        if len(key) != KEY_SIZE:
            raise ValueError(f"a key of {len(key)} bytes")
        # Multiply-shift: two keys, whichever, share a bucket with a chance of at most two in the number of buckets.
        return ((int.from_bytes(key, "little") * self._multiplier & _MASK) >> 96) * self.buckets >> 32

    def _lock(self, bucket: int) -> bool:
        for pause in _PATIENCE:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, bucket)
            except (BlockingIOError, PermissionError):  # POSIX allows EAGAIN and EACCES
                time.sleep(pause)
            else:
                return True
        return False

    def _unlock(self, bucket: int) -> None:
        fcntl.lockf(self._descriptor, fcntl.LOCK_UN, 1, bucket)

    def _look(self, key: bytes) -> tuple[Standing, bytes] | None:
        """Read without locking; lock only if somebody writes just then."""
        bucket = self._bucket(key)
        at = self._first + bucket * _BUCKET
        slot = _slot_of(self._memory[at : at + _KEYS], key)
        if slot < 0:
            return None
        for _ in range(3):
            if (found := self._read(at, slot, key)) is not None:
                return found
        if self._lock(bucket):
            try:
                slot = _slot_of(self._memory[at : at + _KEYS], key)
                return None if slot < 0 else self._read(at, slot, key)
            finally:
                self._unlock(bucket)
        return None

    def _read(self, at: int, slot: int, key: bytes) -> tuple[Standing, bytes] | None:
        head = at + _KEYS + slot * _SLOT_HEAD.size
        crc, length, _, place, _ = _SLOT_HEAD.unpack_from(self._memory, head)
        start = at + _HEADS + slot * LARGEST_STATE
        state = self._memory[start : start + length]
        if not length or crc32(state, crc32(key)) != crc:
            return None
        return Standing(place & 3), state

    def _vacate(self, bucket: int, at: int, slot: int) -> int:
        """Return a slot for a new key: the one that has it already without a whole record, a free one, or the fresh
        one that was not used for longest."""
        values = _SLOT_HEADS.unpack_from(self._memory, at + _KEYS)
        lengths, places, used = values[1::_FIELDS], values[3::_FIELDS], values[4::_FIELDS]
        if slot < 0:
            free = lengths.index(0) if 0 in lengths else -1
            slot = free if free >= 0 else min(range(WAYS), key=lambda one: (places[one] >> 4, used[one]))
        self._memory[_HEAD_SIZE + bucket] = WAYS - lengths.count(0) + (lengths[slot] == 0)
        return slot

    def _make_room(self, at: int, slot: int, earned: int) -> None:
        """Take the rank of whoever was not seen for longest, where with `slot` there are more of it than there may."""
        values = _SLOT_HEADS.unpack_from(self._memory, at + _KEYS)
        ranks = [place >> 4 for place in values[3::_FIELDS]]
        ranks[slot] = earned
        for rank, most in ((_KEPT, MOST_KEPT), (_ESTABLISHED, MOST_EARNED)):
            if sum(one >= rank for one in ranks) <= most:
                continue
            candidates = [one for one in range(WAYS) if ranks[one] == rank and one != slot]
            if candidates:
                loser = min(candidates, key=lambda one: values[one * _FIELDS + 4])
                # Standing alone earns no place among those who came again: it would push them out.
                came_again = values[loser * _FIELDS + 2] >= ESTABLISHED_AFTER
                ranks[loser] = _ESTABLISHED if rank == _KEPT and came_again else _FRESH
                place = at + _KEYS + loser * _SLOT_HEAD.size + 7
                self._memory[place] = ranks[loser] << 4 | self._memory[place] & 15

    def _write(self, at: int, slot: int, key: bytes, state: bytes, *, updates: int, place: int) -> bytes:
        memory = self._memory
        head, start = at + _KEYS + slot * _SLOT_HEAD.size, at + _HEADS + slot * LARGEST_STATE
        memory[head : head + _SLOT_HEAD.size] = _UNUSED
        memory[at + slot * KEY_SIZE : at + (slot + 1) * KEY_SIZE] = key
        memory[start : start + len(state)] = state
        # Last: until it is there the slot is unused, whoever ends in between.
        written = _SLOT_HEAD.pack(crc32(state, crc32(key)), len(state), updates, place, self._clock())
        memory[head : head + _SLOT_HEAD.size] = written
        return written


def _slot_of(keys: bytes, key: bytes) -> int:
    """Return which of the eight keys in `keys` is `key`; -1 if none is."""
    at = keys.find(key)
    while at > 0 and at % KEY_SIZE:
        at = keys.find(key, at + 1)
    return at // KEY_SIZE if at >= 0 else -1


def _first_bucket(buckets: int) -> int:
    return _HEAD_SIZE + -(-buckets // _HEAD_SIZE) * _HEAD_SIZE


def _size(buckets: int) -> int:
    return _first_bucket(buckets) + buckets * _BUCKET
