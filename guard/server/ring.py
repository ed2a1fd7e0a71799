"""Where are the values of people's commitments, until they are forgotten?

In the memory of this process and nowhere else, packed, and bounded in time and bytes: whatever comes, the oldest go
first. Most of what a browser sends it sends every time, and every browser sends much the same; so each record is
packed by itself, with a typical one as the dictionary, and takes less than a third. A dictionary made of what somebody
really sent would outlive that person's hour.
"""

import zlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from guard.evidence.disclosure import Disclosure
from guard.server.recorder_protocol import append_body, parse_append

RING_BYTES: Final = 16 << 20
"""About 20,000 records of one worker: five page views a second, for an hour."""
OVERHEAD: Final = 280
"""Bytes that holding one record's values takes beside them, as measured (`tests/server/test_ring.py`)."""

_WINDOW: Final = -13
_MEMORY: Final = 5
_LEVEL: Final = 3
_TYPICAL: Final = (
    b'["X-Forwarded-For",null],["Via",null],["If-None-Match",null],["If-Modified-Since",null],["Range",null],'
    b"(present, not recorded)(not-recorded)Safari/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 "
    b"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X)Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
    b"Mozilla/5.0 (Linux; Android 10; K)Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0"
    b'Mozilla/5.0 (Windows NT 10.0; Win64; x64)","Brave";v=" Edg/,"text/html,application/xhtml+xml,application/xml;'
    b'q=0.9,image/avif,image/webp,image/png,image/svg+xml,*/*;q=0.8","de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7","gzip, '
    b'deflate","HTTP/1.0","HEAD",'
    b'{"at":1795610815029829,"count":1,"from":1795348800000000,"kind":"cmt","sd":["","",""],"site":"","to":'
    b'1795348800000000,"v":1}\x06person\0\0\0\x89["","person",{"ports":[50000],"seen":[{"address":"","chain":"",'
    b'"headers":[],"peer":"127.0.0.1","source":"peer"}]}]"source":"header"\x04tool\0\0\x02["","tool",{"seen":[{"headers":'
    b'[["Host",null],["Connection","keep-alive"],["sec-ch-ua-platform","\\"Linux\\""],["User-Agent","Mozilla/5.0 (X11; '
    b'Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"],["sec-ch-ua","\\"Not:A-'
    b'Brand\\";v=\\"8\\", \\"Chromium\\";v=\\"144\\", \\"Google Chrome\\";v=\\"144\\""],["sec-ch-ua-mobile","?0"],['
    b'"Accept","image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"],["Sec-Fetch-Site","same-origin"],'
    b'["Sec-Fetch-Mode","no-cors"],["Sec-Fetch-Dest","image"],["Referer",null],["Accept-Encoding","gzip, deflate, '
    b'br, zstd"],["Accept-Language","en-US,en;q=0.9"],["Cookie",null]]}]}]\x07network\0\0\0["","network",{"seen":[{'
    b'"prefix":".0/24","system":0}]}]\x06target\0\0\0["","target",{"requests":[[1795348800000000,0,"/.jpg"]],"seen":[{'
    b'"authority":"","method":"GET","network":0,"scheme":"https","tool":0,"version":"1.1"}]}]\x07request\0\0\0["",'
    b'"request",{"queries":[""],"seen":[{"headers":[["Host",""],["Referer","https://.html"],["Cookie","(present, not '
    b'recorded)"]],"person":0}]}]'
)


@dataclass(slots=True, eq=False)
class Held:
    """The values of one record, until they are forgotten."""

    key: bytes
    """The client."""
    index: int
    """Of the record in the log."""
    until: float
    packed: bytes
    """Leaf and disclosures; empty once they are kept elsewhere."""

    def values(self) -> tuple[bytes, tuple[Disclosure, ...]]:
        """Return leaf and disclosures, as `parse_append` does."""
        return parse_append(zlib.decompressobj(_WINDOW, zdict=_TYPICAL).decompress(self.packed))


class Ring:
    """Values of records by client, the oldest first."""

    def __init__(self, most: int = RING_BYTES) -> None:
        """Begin with nothing; `most` are the bytes that all may take."""
        self.most = most
        self.size = 0
        """Bytes that they take now, about."""
        self._all: deque[Held] = deque()
        self._by_key: dict[bytes, tuple[Held, ...]] = {}

    def __len__(self) -> int:
        """Return how many records' values are here."""
        return sum(map(len, self._by_key.values()))

    def __repr__(self) -> str:
        return f"Ring({len(self)}, size={self.size}, most={self.most})"

    @property
    def keys(self) -> tuple[bytes, ...]:
        """Return the clients."""
        return tuple(self._by_key)

    def hold(self, key: bytes, index: int, until: float, leaf: bytes, groups: Sequence[Disclosure]) -> None:
        """Take the values of the record `leaf` at `index`."""
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _WINDOW, _MEMORY, zlib.Z_DEFAULT_STRATEGY, _TYPICAL)
        held = Held(key, index, until, packer.compress(append_body(leaf, groups)) + packer.flush())
        self._all.append(held)
        self._by_key[key] = (*self._by_key.get(key, ()), held)
        self.size += OVERHEAD + len(held.packed)

    def of(self, key: bytes) -> tuple[Held, ...]:
        """Return what is here of a client."""
        return self._by_key.get(key, ())

    def next_due(self, now: float) -> Held | None:
        """Take the oldest out of the ring if its time is over or there is too much; `let_go` ends it."""
        while self._all and (self.size > self.most or self._all[0].until <= now):
            held = self._all.popleft()
            self.size -= OVERHEAD
            if held.packed:
                return held
        return None

    def let_go(self, held: Held) -> None:
        """Forget the values."""
        self.size -= len(held.packed)
        held.packed = b""
        if rest := tuple(one for one in self._by_key[held.key] if one is not held):
            self._by_key[held.key] = rest
        else:
            del self._by_key[held.key]

    def clear(self) -> None:
        """Forget everything."""
        self._all.clear()
        self._by_key.clear()
        self.size = 0
