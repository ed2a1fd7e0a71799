"""Did two parties get the same answer?

Pages change by themselves: a time, a nonce, a cookie. So where the first party asked once more,
a difference counts only in what that party got twice alike; the rest is unsteady, and tells
nothing about who asked.
"""

from collections.abc import Mapping
from dataclasses import dataclass

BY_NATURE = frozenset({"date", "age", "connection", "keep-alive", "transfer-encoding"})
"""Header fields (lower case) that belong to one message or one connection, and to nobody's treatment."""

_SHOWN = frozenset(
    {"accept-ranges", "cache-control", "content-encoding", "content-length", "content-type", "server",
     "tdm-reservation", "vary", "x-robots-tag"}
)  # fmt: skip
"""Fields whose values may stand in a log; the others may hold paths, cookies or tokens."""

_MOST_LETTERS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An answer, as far as it was read."""

    status: int
    """0 where the connection was closed without an answer."""
    headers: tuple[tuple[str, str], ...]
    """In the order received, names as received."""
    digest: str
    """Hex SHA-256 of the body that was read."""
    length: int
    """Bytes that were read."""
    whole: bool = True
    """False when the body was larger than what is read of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How two answers differ."""

    differences: tuple[str, ...]
    """In words that name no path and no secret; what the other party got comes first."""
    unsteady: tuple[str, ...] = ()
    """What the first party itself got differently when it asked again: `status`, `body`, `header x`."""

    @property
    def alike(self) -> bool:
        return not self.differences


def compare(person: Received, other: Received, again: Received | None = None) -> Likeness:
    """Say how `other` differs from `person`.

    Args:
        again: What the person got when it asked once more, after the other.
    """
    first, second = _aspects(person), _aspects(other)
    third = first if again is None else _aspects(again)
    unsteady = {name for name in first.keys() | third.keys() if first.get(name) != third.get(name)}
    if not (person.status and other.status):
        first, second = ({"status": one["status"]} for one in (first, second))
    differing = [
        name
        for name in sorted(first.keys() | second.keys(), key=_order)
        if first.get(name) != second.get(name) and name not in unsteady
    ]
    if "body" in differing and person.length != other.length and "header content-length" in differing:
        differing.remove("header content-length")
    return Likeness(
        differences=tuple(_words(name, first, second) for name in differing),
        unsteady=tuple(sorted(unsteady, key=_order)),
    )


_Aspects = Mapping[str, tuple[str, ...]]


def _aspects(answer: Received) -> _Aspects:
    if not answer.status:
        return {"status": ("no answer",)}
    found: dict[str, tuple[str, ...]] = {
        "status": (f"status {answer.status}",),
        "body": (str(answer.length), answer.digest, str(answer.whole)),
    }
    for name, value in answer.headers:
        if (key := name.lower()) not in BY_NATURE:
            found[f"header {key}"] = (*found.get(f"header {key}", ()), value)
    return found


def _order(name: str) -> tuple[bool, bool, str]:
    return name != "status", name != "body", name


def _words(name: str, first: _Aspects, second: _Aspects) -> str:
    was, is_now = first.get(name, ()), second.get(name, ())
    if name == "status":
        return f"{is_now[0]} instead of {was[0]}"
    if name == "body":
        return "other bytes of the same length" if is_now[0] == was[0] else f"{is_now[0]} bytes instead of {was[0]}"
    if not was or not is_now:
        return f"{name} is {'added' if is_now else 'missing'}"
    if name.removeprefix("header ") not in _SHOWN:
        return f"{name} differs"
    return f"{name} is '{_short(is_now)}' instead of '{_short(was)}'"


def _short(values: tuple[str, ...]) -> str:
    text = "".join(letter if letter.isprintable() else "?" for letter in ", ".join(values))
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}…"
