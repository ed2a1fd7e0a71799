"""What would the policy have done about the requests of a log?

The same facts go through the same pipeline as in the proxy, as far as a log has them. It has
no header lines but user agent and referer, so nothing is known of conduct. Claims are held
against address lists of the log's own time: one that is older or younger refutes nothing.
In most formats a log does not say what the resource was; so the kind is `unknown`
unless the log tells the content type. Where a decision depends on it and the path ends like
a picture's, the answer is what would be done *if* it is one, of display size, and is
counted apart. robots.txt and what else belongs to the reservation is given to everybody.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from guard.core.classification import Classification, HardFact
from guard.core.client_address import client_network, parse_address
from guard.core.crawlers import Catalogue, Crawler, Sighting, TokenMatch
from guard.core.facts import AddressSource, ClientAddress, Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.identity import IdentityVerdict
from guard.core.log_line import Judged, LogLine
from guard.core.pipeline import Pipeline
from guard.core.policy import Action, Condition, Decision, Limit, NeedsResponse, path_matches
from guard.core.tally import Judgement, Tally
from guard.core.target import canonical_path, split_absolute
from guard.errors import RequestError
from guard.reservation import aitxt, robots, tdmrep, terms

Take = Callable[[str, str, Limit, float], int]
"""Rule, client, limit, seconds of a clock that never goes back: 0, or how long the client is over the limit."""

Identify = Callable[[RequestFacts, Sighting], IdentityVerdict]

RESERVATION_PATHS: Final = frozenset({robots.PATH, aitxt.PATH, tdmrep.PATH, terms.PATH})

PICTURE_ENDINGS: Final = (
    "avif", "bmp", "cr2", "cr3", "dng", "gif", "heic", "heif", "jfif", "jp2", "jpe", "jpeg", "jpg", "jxl", "nef",
    "arw", "orf", "png", "psd", "raf", "rw2", "tif", "tiff", "webp",
)  # fmt: skip
_PICTURE: Final = re.compile(rf"\.(?:{'|'.join(PICTURE_ENDINGS)})$", re.IGNORECASE)
_PAGE_TYPES: Final = frozenset({"text/html", "application/xhtml+xml"})

_OF_THE_CLIENT: Final = frozenset({"purpose", "operator", "crawler", "identity", "conduct", "fact", "kind"})
"""Conditions that ask nothing about the single request: such a policy is asked once for each kind of client."""

_UNDATED: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Replay:
    """Sends requests of a log through a pipeline and adds up what comes out."""

    def __init__(
        self,
        pipeline: Pipeline,
        groups: Iterable[robots.Group],
        take: Take | None = None,
        identify: Identify | None = None,
    ) -> None:
        """Take the groups of the robots.txt that would be served, and what checks claims and holds to limits."""
        self.tally = Tally()
        self.without_user_agent = 0
        """Requests of logs that hold no user agent, or of clients that sent none."""
        self.kinds_told = 0
        """Requests whose resource is known from the log."""
        self._pipeline = pipeline
        self._robots = RobotsRules(groups)
        self._take = take
        self._identify = identify
        asked = {f.name for rule in pipeline.policy.rules for f in fields(Condition) if getattr(rule.when, f.name)}
        self._one_answer = asked <= _OF_THE_CLIENT
        self._answers: dict[tuple[object, ...], Decision | NeedsResponse] = {}
        self._clock = 0.0
        self._before: datetime | None = None

    def add(self, line: LogLine) -> None:
        """Count one request."""
        try:
            facts = facts_of(line)
        except RequestError:
            self.tally.add_senseless()
            return
        who = self._who(line, facts)
        seen = ResponseFacts(kind=kind_of(line), source=KindSource.RESPONSE)
        self.kinds_told += seen.kind is not Kind.UNKNOWN
        picture = seen.kind.is_picture or (seen.kind is Kind.UNKNOWN and ends_like_a_picture(facts))
        if facts.path in RESERVATION_PATHS:
            action, by_ending = Action.ALLOW, False
        else:
            action, by_ending = self._decide(line, facts, who, seen, picture)
        self.tally.add(
            line,
            facts.path,
            who,
            Judgement(
                action=action,
                by_ending=by_ending,
                picture=picture,
                forbidden=who.is_crawler and self._robots.forbid(who.crawler, facts),
                robots=facts.path == robots.PATH,
            ),
        )

    def _who(self, line: LogLine, facts: RequestFacts) -> Classification:
        if line.judged is not None:
            return as_judged(line.judged, self._pipeline.catalogue)
        self.without_user_agent += not line.user_agent
        if self._identify is None:
            return self._pipeline.classify(facts)
        return self._pipeline.classify(facts, self._identify(facts, self._pipeline.sight(facts)))

    def _decide(
        self, line: LogLine, facts: RequestFacts, who: Classification, seen: ResponseFacts, picture: bool
    ) -> tuple[Action, bool]:
        decided = self._ask(facts, who, None)
        by_ending = False
        if isinstance(decided, NeedsResponse):
            decided = self._ask(facts, who, seen)
            if picture and seen.kind is Kind.UNKNOWN:
                if_picture = self._ask(facts, who, _PICTURE_SEEN)
                by_ending = if_picture != decided
                decided = if_picture
            assert isinstance(decided, Decision)  # noqa: S101  # with response facts there is always a decision
        limit = decided.limit
        if limit is None or self._take is None or facts.client.address is None or (limit.pictures_only and not picture):
            return decided.action, by_ending
        over = self._take(decided.rule, _network(line.address), limit, self._now(line.at))
        return Action.THROTTLE if over else decided.action, by_ending

    def _ask(self, facts: RequestFacts, who: Classification, seen: ResponseFacts | None) -> Decision | NeedsResponse:
        if not self._one_answer:
            return self._pipeline.decide(facts, who, seen)
        crawler = who.crawler.id if who.crawler else ""
        key = (crawler, who.purpose, who.identity, who.conduct, who.facts, seen.kind if seen else None)
        answer = self._answers.get(key)
        if answer is None:
            answer = self._answers[key] = self._pipeline.decide(facts, who, seen)
        return answer

    def _now(self, at: datetime | None) -> float:
        """Return seconds of a clock that goes on with the log's, and stands still while that one goes back."""
        if at is not None:
            if self._before is not None:
                self._clock += max((at - self._before).total_seconds(), 0.0)
            self._before = at
        return self._clock


_PICTURE_SEEN: Final = ResponseFacts(kind=Kind.IMAGE, source=KindSource.RESPONSE)


class RobotsRules:
    """Which paths a robots.txt forbids to whom (RFC 9309, section 2.2)."""

    def __init__(self, groups: Iterable[robots.Group]) -> None:
        self._by_token: dict[str, robots.Group] = {}
        for group in groups:
            for token in group.tokens:
                self._by_token[token.lower()] = group
        self._everybody = self._by_token.get("*")

    def forbid(self, crawler: Crawler | None, facts: RequestFacts) -> bool:
        """Tell whether `crawler` may not ask for this: the longest pattern counts, of equals the one that allows."""
        token = crawler.token.removesuffix("/").lower() if crawler else ""
        group = self._by_token.get(token, self._everybody)
        if group is None or facts.path == robots.PATH:
            return False
        query = facts.target.partition("?")[2]
        path = f"{facts.path}?{query}" if query else facts.path
        longest = max((len(one) for one in group.disallow if path_matches(one, path)), default=0)
        return longest > max((len(one) for one in group.allow if path_matches(one, path)), default=0)


def facts_of(line: LogLine) -> RequestFacts:
    """Return what a log tells of a request.

    Raises:
        RequestError: It has no right answer, and the proxy would have said so.
    """
    if not line.method:
        raise RequestError("no request line")
    authority, target = split_absolute(line.target)
    host = authority or line.host
    headers = (("Host", host), ("User-Agent", line.user_agent), ("Referer", line.referer))
    return RequestFacts(
        at=line.at or _UNDATED,
        site=line.host,
        scheme="http",
        authority=host,
        host=_host_name(host),
        method=line.method,
        target=target,
        path=canonical_path(target),
        version=line.version or "1.1",
        headers=tuple(one for one in headers if one[1]),
        client=_client(line.address),
    )


def kind_of(line: LogLine) -> Kind:
    """Return what the resource is, as far as the log tells: whether a picture is an original it never does."""
    if line.judged is not None:
        return line.judged.kind
    if not line.media_type or line.status not in (200, 206) or line.method not in ("GET", "HEAD"):
        return Kind.UNKNOWN
    if line.media_type.startswith("image/") and line.media_type != "image/svg+xml":
        return Kind.IMAGE
    return Kind.PAGE if line.media_type in _PAGE_TYPES else Kind.OTHER


def ends_like_a_picture(facts: RequestFacts) -> bool:
    """Guess from the ending of the path, or of the target: some galleries name the picture in the query."""
    return _PICTURE.search(facts.path) is not None or (
        "?" in facts.target and _PICTURE.search(facts.target) is not None
    )


def as_judged(judged: Judged, catalogue: Catalogue) -> Classification:
    """Return the classification that our own log noted."""
    crawler = catalogue.get(judged.crawler)
    forged = crawler is not None and crawler.match is TokenMatch.NONE
    return Classification(
        purpose=judged.purpose,
        identity=judged.identity,
        conduct=judged.conduct,
        claimed=judged.claimed,
        crawler=crawler,
        facts=frozenset({HardFact.FORGED_TOKEN}) if forged else frozenset(),
    )


@lru_cache(maxsize=4096)
def _host_name(authority: str) -> str:
    name, separator, port = authority.rpartition(":")
    return (name if separator and port.isdigit() else authority).lower()


@lru_cache(maxsize=65536)
def _client(text: str) -> ClientAddress:
    return ClientAddress(address=parse_address(text), port=0, source=AddressSource.PEER, peer=text)


@lru_cache(maxsize=65536)
def _network(text: str) -> str:
    return client_network(parse_address(text))
