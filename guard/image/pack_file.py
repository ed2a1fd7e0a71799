"""How does a pack lie on disk?

    guardpk1 | length of the description | description | head of the JPEG
    lengths of the plus segments | of the minus segments | plus segments | minus segments | SHA-256 of all before it

Lengths have four bytes, big-endian. The description is JSON: version, rendition, grid, and
the length of the JPEG's head. A pack that does not end as it should was not written whole.
"""

import json
from dataclasses import asdict
from hashlib import sha256
from struct import Struct, unpack_from
from struct import error as StructError  # noqa: N812 - a class

from guard.errors import PictureError
from guard.image.grid import Grid
from guard.image.mark import Pack

MAGIC = b"guardpk1"
VERSION = 3
_LENGTH = Struct(">I")


def to_bytes(pack: Pack) -> bytes:
    """Return the file of `pack`."""
    described = {
        "version": VERSION,
        "rendition": pack.rendition.hex(),
        "grid": asdict(pack.grid),
        "head": len(pack.head),
    }
    description = json.dumps(described, separators=(",", ":")).encode()
    plus, minus = [more for _, more in pack.pairs], [less for less, _ in pack.pairs]
    lengths = b"".join(_LENGTH.pack(len(segment)) for segment in (*plus, *minus))
    body = b"".join((MAGIC, _LENGTH.pack(len(description)), description, pack.head, lengths, *plus, *minus))
    return body + sha256(body).digest()


def from_bytes(data: bytes) -> Pack:
    """Read a file that `to_bytes` made.

    Raises:
        PictureError: It is not whole, or of another version.
    """
    body, digest = data[:-32], data[-32:]
    if not body.startswith(MAGIC) or sha256(body).digest() != digest:
        raise PictureError("a pack is damaged")
    try:
        return _parsed(body)
    except (ValueError, KeyError, TypeError, StructError) as error:
        raise PictureError("a pack is of another version") from error


def _parsed(body: bytes) -> Pack:
    at = len(MAGIC) + _LENGTH.size
    (length,) = _LENGTH.unpack_from(body, len(MAGIC))
    described = json.loads(body[at : at + length])
    if described["version"] != VERSION:
        raise ValueError
    at += length
    head = body[at : at + described["head"]]
    at += len(head)
    grid = Grid(**described["grid"])
    count = grid.segments
    lengths = unpack_from(f">{2 * count}I", body, at)
    at += 8 * count
    segments = []
    for size in lengths:
        segments.append(body[at : at + size])
        at += size
    pairs = list(zip(segments[count:], segments[:count], strict=True))
    return Pack(rendition=bytes.fromhex(described["rendition"]), grid=grid, head=head, pairs=pairs)
