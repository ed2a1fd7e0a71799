"""Which bytes stand for a value, so that a hash of them means the same everywhere?

A restricted RFC 8785 (JSON Canonicalization Scheme): UTF-8 JSON without white space, keys
of the form `[a-z0-9_]+` in sorted order, and as values only strings, integers below 2^53,
booleans, null, arrays and objects. No fractions, so that no reader has to print a
double exactly as ECMAScript does; ASCII keys, so that every sort order agrees.
"""

import re
from enum import StrEnum
from typing import Any, Final

import orjson

from guard.errors import LeafError

LARGEST_INTEGER: Final = 2**53 - 1
"""RFC 7493, section 2.2: what every JSON reader holds exactly."""
DEEPEST: Final = 8
"""Levels of arrays and objects. No record needs more than five; a hostile one must not exhaust the stack."""

_KEY = re.compile(r"[a-z0-9_]+", re.ASCII)
_known_keys: set[str] = set()
"""Keys that were found to be good. A few dozen names make up every record; `_KNOWN_KEYS_LIMIT` keeps it so."""
_KNOWN_KEYS_LIMIT: Final = 1024


def encode(value: object) -> bytes:
    """Return the canonical bytes of `value`; a member of a StrEnum counts as its text.

    Raises:
        LeafError: `value` holds something that the profile does not allow.
    """
    check(value)
    return spell(value)


def spell(value: object) -> bytes:
    """Return the canonical bytes of a value that is known to keep to the profile, save for lone surrogates.

    Raises:
        LeafError: There is a lone surrogate in it.
    """
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise LeafError(f"not canonical: {error}") from None


def decode(data: bytes) -> Any:
    """Return the value that the canonical bytes `data` stand for.

    Raises:
        LeafError: `data` is not JSON, or not the canonical bytes of its value: white space,
            a byte order mark, duplicate or unsorted keys, needless escapes, fractions.
    """
    value = parse(data)
    check(value)
    return value


def parse(data: bytes) -> Any:
    """Return what `decode` does, but leave it to the caller to `check` the parts whose types are not known.

    Raises:
        LeafError: `data` is not JSON, or not spelled as its value would be.
    """
    try:
        value = orjson.loads(data)
        if orjson.dumps(value, option=orjson.OPT_SORT_KEYS) == data:
            return value
    except orjson.JSONDecodeError as error:
        raise LeafError(f"not JSON: {error}") from None
    except TypeError as error:  # nested deeper than orjson writes
        raise LeafError(f"not canonical: {error}") from None
    raise LeafError("not canonical: these are not the bytes that stand for this value")


def check(value: object) -> None:
    """Make sure that `value` keeps to the profile.

    Raises:
        LeafError: It does not.
    """
    _check(value, DEEPEST)


def _check(value: object, depth: int) -> None:
    kind = type(value)
    if kind is list or kind is dict:
        if depth == 0:
            raise LeafError(f"not canonical: nested deeper than {DEEPEST} levels")
        if kind is dict:
            for key in value:  # type: ignore[attr-defined]
                if not is_key(key):
                    raise LeafError(f"not canonical: the key {key!r:.40}")
        # Nearly everything is text, which is always good.
        for item in value.values() if isinstance(value, dict) else value:  # type: ignore[attr-defined]
            if type(item) is not str:
                _check(item, depth - 1)
    elif kind is int:
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:  # type: ignore[operator]
            raise LeafError("not canonical: an integer of 2^53 or more")
    elif not (kind is str or kind is bool or value is None or isinstance(value, StrEnum)):
        raise LeafError(f"not canonical: a value of type {kind.__name__}")


def is_key(key: object) -> bool:
    """Say whether `key` may be the name of a member."""
    if key in _known_keys:
        return True
    if type(key) is not str or not _KEY.fullmatch(key):
        return False
    if len(_known_keys) < _KNOWN_KEYS_LIMIT and len(key) < 40:
        _known_keys.add(key)
    return True
