"""CBOR is read as far as assertions need it, and never further than its bytes."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation.read_cbor import CborError, decode


@pytest.mark.parametrize(
    ("data", "value"),
    [
        # RFC 8949, appendix A
        ("00", 0), ("1903e8", 1000), ("1b000000e8d4a51000", 10**12), ("29", -10), ("f4", False), ("f5", True),
        ("f6", None),
        ("6449455446", "IETF"), ("62c3bc", "ü"), ("4401020304", b"\x01\x02\x03\x04"), ("83010203", [1, 2, 3]),
        ("a26161016162820203", {"a": 1, "b": [2, 3]}), ("c11a514b67b0", 1363896240),
    ],
)  # fmt: skip
def test_the_examples_of_the_standard(data: str, value: object):
    """Those of the kinds that are read."""
    assert decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize("data", ["", "18", "62c3", "9f01ff", "fb3ff199999999999a", "9a00ffffff", "81" * 40, "a18001"])
def test_what_is_cut_short_or_not_read_is_an_error(data: str):
    """Also what claims to be longer than anything."""
    with pytest.raises(CborError):
        decode(bytes.fromhex(data))


@given(st.binary(max_size=100))
def test_any_bytes_end_in_a_value_or_an_error(data: bytes):
    """Nothing else is raised."""
    with contextlib.suppress(CborError):
        decode(data)
