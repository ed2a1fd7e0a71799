"""How does an original look that copies were marked from with one key?

It is decoded and its mark made when a found picture may show it; the last few are kept.
"""

from collections import OrderedDict

from guard.errors import PictureError
from guard.image.originals import Known
from guard.image.pattern import Strength
from guard.image.trace import Original
from guard.image.visible_mark import VisibleMark

_READY = 8
"""Originals that are kept decoded."""


class Archive:
    """Originals with the marks of one key."""

    def __init__(self, key: bytes, strength: Strength | None = None) -> None:
        self._key = key
        self._strength = strength
        self._ready: OrderedDict[tuple[str, VisibleMark | None], Original | None] = OrderedDict()

    def original(self, known: Known, visible_mark: VisibleMark | None = None) -> Original | None:
        """Return an original; None where no copy of it can have been marked (see `pack.build`).

        Args:
            visible_mark: What was drawn over the copies first; None for nothing.
        """
        which = known.name, visible_mark
        if which in self._ready:
            self._ready.move_to_end(which)
            return self._ready[which]
        try:
            made = Original(known.read(), self._key, self._strength, visible_mark=visible_mark)
        except PictureError:
            made = None
        self._ready[which] = made
        if len(self._ready) > _READY:
            self._ready.popitem(last=False)
        return made
