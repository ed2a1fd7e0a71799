"""Which configured site does a request belong to, and what does it reserve?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from guard.core.facts import RequestFacts
from guard.image.rights_jobs import RightsJob
from guard.reservation.documents import ReservationSet
from guard.reservation.offer import Offer
from guard.server.cards import CardOwner

WILDCARD = "*"

MAX_HOSTS = 256
"""A wildcard site renders its documents for so many host names; for further ones without naming the host, so
that whoever sends invented Host fields can not fill memory or the evidence log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """Where a site really lives."""

    base: str
    """`http://host:port` or `https://…`, without a slash at the end."""
    unix_socket: str
    """Path of a unix socket, or empty."""


class Site:
    """One guarded site: its upstream and the reservation in force for each of its host names."""

    def __init__(
        self,
        *,
        upstream: Upstream,
        owner: CardOwner,
        render: Callable[[str], ReservationSet],
        base_url: str = "",
        offers: Callable[[str], tuple[Offer, ...]] = lambda _: (),
        pictures: Callable[[RequestFacts], RightsJob] | None = None,
    ) -> None:
        """Take `render`, which makes the reservation set for a base URL (`https://host`, or empty for none).

        Args:
            base_url: How visitors reach the site; empty for a wildcard site that does not say.
            offers: Returns the licences that can be asked for at a canonical path.
            pictures: Says for a request what is done to its picture; None where pictures pass through as they are.
        """
        self.host = owner.site
        self.upstream = upstream
        self.owner = owner
        self.base_url = base_url
        self.offers = offers
        self._render = render
        self._pictures = pictures
        self._sets: dict[str, ReservationSet] = {}

    @property
    def in_image(self) -> bool:
        """True where pictures are changed on their way."""
        return self._pictures is not None

    def picture_job(self, facts: RequestFacts) -> RightsJob:
        """Return what is done to the picture that a request asks for; only where `in_image` is true."""
        assert self._pictures is not None  # noqa: S101  # whoever calls has asked
        return self._pictures(facts)

    def reservation(self, base_url: str) -> ReservationSet:
        """Return the set in force; `base_url` is what the client used and counts only for a wildcard site."""
        key = base_url if self.host == WILDCARD else ""
        if key not in self._sets and len(self._sets) >= MAX_HOSTS:
            key = ""
        if key not in self._sets:
            self._sets[key] = self._render(key)
        return self._sets[key]


class Sites:
    """All sites of this guard."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._by_host = {site.host: site for site in sites}
        self._fallback = self._by_host.get(WILDCARD, sites[0])
        self.all = tuple(sites)

    def find(self, host: str) -> Site:
        """Return the site for a host name; the first configured one answers for names nobody configured."""
        return self._by_host.get(host, self._fallback)
