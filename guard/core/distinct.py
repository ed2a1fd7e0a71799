"""About how many different things were there?

A HyperLogLog sketch (Flajolet et al. 2007) with linear counting for few: off by 5 % (one sigma),
and hardly at all below a hundred. Sketches of several processes and days are joined without
counting anything twice.
"""

from collections.abc import Mapping
from hashlib import blake2b
from math import log
from typing import Final

REGISTERS: Final = 512
_DEEPEST: Final = 33
_BIAS: Final = 0.7213 / (1 + 1.079 / REGISTERS)


class Distinct:
    """A sketch of many names."""

    __slots__ = ("_ranks",)

    def __init__(self, ranks: Mapping[int, int] | None = None) -> None:
        """Begin with what `ranks` of another one say; places and ranks out of range are left out."""
        given = ranks or {}
        self._ranks = {p: r for p, r in given.items() if 0 <= p < REGISTERS and 0 < r <= _DEEPEST}

    def add(self, name: str) -> None:
        """Count a name, whether it was there before or not."""
        number = int.from_bytes(blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
        place, rank = number % REGISTERS, _DEEPEST - (number // REGISTERS & 0xFFFFFFFF).bit_length()
        if rank > self._ranks.get(place, 0):
            self._ranks[place] = rank

    def join(self, other: "Distinct") -> None:
        """Count what `other` has counted, each thing once."""
        for place, rank in other.ranks.items():
            if rank > self._ranks.get(place, 0):
                self._ranks[place] = rank

    @property
    def ranks(self) -> Mapping[int, int]:
        """The registers that are not empty."""
        return self._ranks

    def count(self) -> int:
        """Return about how many different names were counted."""
        zeros = REGISTERS - len(self._ranks)
        estimate = _BIAS * REGISTERS**2 / (zeros + sum(2.0**-rank for rank in self._ranks.values()))
        if zeros and estimate < 2.5 * REGISTERS:
            estimate = REGISTERS * log(REGISTERS / zeros)
        return round(estimate)
