"""Do many clients, each of whom takes little, together walk through the portfolio?

Looked at are only pictures that a client takes before anything else: no page of ours, no style, no thumbnail came
first, and no other site shows the picture or led to it. People do that too: they open a link that a friend sent, or
come back with a page from a cache. But a link that goes round leads many to few pictures, and a walk leads many to
as many. So a crowd speaks when its pictures are nearly as many as its members, most of them were never seen before, and
they are more than the site is used to.

What a crowd says only makes those of its members suspects who come in the same way themselves; it is never enough for
more. People share networks and browsers, and whoever looks at a page first is not meant.
"""

from dataclasses import dataclass
from enum import StrEnum
from struct import Struct
from typing import Final

from guard.core.behaviour import Past
from guard.core.header_signals import Referer
from guard.core.observation import Observation

DAY: Final = 86_400.0
MOST_OF_ONE: Final = 6
"""So many originals of one address count, so that one client alone makes no crowd of those who look like it."""
_OWN_SITES = frozenset({"same-origin", "same-site"})
_BREADTH: Final = 0.5
"""Originals for each member; of a link that goes round, a feed or a newsletter there are far fewer."""
_NEW: Final = 0.25
_RECENT: Final = 0.3
"""Weight of the last whole day in what is usual."""
_USUAL = Struct("<Bxxxddd")
_VERSION: Final = 1


class Coming(StrEnum):
    """How a client came to its first pictures, where no page of ours comes first."""

    ALONE = "alone"
    """Nothing says where from."""
    UNBACKED = "unbacked"
    """It says that a page of ours shows them, and was sent none."""
    LED = "led"
    """It says that a page of another site led it here, and is a browser too old to attest that."""


class Group(StrEnum):
    """What the members of a crowd share."""

    MANNER = "manner"
    """One IPv4 address or IPv6 /64, and all header lines but the browser's name: one program that changes its name."""
    ADDRESS = "address"
    """One IPv4 address or IPv6 /48, under many names."""
    TEAM = "team"
    """Network and browser: one program that takes turns at a few addresses."""
    NETWORK = "network"
    """IPv4 /24 or IPv6 /48."""
    SYSTEM = "system"
    """The autonomous system, where the operator's file names it."""
    PRINT = "print"
    """The order of the header fields."""
    BROWSER = "browser"
    """What stays the same over one client's requests: the user agent where it is believed, and the languages."""
    SITE = "site"
    """That they come so to this site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """From where on a crowd speaks."""

    originals: float
    clients: float
    usual: float
    """It also takes so many times what the whole site is used to in a day."""
    requests: float = 0
    """In the last hour, older ones counting less."""
    new: float = _NEW
    """Share of requests that are the first of their client; below it the same few clients come again."""


LIMITS: Final = {
    Group.ADDRESS: Limit(originals=30, clients=12, usual=1),
    # Of people behind one address who open pictures by themselves, each another one, seldom six do so within an hour.
    Group.MANNER: Limit(originals=6, clients=6, usual=1, requests=6),
    # A few addresses that all come so, and each again and again.
    Group.TEAM: Limit(originals=12, clients=3, usual=1, new=0),
    Group.NETWORK: Limit(originals=30, clients=12, usual=1),
    # A hosting company's customers, or a telephone company's.
    Group.SYSTEM: Limit(originals=40, clients=15, usual=2),
    Group.PRINT: Limit(originals=40, clients=20, usual=3),
    Group.BROWSER: Limit(originals=40, clients=20, usual=3),
    Group.SITE: Limit(originals=80, clients=40, usual=3),
}


def coming_of(past: Past, seen: Observation) -> tuple[Coming, bool] | None:
    """Tell how the client came to this picture, and whether nothing was known of it before.

    None stands for somebody whom no crowd concerns.

    Args:
        past: The client's, with the head of this request in it, and not yet its answer.
    """
    lines = seen.head.lines
    if seen.declared or lines.prefetch or seen.facts.method != "GET":
        return None
    site, referer = lines.fetch_site, seen.head.referer
    # Whoever forges these well is not found here: searches for pictures lead people in the same way.
    led = referer is Referer.FOREIGN and lines.borne_out
    if site == "cross-site" or (led and (site or seen.facts.scheme != "https")):
        return None
    # Anything else that was asked for may have been a page, which is perhaps still being sent.
    if past.seen - 1 > past.full_seen:
        return None
    if led:
        return Coming.LED, past.seen <= 1
    claims_a_page = site in _OWN_SITES or (referer is Referer.OWN and not site)
    return Coming.UNBACKED if claims_a_page else Coming.ALONE, past.seen <= 1


def speaks(
    group: Group,
    *,
    originals: float,
    clients: float,
    requests: float,
    newcomers: float,
    usual: float,
    portfolio: int = 0,
) -> bool:
    """Tell whether a crowd walks through the portfolio.

    Args:
        originals: About how many different ones its members took in the last one to two days.
        clients: About how many members that were.
        requests: Of the last hour, older ones counting less.
        newcomers: Of these, first requests of clients never seen before.
        usual: Such requests to the whole site on an ordinary day.
        portfolio: How many originals the site has; 0 where nobody knows.
    """
    limit = LIMITS[group]
    # A small portfolio is walked through over and over.
    members = min(clients, portfolio) if portfolio else clients
    fewest = min(limit.originals, 0.5 * portfolio) if portfolio else limit.originals
    return (
        originals >= fewest
        and max(originals, requests) >= limit.usual * usual
        and clients >= limit.clients
        and requests >= limit.requests
        and originals >= _BREADTH * members
        and newcomers >= limit.new * requests
    )


@dataclass(frozen=True, slots=True)
class Usual:
    """How many such requests a site is used to; today counts from tomorrow on."""

    since: float
    """When the day began."""
    so_far: float
    """Requests since then."""
    per_day: float

    @classmethod
    def from_bytes(cls, record: bytes | None, at: float) -> "Usual":
        """Read a record, up to `at`; one of another kind, or none, is a site that is used to nothing."""
        if record is None or len(record) != _USUAL.size or record[0] != _VERSION:
            return cls(at, 0.0, 0.0)
        _, since, so_far, per_day = _USUAL.unpack(record)
        elapsed = at - since
        if 0 <= elapsed < DAY:
            return cls(since, so_far, per_day)
        if elapsed < 0:  # a clock that went back: the day begins anew
            return cls(at, so_far, per_day)
        days = int(elapsed // DAY)
        per_day = (1 - _RECENT) * per_day + _RECENT * so_far
        return cls(since + days * DAY, 0.0, per_day * (1 - _RECENT) ** min(days - 1, 365))

    def with_one(self) -> "Usual":
        """Return the same after one more request."""
        return Usual(self.since, self.so_far + 1, self.per_day)

    def to_bytes(self) -> bytes:
        """Write the record."""
        return _USUAL.pack(_VERSION, self.since, self.so_far, self.per_day)
