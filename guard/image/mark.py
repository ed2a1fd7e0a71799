"""What does the copy with a given mark id consist of?

Of the pack's head and, for each segment, plus or minus as its chip says. This runs in the
proxy worker for every marked picture, so it needs neither a decoder nor numpy: it looks up
bytes and joins them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from operator import getitem, itemgetter

from guard.image.chips import chips
from guard.image.grid import Grid

END = b"\xff\xd9"


@dataclass(frozen=True, kw_only=True)
class Pack:
    """Both encodings of one rendition."""

    rendition: bytes
    """SHA-256 of the upstream's bytes."""
    grid: Grid
    head: bytes = field(repr=False)
    """Of the JPEG file, up to the first coded byte."""
    pairs: Sequence[tuple[bytes, bytes]] = field(repr=False)
    """Minus and plus of each segment, with the marker that ends it."""

    @cached_property
    def choose(self) -> "Callable[[bytes], Iterable[int]]":
        """Takes from the chips of a copy the one of each segment."""
        of_segment = self.grid.chip_of_segment
        return itemgetter(*of_segment) if len(of_segment) > 1 else bytes

    @property
    def size(self) -> int:
        """Bytes that both encodings take."""
        return len(self.head) + sum(len(minus) + len(plus) for minus, plus in self.pairs)


def copy_for(pack: Pack, key: bytes, mark_id: bytes) -> bytes:
    """Return the whole JPEG file that is issued under `mark_id`; always the same for the same pack, key and id."""
    chosen = pack.choose(chips(key, pack.rendition, mark_id, pack.grid.chips))
    return pack.head + b"".join(map(getitem, pack.pairs, chosen))


def make_pack(rendition: bytes, grid: Grid, head: bytes, plus: Sequence[bytes], minus: Sequence[bytes]) -> Pack:
    """Make a pack of coded segments, which get their restart markers, counted modulo 8 (T.81, B.2.1)."""
    last = len(plus) - 1
    ends = [END if index == last else bytes((0xFF, 0xD0 + index % 8)) for index in range(len(plus))]
    pairs = [(less + end, more + end) for less, more, end in zip(minus, plus, ends, strict=True)]
    return Pack(rendition=rendition, grid=grid, head=head, pairs=pairs)
