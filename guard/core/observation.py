"""What does one request tell about its client's behaviour?

Two moments: when its head is there, and when it was answered and its kind is known. Numbers stand for addresses of
pictures and albums, so that nothing readable is kept.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from guard.core.facts import Kind, RequestFacts
from guard.core.header_signals import HeadReading, Sign


class Observation(NamedTuple):
    """A request, and what the caller knows about it that its head does not say."""

    facts: RequestFacts
    head: HeadReading
    at: float
    """Unix seconds."""
    declared: bool = False
    """The user agent names a crawler: it is not odd that it does not look like a browser."""
    trusted_peer: bool = False
    """The request came through a front server that writes forwarding headers itself."""
    decoy: bool = False
    """The path is one that no person sees."""
    disallows: Callable[[bytes], bool] | None = None
    """Tells whether a robots.txt, known by the first 8 bytes of its digest, keeps this client from this path."""
    connection: tuple[Sign, ...] = ()
    """What is odd about the connection by what a trusted front server tells of it."""
    originals: int = 0
    """How many different originals the site is known to have; 0 where nobody knows."""

    @property
    def key(self) -> bytes:
        """The 16 bytes under which the client's record is kept."""
        return self.head.key


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What became of the request."""

    kind: Kind
    """Of the resource that was asked for, also where the answer was a refusal."""
    status: int
    refused: bool = False
    """The answer was ours and a refusal: 401, 403, 402, 429 or the like."""
    robots_digest: bytes = b""
    """At least 8 bytes of the SHA-256 of the robots.txt that was served; empty for anything else."""


def picture_id(facts: RequestFacts) -> int:
    """Return 64 bits for the address, query included: some galleries tell pictures apart by it alone."""
    return _id(facts.site + facts.target)


def album_id(facts: RequestFacts) -> int:
    """Return 64 bits for the folder that the path lies in."""
    return _id(facts.site + facts.path.rpartition("/")[0])


_LAST_NUMBER = re.compile(r"(\d{1,9})\D*$", re.ASCII)


def last_number(facts: RequestFacts) -> int:
    """Return the last number in the address, as in `p07.jpg` or `?id=1234`; -1 where there is none."""
    match = _LAST_NUMBER.search(facts.target[-128:])
    return int(match[1]) if match else -1


_SIZE = re.compile(
    r"(?<![a-z0-9])(?:\d{2,5}x\d{2,5}|(?:w|h|width|height|s|size|q|quality)[=_-]?\d{2,5}|[1-4]x"
    r"|thumb(?:nail)?|small|medium|x?large|original|full)(?![a-z0-9])",
    re.ASCII | re.IGNORECASE,
)


def stem_id(facts: RequestFacts) -> int:
    """Return 32 bits for the address without what names a size, as in `p-1024x683.jpg`; 0 where it names none."""
    stem, sizes = _SIZE.subn("", facts.target[-256:])
    return _id(facts.site + stem) & 0xFFFFFFFF if sizes else 0


def _id(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")
