"""Are the values of commitments kept as they are, and in the bytes that are said?"""

import asyncio
import gc
import tracemalloc
from dataclasses import replace
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence import disclosure
from guard.server.recorder_protocol import append_body
from guard.server.ring import OVERHEAD, RING_BYTES, Held, Ring
from guard.server.unclassified import Unclassified
from tests.support.captures import capture

PICTURES = [facts for _, facts, _ in capture("person-slides").requests if facts.path.endswith(".jpg")]


class Recorder:
    """Takes everything."""

    def __init__(self) -> None:
        self.number = 0

    async def append(self, _leaf: bytes, _disclosures: object = ()) -> int:
        self.number += 1
        return self.number

    async def disclose(self, *_given: object) -> None: ...

    def note_unrecorded(self, _why: str) -> None: ...


def page_views(number: int, **options: int) -> Unclassified:
    """Return what is held after so many people have each looked at a picture."""
    records = Unclassified(Recorder(), window_seconds=0, **options)

    async def look() -> None:
        for start in range(0, number, 1000):
            for one in range(start, min(number, start + 1000)):
                facts = PICTURES[one % len(PICTURES)]
                client = replace(facts.client, address=IPv4Address(one + (1 << 24)))
                records.note(one.to_bytes(16, "big"), replace(facts, client=client))
            await records.tick()

    asyncio.run(look())
    return records


@given(st.binary(max_size=300), st.lists(st.tuples(st.sampled_from(["person", "tool"]), st.binary(max_size=3000))))
def test_values_come_back_as_they_went_in(leaf: bytes, values: list[tuple[str, bytes]]):
    """Also where nothing in them is typical."""
    ring = Ring()
    ring.hold(b"k" * 16, 7, 1.0, leaf, [disclosure.Disclosure(group, data, "") for group, data in values])
    (held,) = ring.of(b"k" * 16)

    assert held.index == 7
    assert held.values() == (leaf, tuple(disclosure.Disclosure(group, data, "") for group, data in values))


def test_what_browsers_send_takes_a_third():
    """Of the bytes that are handed to the recorder; the salts and commitments in them can not be packed."""
    ring = page_views(300).ring
    held = [one for key in ring.keys for one in ring.of(key)]

    assert sum(len(one.packed) for one in held) < 0.33 * sum(len(append_body(*one.values())) for one in held)


def test_the_ring_takes_the_memory_that_it_says():
    """Its bound is one of memory: held against what Python has allocated for five thousand records, packed as well."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    records = page_views(5000)
    gc.collect()
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()

    assert len(records.ring) == 5000
    assert records.ring.size == pytest.approx(taken, rel=0.15)


def test_a_full_ring_forgets_the_oldest_and_grows_no_further():
    """Twice as many as it takes: the newer half is there."""
    records = page_views(2000, ring_bytes=500_000)

    assert records.ring.size <= 500_000
    assert 500 < len(records.ring) < 1000
    assert not records.ring.of((0).to_bytes(16, "big"))
    assert records.ring.of((1999).to_bytes(16, "big"))


def test_five_page_views_a_second_are_held_for_their_hour():
    """By one worker."""
    ring = page_views(500).ring
    each = ring.size / len(ring)

    assert each > OVERHEAD
    assert each * 5 * 3600 < RING_BYTES


def test_what_was_let_go_is_no_more_due():
    """It takes nothing but its place in the row, until its time is over."""
    ring = Ring()
    for number in range(3):
        ring.hold(b"k", number, float(number), b"leaf", ())
    ring.let_go(ring.of(b"k")[1])
    due: list[Held] = []
    while (held := ring.next_due(5.0)) is not None:
        due.append(held)
        ring.let_go(held)

    assert [one.index for one in due] == [0, 2]
    assert (len(ring), ring.size, ring.keys) == (0, 0, ())
