r"""What does a line of JSON hold, when whoever wrote it did not quite write JSON?

nginx copies bytes that are not UTF-8 into its JSON, and without `escape=json` it writes
`\x22` inside strings, which no JSON parser takes. Both are read; lone surrogates stand for
the odd bytes, as everywhere. Anything else that is no JSON object is None: nothing raises.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

import orjson

LARGEST_NUMBER = 2**53

_SURROGATE = re.compile("[\ud800-\udfff]")
_NOT_A_BYTE = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_HEX_ESCAPE = re.compile(r"\\(\\|x([0-9A-Fa-f]{2}))")


def json_object(line: bytes) -> Mapping[str, Any] | None:
    """Return the object that a line is, or None."""
    value: object = None
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        value = _leniently(line.decode("utf-8", "surrogateescape"))
    return value if isinstance(value, dict) else None


def _leniently(text: str) -> object:
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(_HEX_ESCAPE.sub(_as_json, text) if "\\x" in text else text, strict=False)
    except (ValueError, RecursionError):
        return None


def _as_json(match: re.Match[str]) -> str:
    if match[2] is None:
        return match[0]  # a backslash that is escaped itself begins nothing
    code = int(match[2], 16)
    # A byte of a longer character: a surrogate now, joined with its neighbours by `_whole`.
    return f"\\u{0xDC00 + code if code > 127 else code:04x}"


def first_text(value: Mapping[str, Any], *names: str) -> str:
    """Return the text under the first of `names` that has one (of a list its first), or an empty text."""
    for name in names:
        item = value.get(name)
        if isinstance(item, list):
            item = item[0] if item else None
        if isinstance(item, str) and item:
            return _whole(item)
    return ""


def first_number(value: Mapping[str, Any], *names: str) -> int | None:
    """Return the whole number under the first of `names` that has one, also if it is written as a text."""
    for name in names:
        item = value.get(name)
        if isinstance(item, str) and item.isascii() and item.isdecimal() and len(item) < 17:
            item = int(item)
        if isinstance(item, int | float) and not isinstance(item, bool) and 0 <= item < LARGEST_NUMBER:
            return int(item)
    return None


def sub_object(value: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Return the object under `name`, or None."""
    item = value.get(name)
    return item if isinstance(item, dict) else None


def _whole(text: str) -> str:
    """Return `text` with every lone surrogate standing for a byte, and bytes that are a character together joined."""
    if text.isascii() or _SURROGATE.search(text) is None:
        return text
    return _NOT_A_BYTE.sub("\ufffd", text).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
