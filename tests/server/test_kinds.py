"""What was seen at a URL is remembered, as remembered, within bounds."""

from dataclasses import replace

from guard.core.facts import Kind, KindSource
from guard.server.kinds import Kinds
from tests.support.facts import request, seen


def test_what_was_seen_is_recalled_as_remembered():
    """Nobody may take it for what this response shows."""
    kinds = Kinds()
    kinds.remember(request("/a?size=1"), replace(seen(Kind.ORIGINAL), width=3, height=2, hands_off=True))

    recalled = kinds.recall(request("/a?size=1"))

    assert recalled is not None
    assert (recalled.kind, recalled.source, recalled.width) == (Kind.ORIGINAL, KindSource.REMEMBERED, 3)
    assert not recalled.hands_off
    assert kinds.recall(request("/a?size=2")) is None


def test_memory_is_bounded_and_the_newest_stay():
    """A crawler that invents URLs pushes out old ones only."""
    kinds = Kinds(max_urls=10)
    for number in range(1000):
        kinds.remember(request(f"/{number}"), replace(seen(Kind.IMAGE), width=number))

    assert kinds.recall(request("/0")) is None
    assert kinds.recall(request("/999")) is not None
    assert len(kinds._seen) == 10
