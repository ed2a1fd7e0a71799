"""Does a licence cover this request?

The token proves what the owner allowed; whether it is the licensee who asks is another
question, answered by the request's signature or by the verified identity of a crawler. A
copied token that is bound to one of them opens nothing.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from guard.core.classification import Classification, Identity
from guard.core.facts import RequestFacts
from guard.core.licence import Licence, LicenceState, LicenceVerdict
from guard.core.signatures import Keys
from guard.core.signing_keys import SigningKey

SKEW: Final = timedelta(seconds=60)
"""How far the clock of the machine that issued a licence may be ahead of ours. None is given at its end."""

_METHODS: Final = frozenset({"GET", "HEAD"})
_AMBIGUOUS = re.compile(r"%2f|%5c|%00|%25|\\|\.\.;", re.IGNORECASE)
"""What some servers take for a step out of a directory, and we do not."""


def check(
    licence: Licence, facts: RequestFacts, who: Classification, *, revoked: bool = False, signed_with: str = ""
) -> LicenceVerdict:
    """Say what a licence that the owner signed is worth on a request.

    The kind of the resource is not asked for here: `LicenceVerdict.state_for` does, once it is known.

    Args:
        signed_with: The thumbprint of the key that the request is signed with; empty unless that was verified.
    """
    if revoked:
        return LicenceVerdict(state=LicenceState.REVOKED, reason="the licence was revoked", licence=licence)
    if facts.at >= licence.expires:
        day = f"{licence.expires:%Y-%m-%d %H:%M} UTC"
        return LicenceVerdict(state=LicenceState.EXPIRED, reason=f"the licence ended on {day}", licence=licence)
    for reason in _limits(licence, facts, who, signed_with):
        return LicenceVerdict(state=LicenceState.NOT_COVERED, reason=reason, licence=licence)
    return LicenceVerdict(state=LicenceState.VALID, licence=licence)


def _limits(licence: Licence, facts: RequestFacts, who: Classification, signed_with: str) -> Iterator[str]:
    """Yield each reason why the request is not covered."""
    if licence.issued > facts.at + SKEW:
        yield "the licence has not begun"
    # A site that answers for names nobody configured must not open under a name of the client's choice.
    if facts.host not in licence.hosts or facts.site not in (facts.host, "*"):
        yield "the licence is for another host"
    if facts.method not in _METHODS:
        yield "the licence is for reading only"
    if licence.paths and not covers_path(licence.paths, facts):
        yield "the licence is for other paths"
    if licence.purposes and who.purpose not in licence.purposes:
        yield "the licence is for another purpose than this crawler's"
    if licence.crawler and (who.crawler is None or who.crawler.id != licence.crawler):
        yield "the licence is for another crawler"
    elif licence.crawler and who.identity is not Identity.VERIFIED:
        yield "the licence is for a crawler whose identity is verified, and here it is not"
    if licence.thumbprint and signed_with != licence.thumbprint:
        yield "the licence is for requests signed with the licensee's key (Web Bot Auth)"


def covers_path(paths: tuple[str, ...], facts: RequestFacts) -> bool:
    """Tell whether the request is for one of the paths or for something below it.

    A target that some servers read as another path is covered by no licence for a part of the site.
    """
    if _AMBIGUOUS.search(facts.target.partition("?")[0]):
        return False
    return any(
        facts.path.startswith(path) if path.endswith("/") else facts.path == path or facts.path.startswith(f"{path}/")
        for path in paths
    )


class LicenseeKeys(Keys):
    """The one key of a licence, whichever directory the signature names: the owner vouches for it, not that."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def __getitem__(self, name: tuple[str, str]) -> SigningKey:
        if name[1] != self._key.thumbprint:
            raise KeyError(name)
        return self._key

    def __iter__(self) -> Iterator[tuple[str, str]]:
        yield (self._key.directory, self._key.thumbprint)

    def __len__(self) -> int:
        return 1
