"""Does only a plain answer to our own question count?"""

import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.dns_messages import DnsError, RecordType, encode_query, parse_answer, reverse_name
from tests.support.name_server import answer, record, wire

NAME = "1.66.249.66.in-addr.arpa"
HOST = "crawl-66-249-66-1.googlebot.com"


def ask(data: bytes, name: str = NAME, kind: RecordType = RecordType.PTR):
    """Read an answer to question 7."""
    return parse_answer(data, 7, name, kind)


def test_a_name_and_its_addresses_are_read():
    """With names shortened by pointers, as servers send them."""
    names = ask(answer(encode_query(7, NAME, RecordType.PTR), [record(NAME, RecordType.PTR, HOST)]))
    v4 = ask(
        answer(encode_query(7, HOST, RecordType.A), [record(HOST, RecordType.A, "66.249.66.1")]), HOST, RecordType.A
    )
    v6 = ask(
        answer(encode_query(7, HOST, RecordType.AAAA), [record(HOST, RecordType.AAAA, "2001:4860::1")]),
        HOST,
        RecordType.AAAA,
    )

    assert names.names == (HOST,)
    assert v4.addresses == {ip_address("66.249.66.1")}
    assert v6.addresses == {ip_address("2001:4860::1")}


def test_the_name_of_an_address_is_written_backwards():
    """Both kinds."""
    assert reverse_name(ip_address("66.249.66.1")) == NAME
    assert reverse_name(ip_address("2001:db8::1")) == "1." + "0." * 23 + "8.b.d.0.1.0.0.2.ip6.arpa"


def test_an_alias_is_followed():
    """Blocks smaller than a /24 are delegated by aliases (RFC 2317)."""
    alias = "1.0-25.66.249.66.in-addr.arpa"
    records = [record(NAME, RecordType.CNAME, alias), record(alias, RecordType.PTR, HOST)]

    assert ask(answer(encode_query(7, NAME, RecordType.PTR), records)).names == (HOST,)


def test_a_record_of_another_name_does_not_count():
    """A server may put anything beside its answer."""
    records = [record("2.66.249.66.in-addr.arpa", RecordType.PTR, HOST)]

    assert ask(answer(encode_query(7, NAME, RecordType.PTR), records)).names == ()


def test_no_such_name_is_an_answer():
    """It says for sure that there is no name; a failure of the server says nothing."""
    question = encode_query(7, NAME, RecordType.PTR)

    assert ask(answer(question, [], status=3)).names == ()
    for status in (1, 2, 4, 5):
        with pytest.raises(DnsError):
            ask(answer(question, [], status=status))


QUESTION = encode_query(7, NAME, RecordType.PTR)
GOOD = answer(QUESTION, [record(NAME, RecordType.PTR, HOST)])
LOOP = [record(NAME, RecordType.CNAME, "a.test"), record("a.test", RecordType.CNAME, NAME)]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:11],
        GOOD[:-1],
        b"\0\x08" + GOOD[2:],
        GOOD[:2] + b"\x01" + GOOD[3:],
        GOOD[:2] + bytes([GOOD[2] | 2]) + GOOD[3:],
        answer(encode_query(7, "x.test", RecordType.PTR), []),
        answer(encode_query(7, NAME, RecordType.A), []),
        answer(QUESTION, LOOP),
        answer(QUESTION, [record(NAME, RecordType.PTR, HOST)] * 65),
        answer(QUESTION, [record(NAME, RecordType.PTR, HOST)])[:6] + struct.pack("!H", 9) + GOOD[8:],
        GOOD[:12] + b"\xc0\x0c" + struct.pack("!HH", 12, 1),
        GOOD[:6] + bytes(6) + b"\xc0\x12" + struct.pack("!HH", 12, 1) + wire(NAME),
        GOOD[:12] + b"\x40" + GOOD[13:],
        GOOD[:12] + b"\x3f" + b"a" * 63 + b"\x3f" + b"a" * 63 + (b"\x3f" + b"a" * 63) * 3 + b"\0" + GOOD[40:],
    ],
    ids=["empty", "head-cut", "end-cut", "other-number", "a-question", "cut-short", "other-name", "other-type",
         "alias-loop", "too-many", "count-lies", "points-at-itself", "points-forwards", "unknown-form",
         "name-too-long"],
)  # fmt: skip
def test_what_is_no_usable_answer_is_an_error(data):
    """Never an empty answer, because that would refute a claim."""
    with pytest.raises(DnsError):
        ask(data)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    """It is an answer or an error, and it ends."""
    for prefix in (b"", GOOD[:12], GOOD[: len(GOOD) // 2], GOOD):
        try:
            ask(prefix + data)
        except DnsError:
            continue


@pytest.mark.parametrize("name", ["", ".", "a..b", "a" * 64 + ".test", "a." * 130])
def test_a_name_that_can_not_be_written_is_not_asked_for(name):
    """A name from a stranger's record goes into the next question."""
    with pytest.raises(DnsError):
        encode_query(7, name, RecordType.A)


def test_a_dot_inside_a_label_is_no_border():
    """`evil.googlebot.com` as one label of evil.test must not end in googlebot.com."""
    tricky = b"\x11crawl.googlebot\x00x" + b"\0"
    data = answer(QUESTION, [(NAME, RecordType.PTR, tricky)])

    assert ask(data).names == ("crawl?googlebot?x",)
