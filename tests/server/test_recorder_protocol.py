"""Are messages read back however the stream is cut, and are other bytes refused?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence.disclosure import Disclosure
from guard.server import recorder_protocol as protocol
from guard.server.recorder_protocol import Message, ProtocolError, Reader

MESSAGES = st.lists(st.tuples(st.sampled_from(Message), st.integers(0, 2**64 - 1), st.binary(max_size=40)), max_size=6)


@given(MESSAGES, st.lists(st.integers(1, 20), min_size=1, max_size=10))
def test_messages_are_read_back_however_the_stream_is_cut(messages, sizes):
    """Pieces of any size give the same messages."""
    data = b"".join(protocol.message(*one) for one in messages)
    reader, found, at, turn = Reader(), [], 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        found += reader.feed(data[at : at + size])
        at, turn = at + size, turn + 1

    assert found == messages


@given(st.binary(max_size=100))
def test_hostile_bytes_give_messages_or_a_protocol_error(data):
    """No other exception comes out."""
    try:
        for _, _, body in Reader().feed(data):
            protocol.parse_append(body)
    except ProtocolError:
        pass


def test_a_message_too_large_is_refused_before_it_arrives():
    """Its head is enough; nothing is kept."""
    with pytest.raises(ProtocolError):
        list(Reader().feed((protocol.LARGEST_MESSAGE + 1).to_bytes(4, "big") + bytes(9)))


@given(st.binary(max_size=50), st.lists(st.tuples(st.text("abcz_", max_size=9), st.binary(max_size=30)), max_size=4))
def test_an_append_is_read_back(leaf, groups):
    """Leaf and disclosures arrive as they were sent."""
    disclosures = [Disclosure(group, data, "") for group, data in groups]

    assert protocol.parse_append(protocol.append_body(leaf, disclosures)) == (leaf, tuple(disclosures))


@given(st.binary(max_size=50), st.data())
def test_an_append_of_another_length_than_its_parts_is_refused(leaf, data):
    """Cut anywhere, or with anything behind it."""
    body = protocol.append_body(leaf, [Disclosure("person", b"x" * 9, ""), Disclosure("tool", b"", "")])
    cut = body[: data.draw(st.integers(0, len(body) - 1))]

    for other in (cut, body + b"x"):
        with pytest.raises(ProtocolError):
            protocol.parse_append(other)


@given(st.lists(st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**53)), max_size=9))
def test_many_answers_are_read_back(answers):
    """Each number with its index, in the same order; half of one is refused."""
    data = protocol.done_many([one for pair in answers for one in pair])
    ((kind, _, body),) = Reader().feed(data)

    assert (kind, list(protocol.pairs_of(body))) == (Message.DONE_MANY, answers)
    with pytest.raises(ProtocolError):
        list(protocol.pairs_of(body + b"12345678"))


def test_a_leaf_too_large_is_refused():
    """It could not be one in the log."""
    with pytest.raises(ProtocolError):
        protocol.parse_append(protocol.append_body(b"x" * 65_536, ()))


def test_an_index_has_eight_bytes():
    """A shorter answer is none."""
    with pytest.raises(ProtocolError):
        protocol.index_of(b"1234")
