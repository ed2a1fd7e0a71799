"""Which pictures may a cache in front of us keep for everybody?

Only those that the policy gives to everybody. A cache that is shared, a CDN for example, does not ask us again: what
a person was sent it hands to a crawler that we refuse, and many keep what ends in .jpg without being told to. So such
pictures leave as `private` (RFC 9111, section 5.2.2.7). A browser keeps them as long as before.
"""

import re
from typing import Final

from guard.core.classification import Classification, Conduct, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import PICTURES, HeaderLines
from guard.core.policy import Action, Condition, Policy
from guard.server.exchange import Exchange
from guard.server.headers import Headers

_FOR_CACHES: Final = frozenset({"cache-control", "surrogate-control", "cdn-cache-control"})
"""Fields by which an upstream tells shared caches to keep an answer."""
_DIRECTIVE: Final = re.compile(r'([^\s,="]+)(?:\s*=\s*(?:"[^"]*"|[^\s,"]*))?')
_SHARED: Final = ("public", "private", "s-maxage")
_KEEPING: Final = ("max-age", "no-cache", "immutable", "stale-")


class SharedCaches:
    """Says on each picture whether it is for one party only."""

    def __init__(self, policy: Policy) -> None:
        """Take from each rule that gives less than the picture where it holds; who must be asking is left out."""
        less = [
            (rule.when.kind, Condition(host=rule.when.host, path=rule.when.path, paths_file=rule.when.paths_file))
            for rule in policy.rules
            if rule.action is not Action.ALLOW and not rule.monitor
        ]
        self._everywhere = tuple({kinds: None for kinds, where in less if where == Condition()})
        self._less = tuple((kinds, where) for kinds, where in less if where != Condition())

    def dressed(self, exchange: Exchange, status: int, headers: Headers) -> Headers:
        """Return the lines of an answer from the upstream, private where it is a picture that not everybody gets."""
        seen = exchange.seen
        if seen is None or seen.kind not in PICTURES or seen.hands_off or status >= 400:
            return headers
        somebody_gets_less = any(not kinds or seen.kind in kinds for kinds in self._everywhere) or any(
            (not kinds or seen.kind in kinds) and where.holds_for_request(exchange.facts, _ANYBODY)
            for kinds, where in self._less
        )
        return for_one_party(headers) if somebody_gets_less else headers


def for_one_party(headers: Headers, *more: str) -> Headers:
    """Return the lines with what they say to caches made private; what the upstream forbids stays forbidden."""
    if type(headers) is HeaderLines and not more and _FOR_CACHES.isdisjoint(headers.first):
        return (*headers, ("Cache-Control", "private"))
    kept = [
        directive[0]
        for name, value in headers
        if name.lower() == "cache-control"
        for directive in _DIRECTIVE.finditer(value)
        if not directive[1].lower().startswith(_SHARED + _KEEPING if more else _SHARED)
    ]
    dropped = _FOR_CACHES | {"expires"} if more else _FOR_CACHES
    rest = tuple(line for line in headers if line[0].lower() not in dropped)
    return (*rest, ("Cache-Control", ", ".join(dict.fromkeys(["private", *more, *kept]))))


_ANYBODY: Final = Classification(
    purpose=Purpose.BROWSER, identity=Identity.NONE_CLAIMED, conduct=Conduct.CLEAN, claimed="", crawler=None,
    facts=frozenset(),
)  # fmt: skip
