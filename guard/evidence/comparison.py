"""Do the signed roots, the tiles and the side store agree with the leaves?

Each of these is fed the leaves in the order of the log and compares as soon as it can, so
that a log of any length is checked in little memory.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

import orjson

from guard.errors import EvidenceError
from guard.evidence import tile
from guard.evidence.checkpoint import Checkpoint
from guard.evidence.merkle import HASH_SIZE, Frontier
from guard.evidence.report import Findings, LogFiles


class Roots:
    """The roots that checkpoints say, against those of the tree."""

    def __init__(self, findings: Findings, checkpoints: Iterable[Checkpoint]) -> None:
        self.sizes: dict[int, set[bytes]] = {}
        for one in checkpoints:
            self.sizes.setdefault(one.size, set()).add(one.root)
        self._findings = findings
        self._good = 0
        self._told = False

    def check(self, size: int, root: bytes) -> None:
        """Compare what was signed for `size` with `root`."""
        if not self.sizes.get(size, {root}) - {root}:
            self._good = size
        elif not self._told:
            self._told = True  # every later root differs too, for the same reason
            self._findings.fault(
                f"log/seg, records {self._good} to {size - 1}",
                f"not what was signed: the tree of {size} records has another root than its checkpoint",
            )


class Tiles:
    """The tiles on disk, against those of the tree."""

    def __init__(self, findings: Findings, files: LogFiles) -> None:
        self._findings = findings
        self._files = files
        self._rows = tile.TileRows()
        self._stored: dict[tuple[int, int], list[int]] = {}
        self._missing = 0
        for path in files.names("tile"):
            place = tile.parse_path(path)
            if place is None:
                findings.fault(f"log/{path}", "no tile can be called so")
            else:
                self._stored.setdefault((place.level, place.index), []).append(place.width)

    @property
    def tree(self) -> Frontier:
        """The tree over all leaves so far."""
        return self._rows.tree

    def push(self, leaf: bytes) -> None:
        for place, data in self._rows.push(leaf):
            self._compare(place, data)

    def finish(self) -> None:
        for place, data in self._rows.partial():
            self._compare(place, data)
        beyond = sum(map(len, self._stored.values()))
        if beyond:
            self._findings.note(f"{beyond} tiles are beyond the records that are here")
        if self._missing:
            self._findings.note(f"{self._missing} full tiles are missing; they can be made again from the segments")

    def _compare(self, place: tile.Tile, data: bytes) -> None:
        widths = self._stored.pop((place.level, place.index), [])
        if place.width == tile.WIDTH and tile.WIDTH not in widths:
            self._missing += 1
        for width in widths:
            one = tile.Tile(place.level, place.index, width)
            stored = self._files.read(one.path)
            if stored is None:
                continue  # taken away since the folder was read, as partial tiles are when the full one is there
            seen = min(width, place.width) * HASH_SIZE
            if len(stored) != width * HASH_SIZE:
                self._findings.fault(
                    f"log/{one.path}", f"{len(stored)} bytes, not the {width * HASH_SIZE} of its width"
                )
            elif stored[:seen] != data[:seen]:
                entry = next(i for i in range(0, seen, HASH_SIZE) if stored[i : i + 32] != data[i : i + 32]) // 32
                first = (place.index * tile.WIDTH + entry) << (8 * place.level)
                self._findings.fault(
                    f"log/{one.path}, entry {entry}", f"not the hash of record {first} and those under it"
                )


class Rows:
    """The side store's disclosures, against the commitments, both in the order of the log."""

    def __init__(self, findings: Findings, files: LogFiles) -> None:
        self._findings = findings
        self.disclosed = 0
        self.undisclosed = 0
        self._rows = files.disclosures()
        self._next = self._advance()
        if self._rows is None:
            findings.note("no side store here: committed values were not checked")

    def leaf(self, index: int, commitments: Sequence[str] | None) -> None:
        """Compare the rows of leaf `index`; None where the leaf can not be read and so says nothing."""
        if self._rows is None:
            return
        opened: set[str] = set()
        following = self._next
        try:
            while following is not None and following[0] <= index:
                at, group, data = following
                digest = sha256(data).hexdigest()
                if commitments is not None:
                    if digest not in commitments:
                        self._fault(at, group, "not what the record committed to")
                    elif not _is_of(group, data):
                        self._fault(at, group, "stored under the name of another group")
                    else:
                        opened.add(digest)
                following = next(self._rows, None)
        except EvidenceError as error:
            self._findings.fault("side/disclosures.db", str(error))
            following = None
        self._next = following
        if commitments:
            self.disclosed += len(opened)
            self.undisclosed += len(commitments) - len(opened)

    def _fault(self, at: int, group: str, what: str) -> None:
        self._findings.fault(f"side/disclosures.db, {group!r:.20} of record {at}", what)

    def finish(self) -> None:
        beyond = 0
        while self._next is not None:
            beyond += 1
            self._next = self._advance()
        if beyond:
            self._findings.note(f"{beyond} values in the side store belong to records that are not here")

    def _advance(self) -> tuple[int, str, bytes] | None:
        try:
            return next(self._rows, None) if self._rows is not None else None
        except EvidenceError as error:
            self._findings.fault("side/disclosures.db", str(error))
            return None


def _is_of(group: str, data: bytes) -> bool:
    """Say whether the bytes, which were committed to, are a disclosure of `group` in its canonical form.

    As `canonical.parse` and a look at the parts would say; this is done for each of millions of values.
    """
    try:
        parts = orjson.loads(data)
        return (
            type(parts) is list
            and len(parts) == 3
            and type(parts[0]) is str
            and parts[1] == group
            and orjson.dumps(parts, option=orjson.OPT_SORT_KEYS) == data
        )
    except (orjson.JSONDecodeError, TypeError):  # TypeError: nested deeper than orjson writes
        return False
