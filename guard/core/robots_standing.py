"""Which robots.txt was a client served, since when, and did it break it?

A part of the client's record: one entry for each of the last few hosts, because a robots.txt holds for one host
(RFC 9309, section 2.3). A version is known by the first 8 bytes of the SHA-256 of the bytes that were sent; what it
says is kept elsewhere. A client that fetches the same version again is held to it as before, so that asking for it
every minute is no licence; with another version it begins anew.
"""

from dataclasses import dataclass
from hashlib import blake2b
from struct import Struct
from typing import Final

VERSION_SIZE: Final = 8
HOSTS: Final = 3
_ENTRY: Final = Struct("<I8sIIHxx")
SIZE: Final = HOSTS * _ENTRY.size
"""Bytes of all entries."""
_MOST: Final = 0xFFFFFFFF
_MOST_BREACHES: Final = 0xFFFF
_NONE: Final = bytes(SIZE)


@dataclass(frozen=True, slots=True, kw_only=True)
class RobotsStanding:
    """What a client was told on one host, and how it kept to it."""

    version: bytes
    """First 8 bytes of the SHA-256 of the robots.txt that was served to it."""
    since: int
    """Unix second in which it was first served this version."""
    broken_at: int
    """Unix second in which it last asked for what this version disallows; 0 for never."""
    breaches: int
    """How often that was, up to 65,535."""


def serve(entries: bytearray, host: str, version: bytes, at: float) -> None:
    """Note that the client was served `version` (at least 8 bytes of its digest) on `host`."""
    number, second = _number(host), _second(at)
    free, oldest = 0, _MOST + 1
    for place in range(0, SIZE, _ENTRY.size):
        known, held, since, _, _ = _ENTRY.unpack_from(entries, place)
        if known == number:
            if held == version[:VERSION_SIZE]:
                return
            free = place
            break
        if since < oldest:
            free, oldest = place, since
    _ENTRY.pack_into(entries, free, number, version[:VERSION_SIZE], second, 0, 0)


def breach(entries: bytearray, host: str, at: float) -> None:
    """Note that the client asked for what the version that it was served disallows."""
    number = _number(host)
    for place in range(0, SIZE, _ENTRY.size):
        known, version, since, _, breaches = _ENTRY.unpack_from(entries, place)
        if known == number:
            breaches = min(breaches + 1, _MOST_BREACHES)
            _ENTRY.pack_into(entries, place, number, version, since, _second(at), breaches)


def merge(base: bytes | bytearray, later: bytes | bytearray, other: bytes | bytearray) -> bytearray:
    """Return where a client stands that two guards have seen, from what both knew and what each has made of it.

    Of one host the version that was served last holds; of more hosts than there is room for, those served last.
    """
    known, mine = _entries(base), _entries(later)
    found = dict(mine)
    for number, (version, since, broken_at, breaches) in _entries(other).items():
        if number not in mine or (version != mine[number][0] and since > mine[number][1]):
            found[number] = (version, since, broken_at, breaches)
            continue
        held, since_mine, broken_mine, breaches_mine = mine[number]
        if held == version:
            before = known[number][3] if number in known and known[number][0] == version else 0
            both = max(breaches, breaches_mine, breaches + breaches_mine - before)
            found[number] = (version, min(since, since_mine), max(broken_at, broken_mine), min(both, _MOST_BREACHES))
    merged = bytearray(SIZE)
    newest = sorted(found.items(), key=lambda one: -one[1][1])[:HOSTS]
    for place, (number, entry) in enumerate(newest):
        _ENTRY.pack_into(merged, place * _ENTRY.size, number, *entry)
    return merged


def _entries(entries: bytes | bytearray) -> dict[int, tuple[bytes, int, int, int]]:
    """Return version, since, broken_at and breaches by the number of the host."""
    rows = (_ENTRY.unpack_from(entries, place) for place in range(0, SIZE, _ENTRY.size))
    return {
        number: (version, since, broken_at, breaches) for number, version, since, broken_at, breaches in rows if number
    }


def standing(entries: bytes | bytearray, host: str) -> RobotsStanding | None:
    """Return where the client stands on `host`; None if it was served no robots.txt there."""
    if entries == _NONE:
        return None
    number = _number(host)
    for place in range(0, SIZE, _ENTRY.size):
        known, version, since, broken_at, breaches = _ENTRY.unpack_from(entries, place)
        if known == number:
            return RobotsStanding(version=version, since=since, broken_at=broken_at, breaches=breaches)
    return None


def _number(host: str) -> int:
    """Return 32 bits for a host, never 0, which stands for a free entry."""
    return int.from_bytes(blake2b(host.encode("utf-8", "surrogateescape"), digest_size=4).digest(), "little") or 1


def _second(at: float) -> int:
    return min(max(int(at), 1), _MOST)
