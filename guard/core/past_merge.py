"""What is remembered of a client whom two guards have seen?

Each guard goes on from what both knew and adds what it has seen itself. Merged is what both have added: counts and
levels by their difference to what was known, sketches and times by what is larger, and of what only the latest request
tells (its user agent, its last picture) that of the later one. What can not be merged exactly is the rhythm: of gaps
between pictures the later guard's mean stands.
"""

from guard.core import robots_standing
from guard.core.behaviour import (
    ALBUM_SUM,
    ALBUM_ZEROS,
    GAP_MEAN,
    GAP_VARIANCE,
    LEVELS,
    PICTURE_SUM,
    PICTURE_ZEROS,
    SCORE,
    VALUES,
    Past,
)
from guard.core.signals import BehaviourRules

_LATEST = frozenset({GAP_MEAN, GAP_VARIANCE})
_SKETCHES = frozenset({PICTURE_SUM, PICTURE_ZEROS, ALBUM_SUM, ALBUM_ZEROS})
_MOST_DECOYS = 255


def merge(base: bytes | None, mine: bytes, theirs: bytes, rules: BehaviourRules) -> bytes:
    """Return the record of a client to which two guards have added.

    Args:
        base: What both knew of the client; None: nothing.
        mine: What one has made of it.
        theirs: What the other has.
    """
    at = max(Past.from_bytes(mine, 0.0).faded, Past.from_bytes(theirs, 0.0).faded)
    a, b = _as_of(mine, at, rules), _as_of(theirs, at, rules)
    known = Past(at) if base is None else _as_of(base, at, rules)
    if min(a.seen, b.seen) < known.seen:
        # One of them has begun anew since, so what it says may be in the other's or not: counted twice it must not be.
        known.values = list(map(min, a.values, b.values))
        known.seen, known.full_seen = min(a.seen, b.seen), min(a.full_seen, b.full_seen)
        known.decoys, known.told = min(a.decoys, b.decoys), max(a, b, key=lambda one: one.last).told
    later, other = (a, b) if a.last >= b.last else (b, a)
    merged = Past.from_bytes(later.to_bytes(), at)
    merged.first = min(a.first, b.first)
    merged.last_full = max(a.last_full, b.last_full)
    merged.hard_at = max(a.hard_at, b.hard_at)
    merged.seen = _both(a.seen, b.seen, known.seen)
    merged.full_seen = _both(a.full_seen, b.full_seen, known.full_seen)
    merged.decoys = min(_both(a.decoys, b.decoys, known.decoys), _MOST_DECOYS)
    if other.last_full > later.last_full:
        merged.last_number, merged.last_stem = other.last_number, other.last_stem
    for place in range(LEVELS):
        if place not in _LATEST and place not in _SKETCHES and place != SCORE:
            merged.values[place] = max(0.0, a.values[place] + b.values[place] - known.values[place])
    for place in range(LEVELS, VALUES):
        weight = rules.signals[place - LEVELS].weight
        level = a.values[place] + b.values[place] - known.values[place]
        merged.values[place] = min(max(level, min(weight, 0.0)), max(weight, 0.0))
    merged.places = None
    merged.values[SCORE] = _score(a.values[SCORE], b.values[SCORE], known.values[SCORE], merged, rules)
    for registers, more, total, zeros in (
        (merged.pictures, other.pictures, PICTURE_SUM, PICTURE_ZEROS),
        (merged.albums, other.albums, ALBUM_SUM, ALBUM_ZEROS),
    ):
        registers[:] = map(max, registers, more)
        merged.values[total] = sum(2.0**-register for register in registers)
        merged.values[zeros] = registers.count(0)
    merged.told = robots_standing.merge(known.told, later.told, other.told)
    return merged.to_bytes()


def _score(mine: float, theirs: float, base: float, merged: Past, rules: BehaviourRules) -> float:
    """Return the score that both have moved from `base`, each towards what it saw the levels come to."""
    sums = dict.fromkeys(rules.caps, 0.0)
    for place in merged.levels():
        sums[rules.signals[place - LEVELS].family] += merged.values[place]
    total = sum(min(value, rules.caps[family]) for family, value in sums.items())
    # Two that follow the same levels would together run past them, and back with the next requests.
    score = min(max(mine + theirs - base, min(mine, theirs, total)), max(mine, theirs, total))
    return min(max(score, rules.thresholds.floor), rules.thresholds.ceiling)


def _as_of(record: bytes, at: float, rules: BehaviourRules) -> Past:
    """Read a record as it has faded by `at`."""
    past = Past.from_bytes(record, at)
    last = past.last
    past.advance(max(at, past.faded), rules.memory)
    past.last = last
    return past


def _both(mine: int, theirs: int, base: int) -> int:
    return max(mine, theirs, mine + theirs - base)
