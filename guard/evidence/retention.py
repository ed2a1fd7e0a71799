"""How long are the values of a record kept?

What identifies a person (the whole address, the query, most header lines) has one lifetime, what
identifies a tool, a network or a picture another: erasing the first does not end a trace
years later. A crawler whose claim was verified is no person but a company's machine at an address
that the company publishes, so all its values have the second lifetime.
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """The two periods in whole days; None: as long as the owner does not erase."""

    people: int | None = 30
    tools: int | None = None

    def of(self, lifetime: Lifetime) -> int | None:
        """Return one of them."""
        return self.people if lifetime is Lifetime.PEOPLE else self.tools


DEFAULT_RETENTION: Final = Retention()


def lifetime_of(one: Record, group: str) -> Lifetime:
    """Return how long the value of `group` is kept that the record commits to. A group nobody knows is a person's."""
    return Lifetime.TOOLS if is_verified(one) else lifetime_of_group(group)


def is_verified(one: Record) -> bool:
    """Say whether the record is of a request by a crawler whose claim was verified."""
    return one.kind is RecordKind.REQUEST and one.fields["grade"] in VERIFIED_GRADES


def lifetime_of_group(group: str) -> Lifetime:
    """Return how long a value of `group` is kept that belongs to who may be a person."""
    return _LIFETIMES.get(group, Lifetime.PEOPLE)


_LIFETIMES: Final = {group.value: Lifetime.PEOPLE if group.value in _OF_PEOPLE else Lifetime.TOOLS for group in Group}
