"""Which pictures were canaries, since when, and how many copies of each were given out, as the log says?

Reads only; whether the log is whole is another question (`guard evidence verify`).
"""

from dataclasses import dataclass, field
from pathlib import Path

from guard.errors import LeafError
from guard.evidence import record
from guard.evidence.record import RecordKind
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves

_TOLD = (b'"kind":"cny"', b'"original":"')


@dataclass(slots=True, kw_only=True)
class Canary:
    """What the log says about one canary."""

    sha256: str
    name: str
    record: int
    """Index of the first record that names it."""
    since: int
    """Microseconds since 1970: its time."""
    places: dict[str, str] = field(default_factory=dict)
    """By site, the path below which it was offered last."""
    copies: int = 0
    """Requests that were answered with a copy."""
    marks: set[str] = field(default_factory=set)
    """The ids of those copies, hex."""


def canaries(path: Path) -> dict[str, Canary]:
    """Return the canaries in the log at `path`, an evidence directory or its `log/` folder, by SHA-256.

    Raises:
        UsageError: There is no log.
        LogDamagedError: It can not be read.
    """
    found: dict[str, Canary] = {}
    for index, leaf in leaves(open_folder(path)):
        # Most records are of something else; reading all of them would take minutes.
        if not any(part in leaf for part in _TOLD):
            continue
        try:
            one = record.read(leaf)
        except LeafError:
            continue
        if one.kind is RecordKind.CANARY:
            known = found.setdefault(
                one.fields["sha256"],
                Canary(sha256=one.fields["sha256"], name=one.fields["name"], record=index, since=one.at),
            )
            known.places[one.fields["site"]] = one.fields["path"]
        elif one.kind is RecordKind.REQUEST and (canary := found.get(one.fields.get("original", ""))) is not None:
            canary.copies += 1
            canary.marks.add(one.fields["mark"])
    return found
