"""To whom, when and under which reservation were certain marked copies delivered, as the log says?

One pass over the log for all of them. Reads only; whether the log is whole is another question
(`guard evidence verify`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from guard.errors import EvidenceError, LeafError
from guard.evidence import disclosure, record, reservation_record
from guard.evidence.record import Record, RecordKind
from guard.store.log_files import LogFolder, open_folder
from guard.store.record_finder import leaves

MOST: Final = 200
"""Deliveries of one copy that are told of one by one."""
_TOLD: Final = (b'"mark":"', b'"kind":"rsv"', b'"kind":"mky"', b'"kind":"end"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation:
    """A reservation in force."""

    index: int
    """Of the newest record before the delivery that says so."""
    at: int
    """Microseconds since 1970."""
    digest: str
    documents: tuple[reservation_record.Document, ...]
    headers: tuple[tuple[str, str], ...]
    paths: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Beginnings of paths whose responses have other lines, and those lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request that was answered with a copy."""

    index: int
    request: Record
    end: Record | None = None
    """None where the log does not say how the answer ended."""
    reservation: Reservation | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    """By group, what is still disclosed; each value was checked against its commitment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """What the log says."""

    copies: Mapping[tuple[bytes, str], tuple[Delivery, ...]]
    """By mark id and hex SHA-256 of the original, in the order of the log; the first `MOST` of each."""
    counts: Mapping[tuple[bytes, str], int]
    keys: Mapping[str, tuple[int, int]]
    """By the commitment of a mark key, index and time of the first record that names it."""


def deliveries(path: Path, wanted: Mapping[bytes, frozenset[str]]) -> Deliveries:
    """Return the deliveries of copies in the log at `path`, given by mark id and digests of originals.

    Raises:
        UsageError: There is no log.
        LogDamagedError: It can not be read.
    """
    folder = open_folder(path)
    found: dict[int, Delivery] = {}
    copies: dict[tuple[bytes, str], list[int]] = {}
    counts: dict[tuple[bytes, str], int] = {}
    keys: dict[str, tuple[int, int]] = {}
    in_force: dict[str, Reservation] = {}
    for index, leaf in leaves(folder):
        # Most records are of something else; reading all of them would take minutes.
        if not any(part in leaf for part in _TOLD):
            continue
        try:
            one = record.read(leaf)
        except LeafError:
            continue
        if one.kind is RecordKind.RESERVATION:
            in_force[one.fields["digest"]] = _reservation(index, one)
        elif one.kind is RecordKind.MARK_KEY:
            keys.setdefault(one.fields["commitment"], (index, one.at))
        elif one.kind is RecordKind.END and one.fields["req"] in found:
            found[one.fields["req"]] = replace(found[one.fields["req"]], end=one)
        elif one.kind is RecordKind.REQUEST and one.fields.get("mark"):
            copy = bytes.fromhex(one.fields["mark"]), one.fields.get("original", "")
            if copy[1] not in wanted.get(copy[0], ()):
                continue
            counts[copy] = counts.get(copy, 0) + 1
            if counts[copy] <= MOST:
                copies.setdefault(copy, []).append(index)
                found[index] = Delivery(index=index, request=one, reservation=in_force.get(one.fields["rsv"]))
    _disclose(folder, found)
    return Deliveries(
        copies={copy: tuple(found[index] for index in indexes) for copy, indexes in copies.items()},
        counts=counts,
        keys=keys,
    )


def _reservation(index: int, one: Record) -> Reservation:
    said = one.fields["set"]
    return Reservation(
        index=index,
        at=one.at,
        digest=one.fields["digest"],
        documents=tuple(reservation_record.Document(**document) for document in said["documents"]),
        headers=_lines(said["headers"]),
        paths=tuple((path, _lines(lines)) for path, lines in said.get("paths", ())),
    )


def _lines(said: list[list[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in said)


def _disclose(folder: LogFolder, found: dict[int, Delivery]) -> None:
    last = max(found, default=-1)
    try:
        for leaf, _, data in folder.disclosures() or ():
            if leaf > last:
                break
            if leaf in found and sha256(data).hexdigest() in found[leaf].request.fields["sd"]:
                group, value = disclosure.read(data)
                found[leaf] = replace(found[leaf], values={**found[leaf].values, group: value})
    except EvidenceError:  # the side store is away; the log alone says enough
        pass
