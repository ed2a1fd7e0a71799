"""Which records of an evidence log does a reader mean?

Who shows a case, exports it or erases from it names it in one way: by crawler, operator, picture,
mark, time, action, grade, address or number. One pass over the log, side by side with one over
the erasable values; nothing is kept but the requests whose end has not come yet. Reads only, and
works while a recorder writes: what came after the pass began may be missing.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

from guard.errors import EvidenceError, LeafError, UsageError
from guard.evidence import disclosure, record
from guard.evidence.disclosure import Group
from guard.evidence.record import Record, RecordKind
from guard.store.log_files import LogFolder, open_folder
from guard.store.log_values import microseconds_at
from guard.store.record_finder import leaves

Network = IPv4Network | IPv6Network
Values = dict[str, Any]
"""By group, what is still disclosed of a record; each value was checked against its commitment."""
_SETS: Final = ("crawlers", "operators", "pictures", "marks", "actions", "grades", "records")
Match = tuple[int, bytes, Record, Values]
"""Index, bytes of the leaf, what it says, what is still disclosed of it."""

_ABOUT_CLIENTS: Final = frozenset({RecordKind.REQUEST, RecordKind.COMMITMENT})
_DIGEST: Final = 64
"""Hexadecimal digits of a SHA-256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What must be true of a record. What is empty is not asked; of several of one sort one is enough."""

    crawlers: frozenset[str] = frozenset()
    """Ids of the catalogue, or names that clients gave themselves; in small letters."""
    operators: frozenset[str] = frozenset()
    """In small letters."""
    pictures: frozenset[str] = frozenset()
    """Hex SHA-256 of what the site sent, or paths (without query) that begin with `/`. A path is found only as long
    as the request itself is disclosed."""
    marks: frozenset[str] = frozenset()
    """Hex mark ids."""
    since: int | None = None
    """Microseconds since 1970; this one and later."""
    until: int | None = None
    """Likewise; earlier than this."""
    actions: frozenset[str] = frozenset()
    grades: frozenset[str] = frozenset()
    """Capital letters."""
    addresses: tuple[Network, ...] = ()
    """Found only as long as what identifies a person is disclosed."""
    records: frozenset[int] = frozenset()
    """Indexes. Named records are of any kind."""

    def value(self) -> dict[str, Any]:
        """Return what is asked, for JSON."""
        texts = {name: sorted(getattr(self, name)) for name in _SETS if getattr(self, name)}
        times = {name: at for name, at in (("since", self.since), ("until", self.until)) if at is not None}
        networks = {"addresses": [str(one) for one in self.addresses]} if self.addresses else {}
        return {**texts, **times, **networks}

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Filter":
        """Return what `value` put together."""
        sets = {name: frozenset(value.get(name, ())) for name in _SETS}
        networks = tuple(ip_network(text) for text in value.get("addresses", ()))
        return cls(**sets, since=value.get("since"), until=value.get("until"), addresses=networks)

    @property
    def is_empty(self) -> bool:
        """Whether every request is meant."""
        return self == Filter()

    @property
    def asks_values(self) -> bool:
        """Whether anything is asked that only disclosed values say."""
        return bool(self.addresses or any(one.startswith("/") for one in self.pictures))

    @property
    def asks_the_record(self) -> bool:
        """Whether anything is asked that only a request record says."""
        return bool(self.crawlers or self.operators or self.pictures or self.marks or self.actions or self.grades)

    def takes(self, index: int, one: Record, values: Values) -> bool:
        """Say whether the record is meant. Ends are not asked: they belong to their requests."""
        if self.records:
            if index not in self.records:
                return False
        elif one.kind is not RecordKind.REQUEST and not (self.addresses and one.kind in _ABOUT_CLIENTS):
            return False
        if (self.since is not None and one.at < self.since) or (self.until is not None and one.at >= self.until):
            return False
        if self.asks_the_record and not (one.kind is RecordKind.REQUEST and self._takes_request(one, values)):
            return False
        return not self.addresses or _is_from(self.addresses, values.get(Group.PERSON.value))

    def _takes_request(self, one: Record, values: Values) -> bool:
        fields = one.fields
        return (
            (
                not self.crawlers
                or fields["crawler"].lower() in self.crawlers
                or fields["claimed"].lower() in self.crawlers
            )
            and (not self.operators or fields["operator"].lower() in self.operators)
            and (not self.marks or fields.get("mark", "") in self.marks)
            and (not self.actions or fields["action"] in self.actions)
            and (not self.grades or fields["grade"] in self.grades)
            and (not self.pictures or fields.get("original", "") in self.pictures or _path(values) in self.pictures)
        )


def matching(
    path: Path,
    wanted: Filter,
    *,
    size: int | None = None,
    ends: bool = True,
    also: frozenset[RecordKind] = frozenset(),
) -> Iterator[Match]:
    """Yield the records that are meant in the log at `path`, in order, and with `ends` how each answer ended.

    Args:
        path: An evidence directory, or its `log/` folder.
        wanted: Which records.
        size: How many records the log has for this reader; None for all of them.
        ends: Whether `end` records of the requests that are meant come too.
        also: Kinds of which all records come, whatever is meant.

    Raises:
        UsageError: There is no log.
        LogDamagedError: It can not be read.
    """
    folder = open_folder(path)
    found = leaves(folder) if size is None else takewhile(lambda one: one[0] < size, leaves(folder))
    yield from select(found, _SideBySide(folder).of, wanted, ends=ends, also=also)


def select(
    found: Iterable[tuple[int, bytes]],
    values_of: Callable[[int, Record], Values],
    wanted: Filter,
    *,
    ends: bool = True,
    also: frozenset[RecordKind] = frozenset(),
) -> Iterator[Match]:
    """Yield of leaves that come in the order of their log those that are meant; the arguments as in `matching`.

    Args:
        values_of: Says what is disclosed of a record.
    """
    waiting: set[int] = set()
    for index, leaf in found:
        try:
            one = record.read(leaf)
        except LeafError:
            continue  # a later version's, or damaged: `guard evidence verify` names it
        if one.kind is RecordKind.END and one.fields["req"] in waiting:
            waiting.discard(one.fields["req"])
            yield index, leaf, one, {}
            continue
        disclosed = values_of(index, one)
        if one.kind in also or wanted.takes(index, one, disclosed):
            if ends and one.kind is RecordKind.REQUEST:
                waiting.add(index)
            yield index, leaf, one, disclosed


class _SideBySide:
    """The rows of the side store, read in step with the log."""

    def __init__(self, folder: LogFolder) -> None:
        self._rows = folder.disclosures() or iter(())
        self._next: tuple[int, str, bytes] | None = (-1, "", b"")

    def of(self, index: int, one: Record) -> Values:
        """Return what is disclosed of the record at `index`; indexes only rise."""
        commitments = one.fields.get("sd", ())
        found: Values = {}
        while self._next is not None and self._next[0] <= index:
            leaf, _, data = self._next
            if leaf == index and sha256(data).hexdigest() in commitments:
                try:
                    group, value = disclosure.read(data)
                except LeafError:
                    pass
                else:
                    found[group] = value
            try:
                self._next = next(self._rows, None)
            except EvidenceError:  # the side store can not be read further; the log alone says enough
                self._next = None
        return found


def _path(values: Values) -> str:
    return disclosure.target_of(values).partition("?")[0]


def _is_from(networks: tuple[Network, ...], person: object) -> bool:
    return any(address in network for address in map(_address, addresses_of(person)) if address for network in networks)


def _address(text: str) -> Any:
    try:
        return ip_address(text)
    except ValueError:
        return None


def addresses_of(person: object) -> Iterator[str]:
    """Yield every client address that a disclosed person value tells; that of a commitment holds several persons."""
    if not isinstance(person, dict):
        return
    seen = person.get("seen")
    for one in seen if isinstance(seen, list) else (person,):
        if isinstance(one, dict) and isinstance(one.get("address"), str):
            yield one["address"]


def picture(text: str) -> str:
    """Return what names a picture as a filter has it: a hex SHA-256, a path, or the path of a URL.

    Raises:
        UsageError: It is neither.
    """
    if len(text) == _DIGEST and all(one in "0123456789abcdef" for one in text.lower()):
        return text.lower()
    rest = text.partition("://")[2]
    path = "/" + rest.partition("/")[2] if rest else text
    if not path.startswith("/"):
        raise UsageError(f"{text!r} names no picture: give its SHA-256, its URL, or its path, which begins with /")
    return path.partition("?")[0].partition("#")[0]


def moment(text: str, *, after: bool = False) -> int:
    """Return a day (2026-11-25) or a time (2026-11-25T03:00, UTC where no zone is given) in microseconds since 1970.

    With `after` a day means its end.

    Raises:
        UsageError: It is neither.
    """
    try:
        if len(text) == len("2026-11-25"):
            day = date.fromisoformat(text) + timedelta(days=1 if after else 0)
            return microseconds_at(datetime.combine(day, time(), UTC))
        at = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is no time: write a day like 2026-11-25, or 2026-11-25T03:00 (UTC)") from None
    return microseconds_at(at if at.tzinfo else at.replace(tzinfo=UTC))


def words(wanted: Filter) -> str:
    """Return what is asked in one line, as it goes on record. It names no address: that could not be erased there."""
    parts = [f"{name}: {', '.join(map(str, values))}" for name, values in wanted.value().items() if name in _SETS]
    if wanted.addresses:
        parts.append("addresses: not named here")
    times = (("since", wanted.since), ("until", wanted.until))
    parts += [f"{name}: {_when(at)}" for name, at in times if at is not None]
    return "; ".join(parts) or "every request"


def _when(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1e6, UTC):%Y-%m-%dT%H:%M:%SZ}"
