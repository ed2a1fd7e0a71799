"""Which original does a found picture show?

Features of every original are kept (about 90 kB each); the one with most matches that agree on
one map is taken. The choice looks at the picture alone, never at a mark.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from guard.errors import PictureError
from guard.image.luma import luma_of
from guard.image.pattern import Strength
from guard.image.registration import Features, Found, features, match
from guard.image.trace import Original

FEW = 12
"""Matching features below which a picture is also looked for by correlation."""
_READY = 8
"""Originals that are kept decoded."""
_LIKELY = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    name: str
    features: Features
    read: Callable[[], bytes]


class Archive:
    """The owner's originals, as the upstream served them."""

    def __init__(self, key: bytes, strength: Strength | None = None) -> None:
        self._key = key
        self._strength = strength
        self._entries: list[_Entry] = []
        self._ready: OrderedDict[str, Original] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, name: str, data: bytes, read: Callable[[], bytes]) -> None:
        """Take in an original; `read` gives its bytes again.

        Raises:
            PictureError: It can not be read.
        """
        kept = features(luma_of(data))
        if kept.descriptors is not None:
            kept = Features(points=kept.points, descriptors=kept.descriptors.astype(np.uint8), tolerance=kept.tolerance)
        self._entries.append(_Entry(name=name, features=kept, read=read))

    def candidates(self, found: Found) -> list[tuple[str, Original]]:
        """Return the originals that `found` may show, most likely first; all of them where nothing matches."""
        matched = []
        for entry in self._entries:
            one = match(found, entry.features)
            matched.append((one.inliers if one else 0, entry))
        matched.sort(key=lambda pair: -pair[0])
        best = matched[0][0] if matched else 0
        likely = matched if best < FEW else [pair for pair in matched[:_LIKELY] if pair[0] >= FEW]
        ready = ((entry.name, self._original(entry)) for _, entry in likely)
        return [(name, original) for name, original in ready if original is not None]

    def _original(self, entry: _Entry) -> Original | None:
        """Return the original; None where no copy of it can have been marked (see `pack.build`)."""
        if (ready := self._ready.get(entry.name)) is not None:
            self._ready.move_to_end(entry.name)
            return ready
        try:
            made = Original(entry.read(), self._key, self._strength)
        except PictureError:
            return None
        self._ready[entry.name] = made
        if len(self._ready) > _READY:
            self._ready.popitem(last=False)
        return made
