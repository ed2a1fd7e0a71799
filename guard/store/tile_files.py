"""How are proofs made from the tiles of a log that somebody else is writing?

Tiles are there before the checkpoint that needs them. A tile that was partial then may be
full by now, or wider: its beginning is the same.
"""

from pathlib import Path

from guard.errors import EvidenceError
from guard.evidence.merkle import consistency_proof
from guard.evidence.tile import WIDTH, Tile, nodes_in_tiles


def read_tile(log: Path, tile: Tile) -> bytes:
    """Return the hashes of `tile`, or of a wider one that begins with them.

    Raises:
        EvidenceError: It is not there.
    """
    full = Tile(tile.level, tile.index)
    for path in (log / tile.path, log / full.path):
        try:
            return path.read_bytes()
        except OSError:
            continue
    wider = (Tile(tile.level, tile.index, width) for width in range(tile.width + 1, WIDTH))
    for one in wider:
        try:
            return (log / one.path).read_bytes()
        except OSError:
            continue
    raise EvidenceError(
        f"{log / tile.path} is missing: no proof can be made; it is written again when the guard starts"
    )


def consistency(log: Path, old: int, new: int) -> tuple[bytes, ...]:
    """Return the proof that the first `new` records go on from the first `old`; empty if `old` is 0 or `new`.

    Raises:
        EvidenceError: The tiles for it are not there.
    """
    if old in {0, new}:
        return ()
    try:
        return consistency_proof(old, new, nodes_in_tiles(new, lambda tile: read_tile(log, tile)))
    except (ValueError, IndexError) as error:
        raise EvidenceError(f"{log / 'tile'}: {error}") from None
