"""Between which two times of others was a record made?

A token that is on record before a record r is older than r: its bytes could not be foreseen. A
token over a head that covers r is younger than r. So T(i) <= time of r <= T(i+1), whatever
our own clock said, as long as the clock of an authority was right. Where several vouch
for one head, the most cautious of them counts, so one wrong clock of two does no harm.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, combinations
from operator import itemgetter

from guard.evidence.anchor import Anchor, AnchorKind

TOLERANCE = 60_000_000
"""Microseconds: tokens over one head are asked for within the same minute, so clocks further apart than that differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bracket:
    """Two times of others, in microseconds since 1970, with what their clocks may be off already taken into account."""

    not_before: int | None
    """None: no token is on record before this record."""
    not_after: int | None
    """None: no token covers it yet."""
    after: tuple[Anchor, ...] = ()
    """The tokens that `not_before` rests on, all over one head."""
    before: tuple[Anchor, ...] = ()
    """The tokens that `not_after` rests on, likewise."""

    @property
    def contradicts(self) -> bool:
        """Whether no time fits: then a clock of an authority was wrong."""
        return self.not_before is not None and self.not_after is not None and self.not_before > self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """Two authorities that put different times to one head."""

    early: Anchor
    late: Anchor

    @property
    def difference(self) -> int:
        """Microseconds between the two."""
        return self.late.time - self.early.time


class Brackets:
    """Answers for many records; making it costs a sort, each answer two bisections."""

    def __init__(self, anchors: Iterable[Anchor]) -> None:
        """Take verified anchors in any order.

        Cosignatures are not used: a witness is asked whether there is one history only, and need not keep good time.
        """
        heads = _heads(anchors)
        on_record = ([one for one in here if one.index is not None] for here in heads)
        # The place of a head is that of its last record: before it not all that vouch for it are known to be older.
        earlier = sorted(((max(one.index or 0 for one in here), here) for here in on_record if here), key=itemgetter(0))
        later = sorted(((here[0].size, here) for here in heads), key=itemgetter(0))
        self._places = [place for place, _ in earlier]
        self._after = list(accumulate((tuple(here) for _, here in earlier), _later_start))
        self._sizes = [size for size, _ in later]
        ends = accumulate((tuple(here) for _, here in reversed(later)), _earlier_end)
        self._before = list(ends)[::-1]

    def of(self, index: int) -> Bracket:
        """Return between which times the record at `index` was made."""
        place = bisect_right(self._places, index)
        after = self._after[place - 1] if place else ()
        covering = bisect_right(self._sizes, index)
        before = self._before[covering] if covering < len(self._before) else ()
        return Bracket(
            not_before=_start(after) if after else None,
            not_after=_end(before) if before else None,
            after=after,
            before=before,
        )


def bracket(index: int, anchors: Iterable[Anchor]) -> Bracket:
    """Return between which times the record at `index` was made; for many records make `Brackets` once."""
    return Brackets(anchors).of(index)


def disagreements(anchors: Iterable[Anchor]) -> tuple[Disagreement, ...]:
    """Return the pairs of tokens of different authorities over one head whose times are too far apart, the oldest
    first."""
    found = []
    for here in _heads(anchors):
        for early, late in combinations(sorted(here, key=lambda one: one.time), 2):
            allowed = early.accuracy + late.accuracy + TOLERANCE
            if early.authority != late.authority and late.time - early.time > allowed:
                found.append(Disagreement(early=early, late=late))
    return tuple(sorted(found, key=lambda one: (one.early.size, one.early.time)))


def _heads(anchors: Iterable[Anchor]) -> list[list[Anchor]]:
    """Return the time-stamp tokens by the head that they vouch for."""
    heads: dict[tuple[int, str], list[Anchor]] = {}
    for one in anchors:
        if one.kind is AnchorKind.TIME_STAMP:
            heads.setdefault((one.size, one.root), []).append(one)
    return list(heads.values())


def _start(anchors: Sequence[Anchor]) -> int:
    return min(one.time - one.accuracy for one in anchors)


def _end(anchors: Sequence[Anchor]) -> int:
    return max(one.time + one.accuracy for one in anchors)


def _later_start(one: tuple[Anchor, ...], other: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    return max(one, other, key=_start)


def _earlier_end(one: tuple[Anchor, ...], other: tuple[Anchor, ...]) -> tuple[Anchor, ...]:
    return min(one, other, key=_end)
