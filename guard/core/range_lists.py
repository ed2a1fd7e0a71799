"""Which addresses does an operator's published list name, and how far is it believed?

Lists come from strangers' servers and some are pages for people, so each prefix is held
against common sense: nothing private, reserved, for documentation or for multicast, and
nothing so wide that half a cloud would pass for one crawler. A list from which something
had to be dropped, or that is old, may still confirm a claim; it refutes none.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, collapse_addresses, ip_network
from typing import Any

import orjson

from guard.core.addresses import IPNetwork, is_public
from guard.core.range_file import Proof, RangeFormat
from guard.errors import RangeListError

MAX_BYTES = 8 * 1024 * 1024
"""Amazon's whole cloud is 2 MiB."""
MAX_PREFIXES = 100_000
WIDEST_4, WIDEST_6 = 12, 28
MAX_AGE = timedelta(days=30)
"""The operators' files name a creation time within weeks; older ones have missed moves of whole fleets."""
CLOCK_SLACK = timedelta(hours=1)
SHOWN = 5
"""So many dropped entries are quoted."""

_FEW_PREFIXES, _FEW_ADDRESSES = 4, 1024
"""Changes as small as these are no reason to doubt a short list."""
_PAGE_TRIES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeList:
    """One operator's published addresses, as they were at one time."""

    name: str
    prefixes: tuple[IPNetwork, ...]
    fetched_at: datetime | None
    """When it was read at its source. Aware; None where nobody wrote it down."""
    source: str
    """The addresses of the list, for people."""
    complete: bool
    """Whether all that the operator published is here."""
    proof: Proof = Proof.CRAWLER
    own_network: bool = True
    """Whether the hosts in it are the operator's; False where customers' programs run on them too."""

    def fresh(self, at: datetime) -> bool:
        """Tell whether the list still counts at `at`; one from the future (a clock that jumped back) does not."""
        return self.fetched_at is not None and self.fetched_at - CLOCK_SLACK <= at <= self.fetched_at + MAX_AGE

    def refutes(self, at: datetime) -> bool:
        """Tell whether being outside means anything at `at`."""
        return self.complete and self.fresh(at)

    @property
    def title(self) -> str:
        """Name and day, for sentences."""
        return f"{self.name} ({self.fetched_at:%Y-%m-%d})" if self.fetched_at else f"{self.name} (undated)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """What was found in one document."""

    prefixes: tuple[IPNetwork, ...]
    """In order, each once."""
    dropped: tuple[str, ...]
    """`text: why` for the first few entries that were not believed."""
    complete: bool
    """Nothing was dropped, and the form tells where the list ends."""


def parse(data: bytes, form: RangeFormat) -> Parsed:
    """Read a published list.

    The form `jafar` stands for every JSON list of its kind: Google's, AWS's `ip-ranges.json`, arrays of strings.

    Raises:
        RangeListError: It is no such list, names nothing, or more nonsense than prefixes.
    """
    if len(data) > MAX_BYTES:
        raise RangeListError(f"has more than {MAX_BYTES} bytes")
    text = data.decode("utf-8-sig", "replace")
    whole = True
    entries: Iterable[str]
    match form:
        case RangeFormat.JAFAR:
            entries = _of_json(_json(data.removeprefix(b"\xef\xbb\xbf")))
        case RangeFormat.GEOFEED:
            entries = (line.split(",", 1)[0] for line in _lines(text))
        case RangeFormat.LINES:
            entries = (line.split()[0] for line in _lines(text))
        case RangeFormat.PAGE:
            entries, whole = _of_page(html.unescape(text))
        case RangeFormat.FIXED:
            raise RangeListError("a fixed list has no document")
    return sift(entries, whole=whole)


def sift(entries: Iterable[str], *, whole: bool = True) -> Parsed:
    """Turn texts into networks and drop what can not be a crawler's.

    Raises:
        RangeListError: As with `parse`.
    """
    kept: dict[IPNetwork, None] = {}
    dropped: list[str] = []
    count = 0
    for number, entry in enumerate(entries):
        if number >= MAX_PREFIXES:
            raise RangeListError(f"names more than {MAX_PREFIXES} prefixes")
        try:
            network = ip_network(entry.strip())
        except ValueError:
            why = "is no network"
        else:
            why = _doubt(network)
            if not why:
                kept[network] = None
                continue
        count += 1
        if len(dropped) < SHOWN:
            dropped.append(f"'{entry.strip()[:60]}' {why}")
    if count > len(kept):
        raise RangeListError(f"names {count} entries that can not be right, the first: {dropped[0]}")
    if not kept:
        raise RangeListError("names no address")
    return Parsed(prefixes=tuple(kept), dropped=tuple(dropped), complete=whole and not count)


def compare(new: Sequence[IPNetwork], good: Sequence[IPNetwork]) -> str:
    """Say why `new` is not believed beside the last good list: it grew or shrank by more than half; else say nothing.

    Counted are prefixes, the IPv4 addresses and the IPv6 /64 networks, because a list can keep its length and swallow
    a cloud.
    """
    measures = (
        ("prefixes", len(new), len(good), _FEW_PREFIXES),
        ("IPv4 addresses", _size(new, 4), _size(good, 4), _FEW_ADDRESSES),
        ("IPv6 networks", _size(new, 6), _size(good, 6), _FEW_ADDRESSES),
    )
    for what, now, before, few in measures:
        if abs(now - before) > max(before / 2, few):
            return f"has {now} {what} after {before}"
    return ""


def _size(prefixes: Sequence[IPNetwork], version: int) -> int:
    if version == 4:
        return sum(one.num_addresses for one in collapse_addresses(p for p in prefixes if isinstance(p, IPv4Network)))
    networks = {p if p.prefixlen <= 64 else p.supernet(new_prefix=64) for p in prefixes if p.version == 6}
    return sum(one.num_addresses >> 64 for one in collapse_addresses(networks))


def _doubt(network: IPNetwork) -> str:
    if network.prefixlen < (WIDEST_4 if network.version == 4 else WIDEST_6):
        return "is too wide"
    if not is_public(network.network_address) or not is_public(network.broadcast_address):
        return "is not public address space"
    return ""


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if content := line.partition("#")[0].strip():
            yield content


def _json(data: bytes) -> Any:
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise RangeListError("is no JSON") from None


_KEYS = ("ipv4Prefix", "ipv6Prefix", "ip_prefix", "ipv6_prefix")


def _of_json(value: Any) -> Iterator[str]:
    """Yield the prefixes of a JSON list; what has another shape is yielded as text, so that it counts as dropped."""
    members = [value.get(key, []) for key in ("prefixes", "ipv6_prefixes")] if isinstance(value, dict) else [value]
    if not all(isinstance(member, list) for member in members):
        raise RangeListError("has no array of prefixes")
    for member in members:
        for item in member:
            if isinstance(item, str):
                yield item
                continue
            named = [item[key] for key in _KEYS if key in item] if isinstance(item, dict) else []
            yield from (one if isinstance(one, str) else str(one)[:60] for one in named or [item])


_OBJECT = re.compile(r'[{\[]\s*"(?:creationTime|syncToken|createDate|prefixes)"')
_IN_TEXT = re.compile(
    r"(?<![\w./:-])(?:\d{1,3}(?:\.\d{1,3}){3}(?:/\d{1,2})?|[0-9a-fA-F]{1,4}:[0-9a-fA-F:]{2,40}/\d{1,3})(?!\.?\w|[/:-])"
)
_TAG = re.compile(r"<[^<>]{0,2000}>")


def _of_page(text: str) -> tuple[list[str], bool]:
    """Find a list in a page: JSON if there is some, else whatever looks like a prefix, and then it is never whole."""
    for number, match in enumerate(_OBJECT.finditer(text)):
        if number >= _PAGE_TRIES:
            break
        if value := _balanced(text, match.start()):
            try:
                found = list(_of_json(_json(_TAG.sub("", value).encode("utf-8", "replace"))))
            except RangeListError:
                continue
            if found:
                return found, True
    return [match[0] for match in _IN_TEXT.finditer(_TAG.sub(" ", text))], False


def _balanced(text: str, start: int) -> str:
    """Return the JSON value that begins at `start`, by its brackets; list files have none inside strings."""
    depth = 0
    for match in re.finditer(r"[{}\[\]]", text[start : start + MAX_BYTES]):
        depth += 1 if match[0] in "{[" else -1
        if depth == 0:
            return text[start : start + match.end()]
    return ""
