"""Are frames read back, and is a torn end told from damage?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence import segment
from guard.evidence.merkle import leaf_hash
from guard.evidence.segment import Damage, Flaw, Frame

LEAVES = [b"one", b"two" * 30, b"x"]
DATA = b"".join(segment.encode(leaf, leaf_hash(leaf)) for leaf in LEAVES)


def test_frames_are_read_back_in_order():
    """What was encoded is found, each leaf at its place."""
    frames = list(segment.scan(DATA))

    assert [one.leaf for one in frames] == LEAVES
    assert [one.offset for one in frames] == [0, frames[0].end, frames[1].end]
    assert frames[-1].end == len(DATA)


def test_the_layout_is_length_hash_leaf():
    """The bytes on disk are fixed for ever."""
    assert segment.encode(b"abc", leaf_hash(b"abc")) == b"\x00\x00\x00\x03" + leaf_hash(b"abc") + b"abc"


def test_a_cut_at_every_byte_is_torn_or_clean():
    """However short an append was, the frames before it are whole and the rest is called torn."""
    ends = {0, *(one.end for one in segment.scan(DATA))}
    for cut in range(len(DATA) + 1):
        found = list(segment.scan(DATA[:cut]))
        whole = [one for one in found if isinstance(one, Frame)]
        assert len(whole) == sum(0 < end <= cut for end in ends)
        if cut in ends:
            assert len(found) == len(whole)
        else:
            assert isinstance(found[-1], Damage)
            assert found[-1].torn
            assert found[-1].offset == max(end for end in ends if end <= cut)


def test_a_changed_byte_is_found_at_its_frame():
    """Every byte of a frame is covered: its length, its hash, its leaf."""
    ends = [one.end for one in segment.scan(DATA)]
    for place in range(len(DATA)):
        changed = bytearray(DATA)
        changed[place] ^= 0x01
        found = list(segment.scan(bytes(changed)))
        assert isinstance(found[-1], Damage)
        assert len(found) - 1 == sum(end <= place for end in ends)


def test_zeros_at_the_end_are_torn():
    """A file that grew before its bytes arrived ends in zeros."""
    assert list(segment.scan(DATA + bytes(100)))[-1] == Damage(len(DATA), Flaw.ZEROS)


def test_an_impossible_length_is_damage():
    """No append leaves a length that no leaf has."""
    found = list(segment.scan(DATA + b"\x00\x01\x00\x00" + b"x" * 70_000))[-1]
    assert isinstance(found, Damage)
    assert found.flaw is Flaw.LENGTH
    assert not found.torn


@given(st.binary(max_size=200), st.integers(0, 300), st.integers(0, 300))
def test_hostile_bytes_are_scanned_without_error(data, offset, end):
    """Arbitrary bytes give frames and at most one damage, last."""
    found = list(segment.scan(data, offset, end))
    assert not any(isinstance(one, Damage) for one in found[:-1])


@pytest.mark.parametrize("file", ["1.seg", "000001", "0000001.seg", "-00001.seg", "00000１.seg", "000001.SEG", ".seg"])
def test_other_file_names_are_no_segments(file):
    """A segment has one name."""
    assert segment.number(file) is None


def test_a_segments_number_is_in_its_name():
    """Six digits, more when they are needed."""
    assert [segment.number(segment.name(one)) for one in (0, 7, 999_999, 1_000_000)] == [0, 7, 999_999, 1_000_000]
