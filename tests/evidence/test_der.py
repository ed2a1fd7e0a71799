"""Are bytes read in one way only, and is everything else an error of ours?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.evidence import der
from guard.evidence.der import DerError


@given(st.integers(0x30, 0x31), st.binary(max_size=70_000 >> 4) | st.just(b"x" * 70_000))
def test_what_is_written_is_read(tag, body):
    """There and back, over all forms of the length."""
    one = der.read(der.write(tag, body))

    assert (one.tag, one.body) == (tag, body)


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"\x30\x01", b"\x30\x80\x00\x00", b"\x30\x81\x05hello", b"\x04\x82\x00\x85" + b"x" * 133,
     b"\x1f\x81\x00\x00", b"\x04\x01ab", b"\x04\x85\x00\x00\x00\x00\x01a"],
    ids=["nothing", "tag only", "no body", "indefinite", "long form of 5", "leading zero", "high tag", "too much",
         "five octets of length"],
)  # fmt: skip
def test_other_spellings_are_refused(data):
    """BER would take some of these."""
    with pytest.raises(DerError):
        der.read(data)


@given(st.binary(max_size=60))
def test_no_bytes_make_anything_else_than_our_error(data):
    """Replies come from strangers."""
    try:
        one = der.read(data)
        list(one.parts().rest())
        one.integer()
        one.oid()
        one.time()
    except DerError:
        pass


@pytest.mark.parametrize(
    ("text", "microseconds"),
    [("20260101000000Z", 1_767_225_600_000_000), ("20260101000000.25Z", 1_767_225_600_250_000),
     ("20260101000000.1234567Z", 1_767_225_600_123_456)],
)  # fmt: skip
def test_times_are_read_to_the_microsecond(text, microseconds):
    """RFC 3161, section 2.4.2: a fraction may follow the seconds."""
    assert der.read(der.write(der.TIME, text.encode())).time() == microseconds


@pytest.mark.parametrize(
    "text", ["20260101000000", "2026010100Z", "20261301000000Z", "20260101000000.Z", "²0260101000000Z"]
)
def test_other_times_are_refused(text):
    """Without a zone they could be anybody's."""
    with pytest.raises(DerError):
        der.read(der.write(der.TIME, text.encode())).time()


def test_an_object_identifier_is_read():
    """X.690, section 8.19.5 has this example."""
    assert der.read(bytes.fromhex("0603883703")).oid() == "2.999.3"
