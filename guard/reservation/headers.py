"""Which header lines say the reservation?

The order and the spelling are chosen for the readers that exist:

- `X-Robots-Tag: noai, noimageai` is a line of its own, lower case, without a colon, and the
  first of its name: img2dataset cuts a line at its first colon and takes what stands before
  it for a user agent; `http.client` and others see the first line only.
- `tdm-reservation` and `tdm-policy` are written in lower case: a reader that keeps headers in
  a plain dict looks for them so.
- `Content-Usage` is an RFC 9651 dictionary (draft-ietf-aipref-attach-05).

A reserved search is said by `noindex`, on a second line. robots.txt can not say it: a search
engine that may not fetch a page never sees that it must not list it.

The site behind us may send such lines itself. `merge` keeps whatever reserves more.
"""

import re
from collections.abc import Iterable

from guard.reservation.statement import Statement

Line = tuple[str, str]

FIELDS = frozenset({"x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage"})
"""Names (lower case) of the fields that `merge` rules over. Whoever sends its lines drops the upstream's."""

# One member of a dictionary whose value is `y` or `n` (RFC 9651, section 3.2), parameters ignored.
_MEMBER = re.compile(r"([a-z*][a-z0-9_.*-]*)=([yn])[ \t]*(?:;.*)?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def lines(statement: Statement) -> tuple[Line, ...]:
    """Return the header lines of `statement`, names and values, in the order to send them."""
    sent: list[Line] = []
    if not statement.train:
        sent.append(("X-Robots-Tag", "noai, noimageai"))
    if not statement.search:
        sent.append(("X-Robots-Tag", "noindex, noimageindex"))
    sent.append(("tdm-reservation", str(statement.tdm_reservation)))
    if statement.anything_reserved:
        sent.append(("tdm-policy", statement.policy_url))
    sent.append(("Content-Usage", statement.content_usage))
    return tuple(sent)


def merge(upstream: Iterable[Line], ours: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the lines to send for the fields in `FIELDS`, ours first; of two answers the stricter stays.

    `upstream` is the upstream's header as received, all fields, names in any case. Its `X-Robots-Tag` lines follow ours
    as they came, without those that ours already say. One `tdm-reservation` is left, with one `tdm-policy`: ours if we
    reserve, else the upstream's. In `Content-Usage` an `n` from either side stays; labels that we do not know stay only
    with `n`. A value with a control character is not read.
    """
    theirs = [(name.lower(), value.strip(" \t")) for name, value in upstream if not _CONTROL.search(value)]

    def values(name: str) -> list[str]:
        return [value for key, value in theirs if key == name]

    robots = [line for line in ours if line[0].lower() == "x-robots-tag"]
    said = {_squeezed(value) for _, value in robots}
    for value in values("x-robots-tag"):
        if value and _squeezed(value) not in said:
            said.add(_squeezed(value))
            robots.append(("X-Robots-Tag", value))

    mine = {name.lower(): value for name, value in ours}
    reserved, policy = mine.get("tdm-reservation", "") == "1", mine.get("tdm-policy", "")
    if not reserved and "1" in values("tdm-reservation"):
        reserved, policy = True, next(iter(values("tdm-policy")), "")
    tdm: list[Line] = []
    if reserved or "tdm-reservation" in mine:
        tdm.append(("tdm-reservation", "1" if reserved else "0"))
    if policy:
        tdm.append(("tdm-policy", policy))

    usage = _stricter(_members([mine.get("content-usage", "")]), _members(values("content-usage")))
    return (*robots, *tdm, *([("Content-Usage", usage)] if usage else []))


def _stricter(ours: dict[str, str], theirs: dict[str, str]) -> str:
    both = ours | {label: answer for label, answer in theirs.items() if answer == "n"}
    return ", ".join(f"{label}={answer}" for label, answer in both.items())


def _members(values: list[str]) -> dict[str, str]:
    """Return the labels with `y` or `n`. A label given twice is `n` if it is once: RFC 9651 would let the last win."""
    found: dict[str, str] = {}
    for value in values:
        for part in _split(value):
            member = _MEMBER.fullmatch(part.strip(" \t"))
            if member and found.get(member[1]) != "n":
                found[member[1]] = member[2]
    return found


def _split(value: str) -> list[str]:
    """Split at commas; one inside a quoted string ends nothing."""
    parts, quoted, escaped = [""], False, False
    for character in value:
        if character == "," and not quoted:
            parts.append("")
            continue
        parts[-1] += character
        if escaped:
            escaped = False
        elif character == "\\" and quoted:
            escaped = True
        elif character == '"':
            quoted = not quoted
    return parts


def _squeezed(value: str) -> str:
    return re.sub(r"\s+", "", value).lower()
