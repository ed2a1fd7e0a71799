"""HAProxy's frames are read as it writes them, and nothing else is taken for one."""

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import spop
from guard.core.spop import Disconnect, Hello, Notify, SpopError, Status
from tests.support.spop import frame, haproxy_hello, notify, pairs


def read(data: bytes) -> list[spop.Frame]:
    buffer = bytearray(data)
    found = list(spop.frames(buffer))
    assert not buffer
    return found


def test_a_greeting_is_read():
    """With the size of frames that it offers, at most ours."""
    assert read(haproxy_hello()) == [Hello(frame_size=16380, healthcheck=False)]
    assert read(haproxy_hello(size=1 << 30)) == [Hello(frame_size=spop.LARGEST_FRAME, healthcheck=False)]
    assert read(haproxy_hello(healthcheck=True)) == [Hello(frame_size=16380, healthcheck=True)]


def test_a_question_is_read_with_every_sort_of_value():
    """And its numbers, as they go back."""
    values = {
        "nothing": None, "yes": True, "no": False, "small": 7, "large": 1 << 40, "four": IPv4Address("192.0.2.1"),
        "six": IPv6Address("2001:db8::1"), "text": "grün", "bytes": b"\x00\xff" * 500,
    }  # fmt: skip

    (found,) = read(notify(("guard-request", values), stream=5000, number=70_000))

    assert found == Notify(spop.number(5000) + spop.number(70_000), (("guard-request", values),))


def test_frames_may_come_in_any_pieces():
    """What is not whole yet is waited for."""
    data = haproxy_hello() + notify(("a", {"x": 1})) + frame(2, b"")
    whole = read(data)
    buffer, found = bytearray(), []
    for byte in data:
        buffer.append(byte)
        found += spop.frames(buffer)

    assert found == whole
    assert [type(one) for one in whole] == [Hello, Notify, Disconnect]


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\x10\x00\x00", Status.TOO_BIG),
        (frame(1, pairs({"max-frame-size": 16380})), Status.NO_VERSION),
        (frame(1, pairs({"supported-versions": "1.0, 3.0", "max-frame-size": 16380})), Status.UNSUPPORTED_VERSION),
        (frame(1, pairs({"supported-versions": "2.0"})), Status.NO_FRAME_SIZE),
        (frame(1, pairs({"supported-versions": "2.0", "max-frame-size": True})), Status.NO_FRAME_SIZE),
        (frame(1, pairs({"supported-versions": "2.0", "max-frame-size": 100})), Status.BAD_FRAME_SIZE),
        (frame(3, b"", flags=0), Status.FRAGMENTED),
        (frame(0, b"rest"), Status.INVALID),
        (frame(103, b""), Status.INVALID),
        (frame(3, b"\x01a\xff"), Status.INVALID),
        (frame(3, b"\x01a\x01\x01b\x0f"), Status.INVALID),
        (frame(3, b"\xf0"), Status.INVALID),
        (frame(3, b"\xff" * 40), Status.INVALID),
        (frame(3, b"\x01a\x00" * 9), Status.INVALID),
        (b"\x00\x00\x00\x00", Status.INVALID),
        (b"\x00\x00\x00\x02\x03\x00", Status.FRAGMENTED),
    ],
)
def test_what_has_no_meaning_is_refused(data: bytes, status: Status):
    """With the number that HAProxy knows it by."""
    with pytest.raises(SpopError) as caught:
        read(data)

    assert caught.value.status is status


def test_header_lines_end_where_they_say():
    """Names, values, an empty pair; an empty value is none."""
    lines = (("host", "a.example"), ("x-empty", ""), ("user-agent", "GPTBot \udcff"))
    data = b"".join(spop.text(name) + spop.text(value) for name, value in lines)

    assert spop.header_lines(data + b"\x00\x00") == lines
    with pytest.raises(SpopError, match="cut off"):
        spop.header_lines(data)


@given(st.integers(0, 1 << 60))
def test_a_number_is_read_as_it_is_written(number: int):
    """Of every length."""
    (found,) = read(notify(("m", {"n": number})))

    assert isinstance(found, Notify)
    assert found.messages == (("m", {"n": number}),)


def test_our_frames_are_what_the_protocol_says():
    """Byte for byte: set a variable of the transaction to a string and to true; greet; end."""
    assert spop.set_variable("a", "bc") == b"\x01\x03\x02\x01a\x08\x02bc"
    assert spop.set_variable("a", True) == b"\x01\x03\x02\x01a\x11"
    assert spop.acknowledge(b"\x07\x01", b"") == b"\x00\x00\x00\x07\x67\x00\x00\x00\x01\x07\x01"
    assert spop.hello(16380)[4:11] == b"\x65\x00\x00\x00\x01\x00\x00"
    assert spop.disconnect(Status.TOO_BIG, "x").endswith(b"\x0bstatus-code\x03\x03\x07message\x08\x01x")
