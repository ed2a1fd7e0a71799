"""How much did each crawler take, and what would have become of it?

Adds up requests one by one: by crawler, and from that by operator and purpose. Names and
paths are chosen by strangers, so both tables are bounded. A name beyond the bound is
counted under no name; of the pictures those asked for least are forgotten, so a long log
may undercount a picture, and says that it may. Times may come in any order.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from guard.core.classification import Classification, Identity
from guard.core.crawlers import Purpose
from guard.core.log_line import LogLine
from guard.core.policy import Action

MAX_NAMES = 2000
"""Crawlers that no catalogue knows, each with its own row."""

MAX_PICTURES = 20_000
"""Paths that are kept; twice as many are looked at before the lesser half is forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the policy would have done about one request, and what else is known about it."""

    action: Action
    by_ending: bool
    """The decision depends on what the resource is, and the log does not tell: it was taken for a picture."""
    picture: bool
    """By its content type where the log tells it, else by the ending of its path."""
    forbidden: bool
    """Against the robots.txt that would be served."""
    robots: bool
    """It is robots.txt that was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one crawler, operator or purpose asked for and took."""

    name: str
    """Product token, operator or purpose; empty for crawlers beyond the bound."""
    crawler: str
    """Id of the catalogue entry; empty where there is none, or for an operator or a purpose."""
    operator: str
    purpose: Purpose | None
    """None for an operator with several."""
    is_crawler: bool
    requests: int
    pictures: int
    """Pictures that were delivered: GET with status 200 or 206."""
    picture_bytes: int
    bytes: int
    verified: int
    """Requests whose claim is confirmed."""
    refuted: int
    """Requests whose claim is refuted: the address is not in the operator's list."""
    robots: int
    """Requests for robots.txt."""
    forbidden: int
    """Requests that the robots.txt that would be served forbids."""
    decided: Mapping[Action, int]
    """Requests by what would have been done, where that is certain."""
    if_picture: Mapping[Action, int]
    """Requests by what would have been done if they are the pictures that their endings say. Together with
    `decided`: all requests."""
    pictures_hindered: int
    """Of the delivered pictures those that would not have been delivered as they are."""
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureShare:
    """How often crawlers took one picture."""

    path: str
    taken: int
    hindered: int
    """How often it would not have been delivered as it is."""
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """Everything that was added up."""

    total: Share
    crawlers: tuple[Share, ...]
    """Whoever says that it is automatic, most pictures first."""
    others: tuple[Share, ...]
    """Browsers, and programs that say nothing."""
    operators: tuple[Share, ...]
    """Of crawlers."""
    purposes: tuple[Share, ...]
    pictures: tuple[PictureShare, ...]
    """Taken by crawlers, most often first."""
    pictures_forgotten: bool
    """The table of pictures was full: counts are at least so much."""
    senseless: int
    """Requests that have no right answer, such as a TLS greeting on a plain port; in no share."""


_NUMBERS = (
    "requests", "pictures", "picture_bytes", "bytes", "robots", "forbidden", "hindered", "verified", "refuted"
)  # fmt: skip


class _Sum:
    """A share while it grows."""

    __slots__ = (
        "bytes", "decided", "first", "forbidden", "hindered", "if_picture", "last", "picture_bytes", "pictures",
        "refuted", "requests", "robots", "verified",
    )  # fmt: skip

    def __init__(self) -> None:
        self.requests = self.pictures = self.picture_bytes = self.bytes = 0
        self.robots = self.forbidden = self.hindered = self.verified = self.refuted = 0
        self.decided: Counter[Action] = Counter()
        self.if_picture: Counter[Action] = Counter()
        self.first: datetime | None = None
        self.last: datetime | None = None

    def add(self, line: LogLine, identity: Identity, judged: Judgement, taken: bool) -> None:
        self.requests += 1
        self.verified += identity is Identity.VERIFIED
        self.refuted += identity is Identity.IMPOSTOR
        self.bytes += line.size
        (self.if_picture if judged.by_ending else self.decided)[judged.action] += 1
        if taken:
            self.pictures += 1
            self.picture_bytes += line.size
            self.hindered += judged.action is not Action.ALLOW
        self.forbidden += judged.forbidden
        self.robots += judged.robots
        self._seen(line.at, line.at)

    def join(self, other: "_Sum") -> None:
        for name in _NUMBERS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.decided += other.decided
        self.if_picture += other.if_picture
        self._seen(other.first, other.last)

    def _seen(self, first: datetime | None, last: datetime | None) -> None:
        if first is not None and (self.first is None or first < self.first):
            self.first = first
        if last is not None and (self.last is None or last > self.last):
            self.last = last

    def share(
        self, *, name: str, crawler: str = "", operator: str = "", purpose: Purpose | None = None, is_crawler: bool
    ) -> Share:
        return Share(
            name=name,
            crawler=crawler,
            operator=operator,
            purpose=purpose,
            is_crawler=is_crawler,
            requests=self.requests,
            pictures=self.pictures,
            picture_bytes=self.picture_bytes,
            bytes=self.bytes,
            verified=self.verified,
            refuted=self.refuted,
            robots=self.robots,
            forbidden=self.forbidden,
            decided=dict(self.decided),
            if_picture=dict(self.if_picture),
            pictures_hindered=self.hindered,
            first=self.first,
            last=self.last,
        )


_Key = tuple[str, str, str, Purpose]
"""Name, id of the entry, operator, purpose."""


class Tally:
    """Adds up."""

    def __init__(self, max_names: int = MAX_NAMES, max_pictures: int = MAX_PICTURES) -> None:
        self._sums: dict[_Key, _Sum] = {}
        self._names = 0
        self._max_names = max_names
        self._pictures: dict[str, list[int]] = {}
        self._max_pictures = max_pictures
        self._forgotten = False
        self._senseless = 0

    def add_senseless(self) -> None:
        """Count a request that has no right answer."""
        self._senseless += 1

    def add(self, line: LogLine, path: str, who: Classification, judged: Judgement) -> None:
        """Count one request; `path` is canonical."""
        crawler = who.crawler
        if crawler is not None:
            key = (crawler.token.removesuffix("/"), crawler.id, crawler.operator, who.purpose)
        else:
            key = (who.claimed, "", "", who.purpose)
        one = self._sums.get(key)
        if one is None:
            if crawler is None and self._names >= self._max_names:
                key = ("", "", "", who.purpose)
            self._names += crawler is None
            one = self._sums.setdefault(key, _Sum())
        taken = judged.picture and line.method == "GET" and line.status in (200, 206)
        one.add(line, who.identity, judged, taken)
        if taken and who.is_crawler:
            self._take(path, judged.action is not Action.ALLOW, line.size)

    def _take(self, path: str, hindered: bool, size: int) -> None:
        counts = self._pictures.get(path)
        if counts is None:
            if len(self._pictures) >= 2 * self._max_pictures:
                kept = sorted(self._pictures.items(), key=lambda one: one[1][0], reverse=True)[: self._max_pictures]
                self._pictures = dict(kept)
                self._forgotten = True
            counts = self._pictures[path] = [0, 0, 0]
        counts[0] += 1
        counts[1] += hindered
        counts[2] += size

    def summary(self, top: int = 20) -> Summary:
        """Return what was added up so far, with the `top` pictures."""
        shares = [
            one.share(name=name, crawler=crawler, operator=operator, purpose=purpose, is_crawler=_says_so(purpose))
            for (name, crawler, operator, purpose), one in self._sums.items()
        ]
        most = sorted(self._pictures.items(), key=lambda one: (-one[1][0], one[0]))[:top]
        return Summary(
            total=self._joined(self._sums.values()).share(name="", is_crawler=False),
            crawlers=_by_size(share for share in shares if share.is_crawler),
            others=_by_size(share for share in shares if not share.is_crawler),
            operators=_by_size(self._operators()),
            purposes=_by_size(self._purposes()),
            pictures=tuple(
                PictureShare(path=path, taken=taken, hindered=hindered, bytes=size)
                for path, (taken, hindered, size) in most
            ),
            pictures_forgotten=self._forgotten,
            senseless=self._senseless,
        )

    def _joined(self, sums: Iterable[_Sum]) -> _Sum:
        whole = _Sum()
        for one in sums:
            whole.join(one)
        return whole

    def _operators(self) -> Iterable[Share]:
        for operator in {key[2] for key in self._sums if key[2]}:
            mine = {key: one for key, one in self._sums.items() if key[2] == operator}
            purposes = {key[3] for key in mine}
            purpose = purposes.pop() if len(purposes) == 1 else None
            yield self._joined(mine.values()).share(name=operator, operator=operator, purpose=purpose, is_crawler=True)

    def _purposes(self) -> Iterable[Share]:
        for purpose in {key[3] for key in self._sums}:
            joined = self._joined(one for key, one in self._sums.items() if key[3] is purpose)
            yield joined.share(name=purpose, purpose=purpose, is_crawler=_says_so(purpose))


def _says_so(purpose: Purpose) -> bool:
    return purpose not in (Purpose.BROWSER, Purpose.UNKNOWN)


def _by_size(shares: Iterable[Share]) -> tuple[Share, ...]:
    return tuple(sorted(shares, key=lambda one: (-one.pictures, -one.requests, one.name)))
