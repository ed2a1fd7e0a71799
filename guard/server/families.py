"""How many sizes of one picture are prepared, and for whom?

A site that resizes on demand has as many renditions of a picture as a client cares to ask for, and
each would cost a pack. A few sizes of each are prepared for one client, some more for all together;
further ones come small, unless they were prepared before. People's requests are never counted.
"""

from collections import OrderedDict
from collections.abc import Hashable

from guard.core.client_address import client_network
from guard.core.facts import RequestFacts
from guard.core.picture_family import family

MOST_FOR_ONE = 6
"""A page names some three to five sizes of a picture (`srcset`), and a person's screen takes one or two of them."""
MOST_FOR_ALL = 24
MOST_FAMILIES = 16_384
"""Families, and pairs of family and client; those not asked for longest are forgotten first. 10 MB at worst."""


class Families:
    """Counts the renditions that one worker prepares."""

    def __init__(self) -> None:
        self._seen: OrderedDict[Hashable, set[int]] = OrderedDict()

    def admits(self, facts: RequestFacts, rendition: str) -> bool:
        """Tell whether `rendition`, whatever tells renditions apart, is prepared for who asks; count it then."""
        name = family(facts.target)
        if not name:
            return True
        whole = hash((facts.site, name))
        mine = self._of((whole, client_network(facts.client.address)))
        all_together = self._of(whole)
        which = hash(rendition)
        if which not in mine and len(mine) >= MOST_FOR_ONE:
            return False
        if which not in all_together and len(all_together) >= MOST_FOR_ALL:
            return False
        mine.add(which)
        all_together.add(which)
        return True

    def _of(self, key: Hashable) -> set[int]:
        found = self._seen.setdefault(key, set())
        self._seen.move_to_end(key)
        if len(self._seen) > 2 * MOST_FAMILIES:
            self._seen.popitem(last=False)
        return found
