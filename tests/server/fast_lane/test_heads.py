"""What counts as plain, and nothing else."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core import framing
from guard.server.fast_lane import heads
from guard.server.fast_lane.heads import Way
from tests.support import desync_requests

HOST = b"\r\nHost: photo.example"


@pytest.mark.parametrize(
    ("way", "head"),
    [
        (Way.HERE, b"GET / HTTP/1.1" + HOST),
        (Way.HERE, b"HEAD /a?b=%20'() HTTP/1.1" + HOST + b":65535\r\nConnection: Keep-Alive\r\nX:\r\nY: \t a b \t"),
        (Way.HERE, b"GET / HTTP/1.1\r\nhOsT:[::1]:80"),
        (Way.COUNTED, b"POST / HTTP/1.1" + HOST),
        (Way.COUNTED, b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: 17"),
        (Way.COUNTED, b"GET / HTTP/1.1" + HOST + b"\r\nContent-Length: 0"),
        (Way.COUNTED, b"GET http://photo.example/ HTTP/1.1" + HOST),
        (Way.COUNTED, b"GET / HTTP/1.1" + HOST + b"\r\nExpect: 100-continue"),
        (Way.COUNTED, b"GET / HTTP/1.1" + HOST + b"\r\nConnection: close, x"),
        (Way.LIBRARY, b"GET / HTTP/1.0" + HOST),
        (Way.LIBRARY, b"GET / HTTP/1.1"),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + HOST),
        (Way.LIBRARY, b"GET / HTTP/1.1\r\nHost:"),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"\r\nTransfer-Encoding: chunked"),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"\r\nUpgrade: websocket"),
        (Way.LIBRARY, b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: 1\r\nContent-Length: 1"),
        (Way.LIBRARY, b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: +1"),
        (Way.LIBRARY, b"POST / HTTP/1.1" + HOST + "\r\nContent-Length: ３".encode()),
        (Way.LIBRARY, b"POST / HTTP/1.1" + HOST + b"\r\nContent-Length: 1" + b"0" * 15),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"\r\nX : y"),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"\r\nX: y\r\n z"),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"\r\nX: y\nTransfer-Encoding: chunked"),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"\r\nX: a\x00"),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"\r\nX: a\x7f"),
        (Way.LIBRARY, b"GET /#a HTTP/1.1" + HOST),
        (Way.LIBRARY, b"GET /\xff HTTP/1.1" + HOST),
        (Way.LIBRARY, b"CONNECT / HTTP/1.1" + HOST),
        (Way.LIBRARY, b"\r\nGET / HTTP/1.1" + HOST),
        (Way.LIBRARY, b"GET / HTTP/1.1" + HOST + b"".join(b"\r\nX-%d: y" % n for n in range(heads.MOST_FIELDS))),
        (Way.LIBRARY, b"GET /" + b"a" * heads.LARGEST + b" HTTP/1.1" + HOST),
    ],
)
def test_a_head_goes_the_way_of_what_it_says(way: Way, head: bytes):
    """Whatever the grammar does not take as a whole is the library's."""
    assert heads.request(head).way is way


def test_a_field_is_read_without_the_white_space_around_it():
    """And with nothing else changed, in the order of the lines."""
    head = heads.request(b"POST /a?b HTTP/1.1" + HOST + b"\r\nX:  a\t b \r\nContent-Length: 12\r\nx: c:d")

    assert (head.method, head.target, head.length, head.close) == ("POST", "/a?b", 12, False)
    assert head.fields[1:] == ((b"X", b"a\t b"), (b"Content-Length", b"12"), (b"x", b"c:d"))


def test_what_the_corpus_calls_refused_is_never_answered_here():
    """A request that is to be refused is either not plain, or refused by what both lanes ask."""
    taken = []
    for name, (raw, want) in desync_requests.CASES.items():
        head, end, _ = raw.partition(b"\r\n\r\n")
        if want == desync_requests.REFUSED and end and heads.request(head).way is Way.HERE:
            taken.append(name)

    assert taken == ["host: a port too high"]  # refused by what reads the Host field in both lanes


@given(st.binary(max_size=200), st.sampled_from([b"GET / HTTP/1.1" + HOST, b"POST /x HTTP/1.1", b"HTTP/1.1 200 OK"]))
def test_no_bytes_make_it_fail_or_take_what_the_strict_rules_refuse(data: bytes, start: bytes):
    """Whatever is taken here holds against the checks of the other lane too."""
    for head in (start + data, start + b"\r\n" + data):
        read = heads.request(head)
        if read.way is not Way.LIBRARY:
            framing.check("1.1", [(name.decode("latin-1"), value.decode("latin-1")) for name, value in read.fields])
            assert b"\n" not in b"".join(part for field in read.fields for part in field)
        heads.response(head, "GET")


def test_a_head_made_to_be_slow_is_not():
    """Time grows with the length alone: no part of the grammar can take what another one could."""
    began = time.process_time()

    for filling in (b" ", b"\t", b"a", b":", b"\r\nx:", b"\r\nx: "):
        heads.request(b"GET / HTTP/1.1" + HOST + b"\r\nX:" + filling * (16_000 // len(filling)) + b"\x00")

    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    ("length", "head", "method"),
    [
        (3, b"HTTP/1.1 200 OK\r\nContent-Length: 3", "GET"),
        (0, b"HTTP/1.1 200 OK\r\nContent-Length: 3", "HEAD"),
        (0, b"HTTP/1.1 200 OK", "HEAD"),
        (0, b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3", "GET"),
        (0, b"HTTP/1.1 204 ", "GET"),
        (None, b"HTTP/1.1 204", "GET"),
        (None, b"HTTP/1.1 200 OK", "GET"),
        (None, b"HTTP/1.1 100 Continue", "GET"),
        (None, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x", "GET"),
        (None, b"HTTP/1.0 200 OK\r\nContent-Length: 3", "GET"),
        (None, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked", "GET"),
        (None, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3", "GET"),
        (None, b"HTTP/1.1 200 OK\r\nContent-Length: 3,3", "GET"),
        (None, b"HTTP/1.1 200 OK\r\nContent-Length: -3", "HEAD"),
        (None, b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nX: a\rb", "GET"),
        (None, b"HTTP/1.1 200 O\x00K\r\nContent-Length: 3", "GET"),
        (None, b"HTTP/1.1 2000 OK\r\nContent-Length: 3", "GET"),
    ],
)
def test_an_answer_is_plain_only_with_a_certain_end(length: int | None, head: bytes, method: str):
    """All others are the library's to read."""
    read = heads.response(head, method)

    assert (None if read is None else read.length) == length


@pytest.mark.parametrize(("may", "data"), [
    (True, b"G"), (True, b"GET"), (True, b"GET /a HTTP/1.1\r\nHo"), (False, b"\x16\x03\x01"), (False, b" GET /"),
    (False, b"GET / HTTP/1.1\nHost: a\n\n"), (False, b"A" * 33), (False, b"GET /" + b"a" * heads.LARGEST),
])  # fmt: skip
def test_what_can_not_become_plain_is_told_at_once(may: bool, data: bytes):
    """So that nobody waits for the end of a head that is none."""
    assert heads.may_become_one(data) is may


@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\nb", "a\rb", "a\0b"])
def test_no_line_break_is_written(bad: str):
    """Whatever a field holds, it is one line."""
    with pytest.raises(ValueError, match="line break"):
        heads.written("GET / HTTP/1.1", (("X", bad),))


def test_a_head_is_written_as_it_is():
    """Letters beyond ASCII as UTF-8."""
    head = heads.written("GET / HTTP/1.1", (("Host", "a"), ("X", "ü")))

    assert head == "GET / HTTP/1.1\r\nHost: a\r\nX: ü\r\n\r\n".encode()
