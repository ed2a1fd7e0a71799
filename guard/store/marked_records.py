"""To whom were copies issued, as the evidence log says?

Every request that was answered with a marked copy names the mark id. Reads only; whether
the log is whole is another question (`guard evidence verify`).
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from guard.errors import LeafError
from guard.evidence import record
from guard.evidence.record import RecordKind
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves

MOST_SHOWN = 1000


@dataclass(slots=True, kw_only=True)
class Issue:
    """What the log says about one mark id."""

    mark_id: bytes
    requests: int = 0
    first: datetime
    last: datetime
    sites: set[str] = field(default_factory=set)
    claimed: set[str] = field(default_factory=set)
    """Names that the client gave itself."""
    records: list[int] = field(default_factory=list)
    """Indexes of the requests, the first thousand."""
    renditions: dict[str, list[int]] = field(default_factory=dict)
    """By the hex SHA-256 of the rendition, the records of its delivery."""


def issued(path: Path) -> dict[bytes, Issue]:
    """Return every mark id in the log at `path`, an evidence directory or its `log/` folder.

    Raises:
        UsageError: There is no log.
        LogDamagedError: It can not be read.
    """
    found: dict[bytes, Issue] = {}
    for index, leaf in leaves(open_folder(path)):
        # Most records are of something else; reading all of them would take minutes.
        if b'"mark":"' not in leaf:
            continue
        try:
            one = record.read(leaf)
        except LeafError:
            continue
        if one.kind is not RecordKind.REQUEST or not one.fields.get("mark"):
            continue
        at = datetime.fromtimestamp(one.at / 1e6, UTC)
        mark_id = bytes.fromhex(one.fields["mark"])
        issue = found.setdefault(mark_id, Issue(mark_id=mark_id, first=at, last=at))
        issue.requests += 1
        issue.last = max(issue.last, at)
        issue.sites.add(one.fields["site"])
        if one.fields["claimed"]:
            issue.claimed.add(one.fields["claimed"])
        if len(issue.records) < MOST_SHOWN:
            issue.records.append(index)
            issue.renditions.setdefault(one.fields.get("original", ""), []).append(index)
    return found
