"""Which hashes of the tree lie in which file, so that proofs can be made without the leaves?

C2SP tlog-tiles: a tile of level L holds up to 256 hashes of full subtrees of 256^L leaves. Its
path is `tile/<L>/<N>`, N in groups of three digits, all but the last with an `x` before
(1234067 is `x001/x234/067`); a tile that is not full yet has its width behind: `.p/<W>`.
Tiles are derived: whoever has the segments can make them again.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from guard.evidence.merkle import HASH_SIZE, Frontier, Node, fold

WIDTH: Final = 256
_HEIGHT: Final = 8
_PATH = re.compile(r"tile/(0|[1-9][0-9]?)/((?:x[0-9]{3}/){0,5})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """The place of one tile."""

    level: int
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the log's directory."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-len(digits) // 3 * -3)
        groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
        groups[:-1] = [f"x{group}" for group in groups[:-1]]
        partial = "" if self.width == WIDTH else f".p/{self.width}"
        return f"tile/{self.level}/{'/'.join(groups)}{partial}"


def parse_path(path: str) -> Tile | None:
    """Return the tile that lies at `path`; None if no tile can lie there."""
    match = _PATH.fullmatch(path)
    if match is None:
        return None
    width = int(match[4]) if match[4] else WIDTH
    tile = Tile(int(match[1]), int(match[2].replace("x", "").replace("/", "") + match[3]), width)
    return tile if tile.path == path else None


_NONE: Final[tuple[tuple[Tile, bytes], ...]] = ()


class TileRows:
    """A growing tree, and its tiles that are not full yet: at most 255 hashes a level."""

    __slots__ = ("_rows", "tree")

    def __init__(self) -> None:
        self.tree = Frontier()
        self._rows: list[tuple[int, list[bytes]]] = []

    def push(self, leaf: bytes) -> Sequence[tuple[Tile, bytes]]:
        """Append one leaf hash and return the tiles that it made full, with their bytes: mostly none."""
        tall = self.tree.push(leaf)
        if not tall and self._rows:
            self._rows[0][1].append(leaf)  # a tile becomes full only with a subtree of so many leaves
            return _NONE
        full: list[tuple[Tile, bytes]] = []
        for level, entry in enumerate((leaf, *tall)):
            if level == len(self._rows):
                self._rows.append((0, []))
            index, row = self._rows[level]
            row.append(entry)
            if len(row) == WIDTH:
                full.append((Tile(level, index), b"".join(row)))
                self._rows[level] = (index + 1, [])
        return full

    def partial(self) -> list[tuple[Tile, bytes]]:
        """Return the tiles that are begun but not full, with their bytes."""
        return [(Tile(level, index, len(row)), b"".join(row)) for level, (index, row) in enumerate(self._rows) if row]


def nodes_in_tiles(size: int, read: Callable[[Tile], bytes]) -> Node:
    """Return a `node` function for proofs in the tree of `size` leaves, out of its tiles."""

    def node(level: int, index: int) -> bytes:
        row, inside = divmod(level, _HEIGHT)
        entries = size >> (row * _HEIGHT)
        first = index << inside
        tile = first // WIDTH
        data = read(Tile(row, tile, min(WIDTH, entries - tile * WIDTH)))
        place = first % WIDTH
        hashes = [data[i * HASH_SIZE : (i + 1) * HASH_SIZE] for i in range(place, place + (1 << inside))]
        if any(len(one) != HASH_SIZE for one in hashes):
            raise IndexError(f"the subtree at level {level}, index {index} is not full")
        return fold(hashes)

    return node
