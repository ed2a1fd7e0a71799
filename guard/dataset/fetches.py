"""Who asked for a picture that a data set lists, and when?

Read from the evidence log, after it was verified: by host and path, for the clients that named
themselves or behaved like a crawler. What visitors asked for nobody can read there, and what
was erased is gone; so "nobody" means only that no readable record says so. That somebody asked
for a picture and that a data set lists it does not say that the one comes from the other.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from guard.core.target import canonical_path, split_absolute
from guard.dataset.listed_url import own_host, plain_host
from guard.errors import EvidenceError, LeafError, RequestError
from guard.evidence import disclosure, record
from guard.evidence.disclosure import Group
from guard.evidence.record import Record, RecordKind, Rendition
from guard.evidence.verify import verify_log
from guard.store.log_files import LogFolder, open_folder
from guard.store.record_finder import leaves

MOST_PATHS: Final = 500_000
"""Paths that are remembered, about 400 bytes each."""
MOST_CLIENTS: Final = 20
_WHAT_WAS_ASKED_FOR: Final = frozenset({Group.TARGET, Group.REQUEST})
"""In logs of the first weeks the target was in the request group."""
_WHOLE: Final = frozenset({Rendition.AS_IS, Rendition.RIGHTS, Rendition.MARKED, Rendition.DISPLAY})


@dataclass(slots=True)
class Fetcher:
    """One crawler, and what it asked for under one path."""

    name: str
    """The product token that was claimed; empty for a client that named nothing."""
    operator: str
    purpose: str
    identity: str
    requests: int = 0
    delivered: int = 0
    """How often the picture itself went out, whole and not as a small preview."""
    first: int = 0
    """Microseconds since 1970, as `last`."""
    last: int = 0


@dataclass(slots=True)
class Fetches:
    """What an evidence log tells."""

    holds: bool
    """The log was verified and is unchanged since recording."""
    records: int
    origin: str
    by_path: dict[tuple[str, str], dict[tuple[str, str], Fetcher]] = field(default_factory=dict)
    forgotten: bool = False
    """There were more paths than are remembered."""
    undisclosed: int = 0
    """Requests whose path is not there any more."""

    def of(self, url: str) -> tuple[Fetcher, ...]:
        """Return who asked for the picture at this address, the first who came first."""
        own = own_host(url)
        if own is None:
            return ()
        found = self.by_path.get((own.host, _path(own.path)), {})
        return tuple(sorted(found.values(), key=lambda one: one.first))


def read_fetches(directory: Path) -> Fetches:
    """Verify the log in `directory`, and read from it who asked for what.

    Raises:
        UsageError: There is no log.
        LogDamagedError: It can not be read to its end.
    """
    folder = open_folder(directory)
    report = verify_log(folder)
    found = Fetches(holds=report.holds, records=report.records, origin=report.origin)
    targets = _targets(folder)
    waiting = next(targets, None)
    open_requests: dict[int, Fetcher] = {}
    for index, leaf in leaves(folder):
        try:
            one = record.read(leaf)
        except LeafError:
            continue
        if one.kind is RecordKind.END:
            fetcher = open_requests.pop(one.fields["req"], None)
            if fetcher is not None and one.fields["completed"] and one.fields["status"] in (200, 206):
                fetcher.delivered += 1
        elif one.kind is RecordKind.REQUEST:
            while waiting is not None and waiting[0] < index:
                waiting = next(targets, None)
            value: Mapping[str, Any] | None = None
            while waiting is not None and waiting[0] == index:
                if waiting[1] in one.fields["sd"]:
                    value = waiting[2]
                waiting = next(targets, None)
            fetcher = _add(found, one, value)
            if fetcher is not None and one.fields["rendition"] in _WHOLE:
                open_requests[index] = fetcher
    return found


def _add(found: Fetches, one: Record, value: Mapping[str, Any] | None) -> Fetcher | None:
    if value is None:
        found.undisclosed += 1
        return None
    authority = own_host(f"//{value.get('authority', '')}")
    try:
        path = canonical_path(split_absolute(str(value.get("path") or value.get("target", "")))[1])
    except RequestError:
        return None
    key = (authority.host if authority else plain_host(one.fields["site"]), path)
    if key not in found.by_path and len(found.by_path) >= MOST_PATHS:
        found.forgotten = True
        return None
    clients = found.by_path.setdefault(key, {})
    name = one.fields["claimed"]
    who = (name, one.fields["operator"])
    if who not in clients:
        if len(clients) >= MOST_CLIENTS:
            return None
        clients[who] = Fetcher(
            name, one.fields["operator"], one.fields["purpose"], one.fields["identity"], first=one.at, last=one.at
        )
    fetcher = clients[who]
    fetcher.requests += 1
    fetcher.first, fetcher.last = min(fetcher.first, one.at), max(fetcher.last, one.at)
    return fetcher


def _targets(folder: LogFolder) -> Iterator[tuple[int, str, Mapping[str, Any]]]:
    """Yield index, commitment and value of what was asked for, by index, where it is still disclosed."""
    try:
        for leaf, name, data in folder.disclosures() or ():
            if name not in _WHAT_WAS_ASKED_FOR:
                continue
            group, value = disclosure.read(data)
            if group in _WHAT_WAS_ASKED_FOR and isinstance(value, dict) and ("path" in value or "target" in value):
                yield leaf, sha256(data).hexdigest(), value
    except EvidenceError:  # the side store is away: then nobody can say what was asked for
        return


def _path(path: str) -> str:
    try:
        return canonical_path(path or "/")
    except RequestError:
        return path
