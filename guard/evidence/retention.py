"""How long are the values of a record kept?

What identifies a person (the whole address, the query, most header lines) has one lifetime, what
identifies a tool, a network or a picture another: erasing the first does not end a trace
years later. A crawler whose claim was verified is no person but a company's machine at an address
that the company publishes, so all its values have the second lifetime.
"""

from enum import IntEnum
from typing import Final

from guard.evidence.disclosure import Group
from guard.evidence.record import Record, RecordKind

VERIFIED_GRADES: Final = frozenset({"A", "B", "C"})
"""Signature, published list, or confirmed name: see `guard.core.identity`."""
_OF_PEOPLE: Final = frozenset({Group.PERSON.value, Group.REQUEST.value})


class Lifetime(IntEnum):
    """Which of the two periods holds."""

    PEOPLE = 1
    TOOLS = 2


def lifetime_of(one: Record, group: str) -> Lifetime:
    """Return how long the value of `group` is kept that the record commits to. A group nobody knows is a person's."""
    if one.kind is RecordKind.REQUEST and one.fields["grade"] in VERIFIED_GRADES:
        return Lifetime.TOOLS
    return Lifetime.PEOPLE if group in _OF_PEOPLE or group not in _KNOWN else Lifetime.TOOLS


_KNOWN: Final = frozenset(group.value for group in Group)
