"""Which chips does a copy have?

They come from a keyed pseudo-random function of the rendition and the mark id: SHAKE256
(FIPS 202) over HMAC-SHA256 (RFC 2104) with the mark key. Whoever has no key can not tell
them from coin flips, and that is all that the bound on a false accusation rests on.
"""

import hmac
from hashlib import sha256, shake_256

KEY_SIZE = 32
"""Bytes of a mark key."""
MARK_ID_SIZE = 8
"""Bytes of a mark id: random, so that two are never issued twice by chance."""

_BITS = tuple(bytes(byte >> shift & 1 for shift in range(7, -1, -1)) for byte in range(256))


def chips(key: bytes, rendition: bytes, mark_id: bytes, count: int) -> bytes:
    """Return `count` chips, a byte 0 or 1 each, of the copy of `rendition` (a SHA-256) that has `mark_id`."""
    return _coins(hmac.digest(key, b"chip:" + rendition + mark_id, "sha256"), count)


def seed_of_signs(key: bytes, rendition: bytes) -> bytes:
    """Return 32 bytes from which the signs of a rendition's pattern come: all of the key that making a pack needs."""
    return hmac.digest(key, b"sign:" + rendition, "sha256")


def signs(seed: bytes, count: int) -> bytes:
    """Return for each chip 0 or 1, the side its pattern shows; the same in all copies of a rendition."""
    return _coins(seed, count)


def commitment(key: bytes) -> bytes:
    """Return 32 bytes that bind to `key` and tell nothing about it; on record before the first mark is issued."""
    return hmac.new(key, b"crawler-guard mark key commitment 1", sha256).digest()


def _coins(seed: bytes, count: int) -> bytes:
    digest = shake_256(seed).digest(-(-count // 8))
    return b"".join([_BITS[byte] for byte in digest])[:count]
