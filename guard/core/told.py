"""What do the lines of a request tell, whatever it asks for?

A page's pictures are asked for with the same lines: what they say is found out once, for as long as they come again.
"""

from collections import OrderedDict
from collections.abc import Hashable
from datetime import datetime
from typing import Final, NamedTuple

from guard.core.facts import ClientAddress, HeaderLines, RequestFacts
from guard.core.front_hints import NO_HINTS, FrontHints
from guard.core.target import canonical_path

MOST: Final = 1024
"""Sets of lines, at most some 16 KiB each with what is made of them."""
LONGEST: Final = 2048
"""Characters of one that is kept."""


class Told(NamedTuple):
    """What they tell; the fields are those of `RequestFacts`."""

    site: str
    scheme: str
    authority: str
    host: str
    version: str
    headers: tuple[tuple[str, str], ...]
    client: ClientAddress
    hints: FrontHints = NO_HINTS

    def asks(self, method: str, target: str, *, at: datetime) -> RequestFacts:
        """Return the facts of a request for `target`, in origin-form."""
        return RequestFacts(
            at=at,
            site=self.site,
            scheme=self.scheme,
            authority=self.authority,
            host=self.host,
            method=method,
            target=target,
            path=canonical_path(target),
            version=self.version,
            headers=self.headers,
            client=self.client,
            hints=self.hints,
        )


class ToldBefore:
    """What sets of lines told that came not long ago; the one that came longest ago goes first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, Told] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: Hashable) -> Told | None:
        """Return what was kept under `key`, which is all that it depends on."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def keep(self, key: Hashable, told: Told) -> Told:
        """Keep it, unless its lines are longer than a browser's, and return it."""
        if sum([len(name) + len(value) for name, value in told.headers]) > LONGEST:
            return told
        told = self._kept[key] = told._replace(headers=HeaderLines(told.headers))
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return told
