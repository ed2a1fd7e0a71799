"""Where in an evidence log is one request, and what belongs to it?

By its index or by the reference code that the client was shown. With it come the record of
how its answer ended, the reservation in force, the rule set that decided and those of its
erasable values that are still there. Reads only; nothing is verified here but that each leaf
is the one that its frame has the hash of.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson

from guard.core import reference_code
from guard.errors import EvidenceError, LeafError, LogDamagedError, UsageError
from guard.evidence import disclosure, record, segment
from guard.evidence.record import Record, RecordKind
from guard.evidence.segment import Frame
from guard.evidence.verify import cut_by_next
from guard.store.log_files import LogFolder, open_folder


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundRequest:
    """A recorded request and what belongs to it."""

    index: int
    request: Record
    end: Record | None
    """None where the log does not say how the answer ended."""
    reservation: Record | None
    rules: "RuleSet | None"
    """None where the stored rule set is missing or not the bytes that the record names."""
    values: tuple[tuple[str, Any], ...]
    """Group and value of what is still disclosed, each checked against its commitment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """The rule set that decided, as it was kept."""

    policy: str
    rule: dict[str, Any] | None
    """The deciding rule; None for what is not decided by a rule."""
    crawler: dict[str, Any] | None
    """The catalogue entry as it was."""
    rules: int
    crawlers: int


def find_request(path: Path, *, index: int | None = None, reference: str = "") -> FoundRequest:
    """Return the request with this index in the log at `path`, or with this reference code.

    Raises:
        UsageError: There is no such log, record or code, or the record is of another kind.
        LogDamagedError: The log can not be read so far.
    """
    folder = open_folder(path)
    code = reference_code.read(reference)
    found: tuple[int, Record] | None = None
    end: Record | None = None
    reservations: dict[str, Record] = {}
    count = 0
    for place, leaf in leaves(folder):
        count = place + 1
        try:
            one = record.read(leaf)
        except LeafError as error:
            if place == index:
                raise LogDamagedError(f"record {place}", str(error)) from None
            continue
        if found is None:
            if one.kind is RecordKind.RESERVATION:
                reservations[one.fields["digest"]] = one
            of_request = one.kind is RecordKind.REQUEST  # an objection names a code, too
            if place == index or (code and of_request and reference_code.read(str(one.fields.get("ref", ""))) == code):
                found = place, one
        elif one.kind is RecordKind.END and one.fields["req"] == found[0]:
            end = one
            break
    if found is None:
        what = f"record {index}" if index is not None else f"request with the reference {reference}"
        raise UsageError(f"there is no {what} in {path}, which holds {count:,} records")
    place, request = found
    if request.kind is not RecordKind.REQUEST:
        raise UsageError(f"record {place} is no request but of the kind '{request.kind}'")
    return FoundRequest(
        index=place,
        request=request,
        end=end,
        reservation=reservations.get(request.fields["rsv"]),
        rules=_rule_set(folder, request),
        values=_values(folder, place, request),
    )


def leaves(folder: LogFolder) -> Iterator[tuple[int, bytes]]:
    """Yield index and bytes of every leaf, in order; those whose bytes were changed are counted and left out.

    Raises:
        LogDamagedError: A segment is missing, or nobody can say where the next leaf begins.
    """
    numbers = sorted(n for path in folder.names("seg") if (n := segment.number(path.removeprefix("seg/"))) is not None)
    index = 0
    for expected, number in enumerate(numbers):
        file = f"seg/{segment.name(expected)}"
        data = folder.read(file) if number == expected else None
        if data is None:
            raise LogDamagedError(f"log/{file}", "missing or not readable")
        after = folder.read(f"seg/{segment.name(number + 1)}") if number != numbers[-1] else None
        dead = cut_by_next(number, after)
        end = len(data) if dead is None else min(dead, len(data))
        at: int | None = 0
        while at is not None:
            start, at = at, None
            for one in segment.scan(data, start, end):
                if isinstance(one, Frame):
                    yield index, one.leaf
                    index += 1
                elif one.resume is not None:
                    at = one.resume
                    index += 1
                elif after is not None:
                    raise LogDamagedError(f"log/{file}", f"{one.flaw}, at byte {one.offset}")


def _rule_set(folder: LogFolder, request: Record) -> RuleSet | None:
    digest = request.fields["rules"]
    data = folder.read(f"blobs/{digest}") if digest else None
    if data is None or sha256(data).hexdigest() != digest:
        return None
    try:
        value = orjson.loads(data)
        rules, crawlers = value["rules"], value["crawlers"]
        return RuleSet(
            policy=str(value["policy"]),
            rule=next((one for one in rules if one["id"] == request.fields["rule"]), None),
            crawler=next((one for one in crawlers if one["id"] == request.fields["crawler"]), None),
            rules=len(rules),
            crawlers=len(crawlers),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None  # written by a version that keeps rule sets in another form


def _values(folder: LogFolder, index: int, request: Record) -> tuple[tuple[str, Any], ...]:
    found = []
    try:
        for leaf, _, data in folder.disclosures() or ():
            if leaf > index:
                break
            if leaf == index and sha256(data).hexdigest() in request.fields["sd"]:
                found.append(disclosure.read(data))
    except EvidenceError:  # the side store is away; the log alone says enough
        pass
    return tuple(found)
