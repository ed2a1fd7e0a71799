"""How do text that strangers chose, and times, get into a report and stay what they are?

A user agent may hold what turns a line around, what a spreadsheet computes, or letters that no face
has: PDF/A forbids a letter without a shape. So whatever is not a plain letter, digit or sign of the
scripts that the report's faces know becomes a visible code.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_KNOWN: Final = (
    range(0x20, 0x7F), range(0xA1, 0xAD), range(0xAE, 0x180), range(0x391, 0x3A2), range(0x3A3, 0x3CA),
    range(0x400, 0x460), range(0x1E80, 0x1E86),
)  # fmt: skip
_SIGNS: Final = frozenset("–—‘’‚“”„†•…‰‹›€™→≤≥≠−×·§°")
_COMPUTED: Final = frozenset("=+-@＝＋－＠\t\r\n")


def visible(text: str, longest: int = 0) -> str:
    """Return `text` on one line, with a visible code for whatever is no plain character.

    Args:
        longest: Characters to cut it to; 0 for all of it.
    """
    if not text.isascii() or not text.isprintable():
        text = "".join(one if _is_plain(one) else _code(one) for one in text)
    return text if not longest or len(text) <= longest else f"{text[: longest - 1]}…"


def _is_plain(character: str) -> bool:
    code = ord(character)
    return any(code in known for known in _KNOWN) or character in _SIGNS


def _code(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def csv_bytes(head: Sequence[str], rows: Iterable[Sequence[str | int]]) -> bytes:
    """Return a table as CSV (RFC 4180, UTF-8) that no spreadsheet takes for formulas."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(head)
    for row in rows:
        writer.writerow([_cell(one) if isinstance(one, str) else one for one in row])
    return out.getvalue().encode()


def _cell(text: str) -> str:
    # A quote mark in front makes a spreadsheet show the rest as it is.
    return f"'{visible(text)}" if text.lstrip(" ")[:1] in _COMPUTED and text.strip() else visible(text)


def utc(at: int, *, fraction: bool = False) -> str:
    """Return microseconds since 1970 as a time for people."""
    return _written(_moment(at, UTC), fraction)


def berlin(at: int, *, fraction: bool = False) -> str:
    """Return the same time as clocks in Berlin show it, with CET or CEST.

    By Directive 2000/84/EC: summer time from the last Sunday of March to that of October, 01:00 UTC.
    """
    moment = _moment(at, UTC)
    summer = _last_sunday(moment.year, 3) <= moment < _last_sunday(moment.year, 10)
    zone = timezone(timedelta(hours=2 if summer else 1))
    return f"{_written(moment.astimezone(zone), fraction)} {'CEST' if summer else 'CET'}"


def iso(at: int) -> str:
    """Return microseconds since 1970 as RFC 3339 has it, in UTC."""
    return f"{_moment(at, UTC):%Y-%m-%dT%H:%M:%S.%f}Z"


def _moment(at: int, zone: timezone) -> datetime:
    # A record may say any time that fits into 53 bits.
    return datetime.fromtimestamp(min(at, 253_402_300_799_000_000) // 1_000_000, zone) + timedelta(
        microseconds=at % 1_000_000
    )


def _written(moment: datetime, fraction: bool) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" + (f".{moment.microsecond // 1000:03d}" if fraction else "")


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)
