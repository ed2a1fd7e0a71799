"""Which configured site does a request belong to, and what does it reserve?"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from guard.core.facts import RequestFacts
from guard.errors import ReservationError
from guard.image.rights_jobs import RightsJob
from guard.image.visible_mark import VisibleMark
from guard.reservation.documents import ReservationSet
from guard.reservation.offer import Offer
from guard.reservation.robots_file import RobotsFile
from guard.reservation.robots_merge import merge_into
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
        page_head: Callable[[str, str], bytes] | None = None,
        visible_mark: VisibleMark | None = None,
        marked_visibly: bool = False,
    ) -> None:
        """Take `render`, which makes the reservation set for a base URL (`https://host`, or empty for none).

        Args:
            base_url: How visitors reach the site; empty for a wildcard site that does not say.
            offers: Returns the licences that can be asked for at a canonical path.
            pictures: Says for a request what is done to its picture; None where pictures pass through as they are.
            page_head: Makes of the base URL that the client used and a canonical path what is put into the head of that
                page; None to leave pages as they are.
            visible_mark: What is written across previews; the holder's name where it is None.
            marked_visibly: Whether marked copies have it too.
        """
        self.host = owner.site
        self.upstream = upstream
        self.owner = owner
        self.base_url = base_url
        self.offers = offers
        self.page_head = page_head
        self.visible_mark = visible_mark or VisibleMark(text=f"© {owner.holder}")
        self.across_copies = self.visible_mark if marked_visibly else None
        """What is written across marked copies; None for nothing."""
        self._render = render
        self._pictures = pictures
        self._sets: dict[str, ReservationSet] = {}
        self._robots: Mapping[str, RobotsFile] = {}
        self._scopes: dict[str, str] = {}
        """What the sets of these digests are in force for."""

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
            self._sets[key] = made = self._made(key, self._robots)
            self._scopes.setdefault(made.digest, self._name(key))
        return self._sets[key]

    def in_force(self) -> dict[str, ReservationSet]:
        """Return the sets that were made so far, by what they are in force for: a host name, or the site's own."""
        return {self._name(key): reserved for key, reserved in self._sets.items()}

    def scope(self, reserved: ReservationSet) -> str:
        """Return what `reserved` is in force for."""
        return self._scopes.get(reserved.digest, self.host)

    def authorities(self) -> tuple[str, ...]:
        """Return the names whose own robots.txt is asked for: empty for the site's, then those visitors used."""
        return ("", *dict.fromkeys(_authority(key) for key in tuple(self._sets) if key and not self.base_url))

    def public_url(self, authority: str) -> str:
        """Return how visitors reach `authority`, or the site where it is empty; no slash at the end."""
        used = next((key for key in tuple(self._sets) if key and _authority(key) == authority), "")
        return used or self.base_url or (f"https://{self.host}" if self.host != WILDCARD else self.upstream.base)

    def try_robots(self, authority: str, file: RobotsFile) -> tuple[str, ...]:
        """Say what is to be said about the site's own robots.txt when it is merged with ours.

        Raises:
            ReservationError: They can not be merged.
        """
        key = next((key for key in tuple(self._sets) if key and _authority(key) == authority), "")
        return merge_into(self._render(key), file)[1]

    def adopt(self, robots: Mapping[str, RobotsFile]) -> bool:
        """Merge these files, by authority, with ours from now on; tell whether that changes anything.

        It takes as long as rendering: call it in a thread.
        """
        before = dict(self._sets)
        self._robots = robots
        after = {key: self._made(key, robots) for key in before}
        self._sets = after
        self._scopes = {reserved.digest: self._name(key) for key, reserved in after.items()}
        return any(after[key].digest != before[key].digest for key in before)

    def _made(self, key: str, robots: Mapping[str, RobotsFile]) -> ReservationSet:
        reserved = self._render(key)
        file = robots.get(_authority(key)) or robots.get("")
        if file is None:
            return reserved
        try:
            return merge_into(reserved, file)[0]
        except ReservationError:  # for this host name only; whoever fetched the file has tried it
            return reserved

    def _name(self, key: str) -> str:
        return _authority(key) or self.host


def _authority(base_url: str) -> str:
    return base_url.partition("://")[2]


class Sites:
    """All sites of this guard."""

    def __init__(self, sites: Sequence[Site]) -> None:
        self._by_host = {site.host: site for site in sites}
        self._fallback = self._by_host.get(WILDCARD, sites[0])
        self.all = tuple(sites)

    def find(self, host: str) -> Site:
        """Return the site for a host name; the first configured one answers for names nobody configured."""
        return self._by_host.get(host, self._fallback)
