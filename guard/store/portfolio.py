"""How many different pictures does a site have?

Nobody tells us, so it is counted what the upstream serves, in sketches that all workers share and that outlive a
restart. A picture is its path and what the upstream says of its bytes, so that query strings which change nothing
make no new one; of several renditions that one counts of which there are most. What was not served for half a year
is forgotten.

The number is believed when it hardly grows: a week after the first picture, and when of the last hundred pictures
served fewer than one in ten were new. Until then it is not known, and nobody is measured by it. It may be too large
(an upstream that makes up sizes on demand), which only makes us milder.

    magic (8) | sites (4) | for each: key (16), times and rates (32), sketches (4 of 512 bytes)
"""

import fcntl
import mmap
import os
import time
from collections.abc import Callable, Sequence
from hashlib import blake2b, sha256
from math import log
from pathlib import Path
from struct import Struct
from typing import Final

from guard.errors import GuardError
from guard.store.durable import FOLDER_MODE, replace

SETTLED: Final = 7 * 86_400.0
"""Seconds after the first picture before which nothing is believed: visits of all days of a week."""
GENERATION: Final = 90 * 86_400.0
"""Seconds after which the sketches in use become the old ones, and the old ones are forgotten."""
MOST_NEW: Final = 0.1
_MEMORY: Final = 1 / 100
"""Weight of one picture in the share of new ones."""
_FRESH: Final = 60.0
"""Seconds for which a process believes its last estimate."""
_MAGIC: Final = b"guardpf1"
_HEAD: Final = Struct("<8sIxxxx")
_SITE: Final = Struct("<16sddf12x")  # key, first picture, begin of the generation, share of new pictures
_REGISTERS: Final = 512
"""Of a sketch: off by 5 % (one sigma), and by one picture where there are thirty."""
_OF_SITE: Final = _SITE.size + 4 * _REGISTERS
_IMAGES, _ORIGINALS, _OLD = 0, _REGISTERS, 2 * _REGISTERS


class Portfolios:
    """The counts of all configured sites, shared by all processes that hold the descriptor."""

    def __init__(self, descriptor: int, hosts: Sequence[str], clock: Callable[[], float] = time.monotonic) -> None:
        """Use the counts behind `descriptor`, which from now on belongs to it.

        Raises:
            GuardError: There are none, or those of other sites.
        """
        self._descriptor = descriptor
        self._clock = clock
        self._keys = [_key(host) for host in hosts]
        self._starts = {host: _HEAD.size + number * _OF_SITE for number, host in enumerate(hosts)}
        size = _HEAD.size + len(hosts) * _OF_SITE
        if os.fstat(descriptor).st_size != size or os.pread(descriptor, _HEAD.size, 0) != _HEAD.pack(
            _MAGIC, len(hosts)
        ):
            raise GuardError("no counts of pictures of these sites")
        self._memory = mmap.mmap(descriptor, size)
        self._believed: dict[str, tuple[float, int]] = {}

    @classmethod
    def create(cls, hosts: Sequence[str]) -> "Portfolios":
        """Begin with nothing: two kibibytes a site."""
        descriptor = os.memfd_create("guard-portfolio", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        os.ftruncate(descriptor, _HEAD.size + len(hosts) * _OF_SITE)
        os.pwrite(descriptor, _HEAD.pack(_MAGIC, len(hosts)), 0)
        for number, host in enumerate(hosts):
            os.pwrite(descriptor, _SITE.pack(_key(host), 0, 0, 1), _HEAD.size + number * _OF_SITE)
        # A file that shrinks under its users ends them with SIGBUS.
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW)
        return cls(descriptor, hosts)

    def fileno(self) -> int:
        """Return the descriptor, to be passed to another process."""
        return self._descriptor

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()
        os.close(self._descriptor)

    def note(self, host: str, picture: int, *, original: bool, at: float) -> None:
        """Count a picture of display size or up that the site served.

        Two workers that count at the same moment may lose one of two pictures, which the next visitor brings back.

        Args:
            picture: 64 evenly spread bits that stand for it; see `picture_number`.
            original: It is larger than the display size.
            at: Seconds since 1970.
        """
        start = self._starts.get(host)
        if start is None:
            return
        memory, sketches = self._memory, start + _SITE.size
        key, first, began, new = _SITE.unpack_from(memory, start)
        if not first or at < first:  # the first one, or a clock that went back
            first = began = at
        if at - began >= GENERATION:
            memory[sketches + _OLD : start + _OF_SITE] = memory[sketches : sketches + _OLD]
            memory[sketches : sketches + _OLD] = bytes(_OLD)
            began = at
        place = sketches + (_ORIGINALS if original else _IMAGES) + picture % _REGISTERS
        rank = 33 - (picture // _REGISTERS & 0xFFFFFFFF).bit_length()
        known = rank <= max(memory[place], memory[place + _OLD])
        memory[place] = max(rank, memory[place])
        new += _MEMORY * ((not known) - new)
        _SITE.pack_into(memory, start, key, first, began, new)

    def believed(self, host: str, at: float) -> int:
        """Return how many pictures the site has; 0 while nobody knows.

        Args:
            at: Seconds since 1970.
        """
        now = self._clock()
        known = self._believed.get(host)
        if known is not None and now - known[0] < _FRESH:
            return known[1]
        count = self._count(host, at)
        self._believed[host] = now, count
        return count

    def _count(self, host: str, at: float) -> int:
        start = self._starts.get(host)
        if start is None:
            return 0
        _, first, _, new = _SITE.unpack_from(self._memory, start)
        settled = bool(first) and at - first >= SETTLED and new < MOST_NEW
        return self.served(host) if settled else 0

    def served(self, host: str) -> int:
        """Return about how many different pictures of a configured site were served so far, believed or not."""
        sketches = self._starts[host] + _SITE.size
        return max(round(self._estimate(sketches + kind)) for kind in (_IMAGES, _ORIGINALS))

    def _estimate(self, start: int) -> float:
        """Estimate how many different pictures the present sketch and the old one have seen together."""
        both = list(
            map(
                max,
                self._memory[start : start + _REGISTERS],
                self._memory[start + _OLD : start + _OLD + _REGISTERS],
            )
        )
        # HyperLogLog (Flajolet et al. 2007), with linear counting for few.
        estimate = 0.7213 / (1 + 1.079 / _REGISTERS) * _REGISTERS**2 / sum(2.0**-rank for rank in both)
        zeros = both.count(0)
        return _REGISTERS * log(_REGISTERS / zeros) if zeros and estimate < 2.5 * _REGISTERS else estimate

    def save(self, path: Path) -> None:
        """Write all counts to `path`, whole or not at all.

        Raises:
            OSError: The disk did not do its part; what was there before is still there.
        """
        data = self._memory[:]
        path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        replace(path, data + sha256(data).digest())

    def restore(self, path: Path) -> int:
        """Take what `save` wrote of the sites that still are, before anybody counts; return how many that were.

        Nothing comes back from a file that is missing or damaged: it is a comfort, not a need.
        """
        try:
            with path.open("rb") as file:
                data = file.read()
        except OSError:
            return 0
        body, digest = data[:-32], data[-32:]
        if len(body) < _HEAD.size or sha256(body).digest() != digest or not body.startswith(_MAGIC):
            return 0
        kept = {
            body[at : at + 16]: body[at : at + _OF_SITE] for at in range(_HEAD.size, len(body) - _OF_SITE + 1, _OF_SITE)
        }
        found = 0
        for key, start in zip(self._keys, self._starts.values(), strict=True):
            if key in kept:
                self._memory[start : start + _OF_SITE] = kept[key]
                found += 1
        return found


def picture_number(path: str, entity_tag: str, last_modified: str, length: str) -> int:
    """Return what stands for a picture: its path without query, and what the upstream says of its bytes.

    A server of files gives one entity tag whatever the query is; a program that tells pictures apart by the query gives
    another tag or another length for each.
    """
    tag = entity_tag.strip().removeprefix("W/") or last_modified
    value = "\n".join((path, tag, length))
    return int.from_bytes(blake2b(value.encode("utf-8", "surrogateescape"), digest_size=8).digest(), "little")


def _key(host: str) -> bytes:
    return blake2b(host.encode(), digest_size=16, person=b"portfolio").digest()
