"""By what is an original known again?

By its features (about 90 kB) and a thumbnail of a few bytes. Both follow from its pixels alone, and can be kept.
"""

import zlib
from dataclasses import dataclass
from struct import Struct
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from guard.image.luma import luma_of
from guard.image.registration import Features, Gray, features

GLANCE: Final = 12
"""Pixels of a thumbnail's sides."""
_HEAD: Final = Struct("<IdI")
"""How many features, the tolerance, and the CRC-32 of everything else."""
DESCRIPTOR: Final = 128
"""Bytes of a descriptor."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Described:
    """What is known of an original."""

    features: Features
    """Descriptors are uint8."""
    glances: NDArray[np.float32]
    """The whole and the square in its middle as thumbnails without mean, of length one; shape (2, pixels)."""


def describe(data: bytes) -> Described:
    """Return what an original is known by.

    Raises:
        PictureError: It can not be read.
    """
    luma = luma_of(data)
    kept = features(luma)
    if kept.descriptors is not None:
        kept = Features(points=kept.points, descriptors=kept.descriptors.astype(np.uint8), tolerance=kept.tolerance)
    return Described(features=kept, glances=_glances(luma))


def to_bytes(described: Described) -> bytes:
    """Write it: a head, points (x, y) and glances as float32, descriptors as uint8; little-endian."""
    kept = described.features
    nothing = np.zeros((0, DESCRIPTOR), np.uint8)
    parts = (
        kept.points.astype("<f4").tobytes(),
        described.glances.astype("<f4").tobytes(),
        (nothing if kept.descriptors is None else kept.descriptors).tobytes(),
    )
    body = b"".join(parts)
    return _HEAD.pack(len(kept.points), kept.tolerance, _check(len(kept.points), kept.tolerance, body)) + body


def from_bytes(data: bytes) -> Described | None:
    """Read what `to_bytes` wrote; None where it is anything else."""
    if len(data) < _HEAD.size:
        return None
    count, tolerance, check = _HEAD.unpack_from(data)
    body = data[_HEAD.size :]
    first, second = 8 * count, 8 * count + 4 * 2 * GLANCE**2
    if len(body) != second + DESCRIPTOR * count or check != _check(count, tolerance, body):
        return None
    points = np.frombuffer(body[:first], "<f4").astype(np.float32).reshape(count, 2)
    glances = np.frombuffer(body[first:second], "<f4").astype(np.float32).reshape(2, GLANCE**2)
    descriptors = np.frombuffer(body[second:], np.uint8).reshape(count, DESCRIPTOR) if count else None
    return Described(
        features=Features(points=points, descriptors=descriptors, tolerance=tolerance),
        glances=glances,
    )


def _check(count: int, tolerance: float, body: bytes) -> int:
    return zlib.crc32(body, zlib.crc32(_HEAD.pack(count, tolerance, 0)))


def glance(luma: Gray) -> NDArray[np.float32]:
    """Return the thumbnail of a picture: what is left without its mean, of length one."""
    small = cv2.resize(luma, (GLANCE, GLANCE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return np.asarray(small / (np.sqrt((small**2).sum()) + 1e-6), np.float32)


def _glances(luma: Gray) -> NDArray[np.float32]:
    height, width = luma.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return np.stack((glance(luma), glance(luma[top : top + side, left : left + side])))
