"""What was done with the values beside the log: erased, held for a case, looked at?

These records hold no personal data, and outlive what they tell of. So a text of the owner's in
one of them, a reason or a reference, may not name an address.
"""

import re
from enum import StrEnum
from ipaddress import ip_address
from typing import Final

from guard.errors import LeafError
from guard.evidence.record import RecordKind, leaf
from guard.evidence.text import escape

EXPIRY: Final = "expiry"
"""The ground of an erasure whose time had come."""
_LONGEST_TEXT: Final = 200
_MAIL = re.compile(r"[^\s@]@[^\s@]")
_MAYBE_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{7,}|[0-9A-Fa-f]*::[0-9A-Fa-f:.]*")


class Values(StrEnum):
    """Which values of a record are meant."""

    PEOPLE = "people"
    """Those that may identify a person."""
    TOOLS = "tools"
    """The others."""
    ALL = "all"


class HoldState(StrEnum):
    """Whether a hold begins or ends."""

    SET = "set"
    RELEASED = "released"


def erasure(*, at: int, ground: str, values: Values, records: int, first: int, last: int) -> bytes:
    """Say that `values` of that many records, between these two indexes, are erased from now on, and why."""
    return leaf(
        RecordKind.ERASURE, at, first=first, ground=plain(ground), last=last, records=records, values=values.value
    )


def hold(*, at: int, name: str, state: HoldState, matter: str, what: str) -> bytes:
    """Say that the hold `name` begins or ends; `what` are the records it holds, in words, `matter` the case."""
    return leaf(
        RecordKind.HOLD, at, hold=plain(name), matter=plain(matter), state=state.value, what=escape(what)
    )  # fmt: skip


def access(*, at: int, by: str, why: str, records: int, first: int, last: int) -> bytes:
    """Say that values of that many records, between these two indexes, were shown by the command `by`, and why."""
    return leaf(RecordKind.ACCESS, at, by=by, first=first, last=last, records=records, why=plain(why))


def plain(text: str) -> str:
    """Return a text of the owner's as it goes on record.

    Raises:
        LeafError: It names a network or mail address, or is too long: it could never be erased again.
    """
    if len(text) > _LONGEST_TEXT:
        raise LeafError(f"{len(text)} characters are too many for the log, at most {_LONGEST_TEXT} are kept")
    if _MAIL.search(text):
        raise LeafError(f"{text!r} names a mail address; what is on record can not be erased, so write a reference")
    for match in _MAYBE_ADDRESS.finditer(text):
        if _is_address(match[0].strip(".")) or _is_address(match[0].rstrip(":")):
            raise LeafError(f"{text!r} names an address; what is on record can not be erased, so write a reference")
    return escape(text)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
