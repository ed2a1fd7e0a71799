"""Has whoever asks for a picture looked at a page of the site before?

A ticket says so. It holds an hour and two seals (HMAC-SHA256, RFC 2104) and nothing else: everybody who comes in
the same hour from the same network has the same one, so it tells nobody apart, and nothing is kept of those who have
it. The first seal is over site and hour, the second over the network (IPv4 /24, IPv6 /48) as well.

It is bound loosely, because people change their network between a page and its pictures (carrier NAT, relays, a
telephone that leaves the house). From another network a ticket counts for what the browser says that a page of this
site shows. So one that is passed on opens nothing by itself, and nobody's gallery goes dark in a train. A program
that keeps cookies and claims to be a page is not stopped by it: how it behaves is looked at elsewhere.
"""

import hmac
import re
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from guard.core.classification import Classification, Conduct, Identity, TicketState
from guard.core.crawlers import Purpose
from guard.core.decoys import network_of
from guard.core.facts import RequestFacts, ResponseFacts
from guard.core.policy import Policy

COOKIE: Final = "guard_view"
KEY_SIZE: Final = 32
HOUR: Final = 3600

_SEAL: Final = 12
"""Bytes of a seal: as good as unguessable for what a look at any page opens."""
_TICKET: Final = re.compile(r"1\.([0-9]{1,9})\.([A-Za-z0-9_-]{16})\.([A-Za-z0-9_-]{16})", re.ASCII)
_OWN: Final = frozenset({"same-origin", "same-site"})
_MOST: Final = 4
"""Cookies of our name that are looked at."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What the tickets of a request are worth."""

    state: TicketState
    due: bool
    """A page should give a new one: there is none that counts here, or it is in the second half of its life."""


NOTHING: Final = Worth(TicketState.MISSING, due=True)


def seal(key: bytes, request: RequestFacts) -> str:
    """Return the ticket for whoever sends this request: digits, letters, `-`, `_` and `.`."""
    hour = int(request.at.timestamp()) // HOUR
    return f"1.{hour}.{_sealed(key, request, hour, near=False)}.{_sealed(key, request, hour, near=True)}"


def worth(keys: Sequence[bytes], request: RequestFacts, hours: int) -> Worth:
    """Say what the tickets in a request's cookies are worth; a ticket lives for `hours`, that of its making included.

    Args:
        keys: Any of which may have sealed it.
    """
    best = NOTHING
    now = int(request.at.timestamp()) // HOUR
    for text in _tickets(request):
        match = _TICKET.fullmatch(text)
        if match is None or not 0 <= now - int(match[1]) < hours:
            continue
        hour = int(match[1])
        for key in keys:
            if not hmac.compare_digest(match[2], _sealed(key, request, hour, near=False)):
                continue
            near = hmac.compare_digest(match[3], _sealed(key, request, hour, near=True))
            if near and 2 * (now - hour) < hours:
                return Worth(TicketState.VALID, due=False)
            if near or _in_own_page(request):
                best = Worth(TicketState.VALID, due=True)
    return best


def opened_by_itself(request: RequestFacts) -> bool:
    """Tell whether a browser opens the address as such: a bookmark, a link, a line typed in."""
    if dest := request.header("sec-fetch-dest"):
        return dest == "document"
    return "text/html" in request.header("accept").lower()


class AskedFor:
    """Knows which pictures a policy does not give to everybody who has no ticket."""

    def __init__(self, policy: Policy) -> None:
        self._rules = tuple(rule for rule in policy.rules if TicketState.MISSING in rule.when.ticket)

    def concerns(self, request: RequestFacts, response: ResponseFacts) -> bool:
        """Tell whether some rule asks for a ticket here, so that no shared cache may hand this to the next one."""
        return any(
            rule.when.holds_for_request(request, _STRANGER) and rule.when.holds_for_resource(_STRANGER, response)
            for rule in self._rules
        )


_STRANGER: Final = Classification(
    purpose=Purpose.BROWSER, identity=Identity.NONE_CLAIMED, conduct=Conduct.CLEAN, claimed="", crawler=None,
    facts=frozenset(), ticket=TicketState.MISSING,
)  # fmt: skip


def _tickets(request: RequestFacts) -> list[str]:
    found = []
    for name, value in request.headers:
        if len(name) == 6 and COOKIE in value and name.lower() == "cookie":
            for crumb in value.split(";"):
                key, _, text = crumb.partition("=")
                if key.strip() == COOKIE:
                    found.append(text.strip())
    return found[:_MOST]


def _in_own_page(request: RequestFacts) -> bool:
    """Tell whether the browser says that a page of this site shows it; older ones say so by the Referer."""
    if request.header("sec-fetch-dest") == "document":
        return False
    if site := request.header("sec-fetch-site"):
        return site in _OWN
    referer = request.header("referer").partition("://")[2].partition("/")[0].rpartition("@")[2].lower()
    return bool(referer) and referer == request.authority.lower()


def _sealed(key: bytes, request: RequestFacts, hour: int, *, near: bool) -> str:
    return _seal(key, request.site, request.host, hour, network_of(request.client.address) if near else None)


@lru_cache(maxsize=4096)
def _seal(key: bytes, site: str, host: str, hour: int, network: bytes | None) -> str:
    """Return the seal; remembered, because it is the same for everybody in a network."""
    if len(key) < KEY_SIZE:
        raise ValueError(f"a key of {len(key)} bytes is too short")
    use = b"site" if network is None else b"near"
    name = f"{site} {host}".encode("utf-8", "surrogateescape")
    fields = (b"crawler-guard ticket", use, name, b"%d" % hour, network or b"")
    message = b"".join(len(field).to_bytes(8) + field for field in fields)
    return urlsafe_b64encode(hmac.digest(key, message, "sha256")[:_SEAL]).decode("ascii")
