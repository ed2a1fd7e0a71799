"""Are the bytes of a value those of RFC 8785, and are all other bytes refused?"""

import orjson
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import LeafError
from guard.evidence import canonical

INTEGERS = st.integers(-canonical.LARGEST_INTEGER, canonical.LARGEST_INTEGER)
SCALARS = st.none() | st.booleans() | INTEGERS | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True), inner)
    ),
    max_leaves=12,
)


def depth(value):
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(VALUES)
def test_bytes_are_those_of_rfc_8785(value):
    """An independent implementation gives the same bytes, and they are read back as the same value."""
    if depth(value) > canonical.DEEPEST:
        return
    data = canonical.encode(value)

    assert data == rfc8785.dumps(value)
    assert canonical.decode(data) == value


@pytest.mark.parametrize(
    "value",
    [1.0, 0.5, float("nan"), 2**53, -(2**53), b"bytes", (1,), {"A": 1}, {"a-b": 1}, {"": 1}, {1: 1}, "\ud800", {"é": 1},
     {"a\n": 1}],
    ids=repr,
)  # fmt: skip
def test_a_value_outside_the_profile_is_refused(value):
    """What another reader might spell otherwise can not be written, wherever it is nested."""
    for nested in (value, [value], {"a": value}, {"a": [value]}):
        with pytest.raises(LeafError):
            canonical.encode(nested)


def test_a_value_too_deep_is_refused():
    """A hostile value does not exhaust the stack, neither when written nor when read."""
    value = 1
    for _ in range(canonical.DEEPEST + 1):
        value = [value]

    with pytest.raises(LeafError):
        canonical.encode(value)
    for levels in (canonical.DEEPEST + 1, 300, 5000):
        with pytest.raises(LeafError):
            canonical.decode(b"[" * levels + b"]" * levels)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1, "b":2}', b'{"b":1,"a":2}', b'{"a":1,"a":1}', b'\xef\xbb\xbf{"a":1}', b'{"a":1.0}', b'{"a":1e2}',
        b'{"a":-0}', b'"\\u0041"', b'"\\/"', b'"\\ud800"', b'"\xff"', b"", b"{", b"nul", b'{"a":1}\n', b"01",
        b"9007199254740992", b"1" * 400, b"NaN",
    ],
    ids=repr,
)  # fmt: skip
def test_bytes_that_are_not_the_one_spelling_are_refused(data):
    """White space, order, duplicates, a byte order mark, fractions, escapes: each is another document."""
    with pytest.raises(LeafError):
        canonical.decode(data)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_hostile_bytes_give_a_leaf_error_or_a_value(data):
    """No other exception comes out of the parser."""
    try:
        value = canonical.decode(data)
    except LeafError:
        return
    assert orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == data
