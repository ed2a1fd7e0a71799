"""What had happened just before a request failed?"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from tests.support.http import Reply

WITHIN = 1.0
"""Seconds before a request began, up to its end: what happened then may be the cause."""


class Failure(NamedTuple):
    """A request that got no whole answer, or one that only a fault gives."""

    ended: float
    """Seconds of the monotonic clock."""
    lasted: float
    who: str
    how: str


def by_cause(failures: Iterable[Failure], events: Iterable[tuple[float, str]]) -> Counter[tuple[str, str, str]]:
    """Count failures by the last thing that had happened, who asked and how they failed."""
    happened = sorted(events)
    counts: Counter[tuple[str, str, str]] = Counter()
    for one in failures:
        near = [what for at, what in happened if one.ended - one.lasted - WITHIN <= at <= one.ended]
        counts[near[-1] if near else "nothing", one.who, one.how] += 1
    return counts


def how_it_failed(reply: Reply | None, error: OSError | None) -> str:
    """Return a word for it; empty where nothing did, or the site behind the guard is not there."""
    if error is not None or reply is None:
        return type(error).__name__
    if not reply.status:
        return "no answer"
    if not reply.whole:
        return "half an answer"
    return str(reply.status) if reply.status in (500, 503) else ""
