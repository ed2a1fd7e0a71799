"""Do search engines still get what people get?

Every quarter of an hour a few things that people were just served are looked at again. The
policy is asked what every verified search engine would get of them; and through the listening
socket they are fetched as some search engines and as a person, and the answers compared.
"""

import asyncio
import re
import secrets
import sys
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import aiohttp
from prometheus_client import Counter, Gauge

from guard.core.classification import PERSON_LIKE, Conduct, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.likeness import Received, compare
from guard.core.pipeline import Pipeline
from guard.core.policy import PreviewSize
from guard.core.search_faults import equals, unequal, verified
from guard.server.exchange import Exchange
from guard.server.self_requests import HERE, PERSON, SelfRequests

KINDS = (Kind.PAGE, Kind.THUMBNAIL, Kind.IMAGE, Kind.ORIGINAL)
SAMPLES = 8
"""So many addresses are kept for a site and kind, in memory only."""
SAMPLE_SECONDS = 5.0
"""One is taken at most this often, so that it costs requests next to nothing."""
MOST_CHARACTERS = 512

LIVE_CRAWLERS = 2
"""As so many search engines a round asks, beside those that got something else before; the policy is asked for all."""
MOST_RECHECKED = 4
ROUND_BYTES = 96 << 20
ROUND_SECONDS = 120.0
MOST_FAILURES = 3
"""In one round; then whatever is wrong is not ours to add to."""
SHOWN = 2
"""So many crawlers are named in a line."""
MOST_LINES = 10
"""On standard error, a round."""

# Long words without a meaning are what links carry that are shared with some people only.
_SECRET = re.compile(r"/(?=[^/]*\d)(?:[A-Za-z0-9]{20,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?=/|$)", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What search engines get and a person does not, or the other way round."""

    at: datetime
    site: str
    kind: Kind
    crawlers: tuple[str, ...]
    """Their product tokens."""
    differences: tuple[str, ...]
    """In words that name no path."""

    def __str__(self) -> str:
        more = len(self.crawlers) - SHOWN
        who = ", ".join(self.crawlers[:SHOWN]) + (f" and {more} more" if more > 0 else "")
        what = "; ".join(self.differences)
        return f"{self.site}: {self.kind}: {who}, once verified, and a person do not get the same: {what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is known at the moment."""

    checked_at: datetime | None
    """When the last round ended; None before the first."""
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Something that a person was served."""

    facts: RequestFacts
    seen: ResponseFacts


class SearchGuard:
    """Compares what search engines and people get; one per worker process, of which one asks."""

    def __init__(
        self,
        pipeline: Pipeline,
        token: str,
        checks: Counter,
        different: Gauge,
        *,
        now: Callable[[], datetime],
        say: Callable[[str], None] | None = None,
    ) -> None:
        """Take the token that all workers of this guard share; with an empty one no request is ever our own.

        Args:
            checks: Counts comparisons by `site` and `result`: equal, different, failed, gone.
            different: By `site`: how many findings there are.
        """
        self._pipeline = pipeline
        self._checks = checks
        self._different = different
        self._now = now
        self._say = say or _to_standard_error
        self._crawlers = {one.id: one for one in equals(pipeline.catalogue)}
        self._requests = SelfRequests(token, self._crawlers)
        self.recognise = self._requests.recognise
        self._order = deque(sorted(self._crawlers, key=lambda name: (not name.startswith("google-"), name)))
        self._samples: dict[tuple[str, Kind], deque[Sample]] = {}
        self._next_sample: dict[tuple[str, Kind], float] = {}
        self._by_rules: dict[tuple[str, Kind], tuple[Finding, ...]] = {}
        self._by_answers: dict[tuple[str, Kind, str], Finding] = {}
        self._checked_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._failures = self._lines = 0

    def note(self, exchange: Exchange) -> None:
        """Remember what was served, if it is a public page or picture that anybody may ask for again."""
        seen, sent, facts = exchange.seen, exchange.sent, exchange.facts
        if self._task is None or seen is None or sent.status != 200 or exchange.rendition not in _PICTURE_OR_PAGE:
            return
        key = (exchange.site.host, seen.kind)
        if exchange.started < self._next_sample.get(key, 0.0) or not _is_public(exchange, seen):
            return
        self._next_sample[key] = exchange.started + SAMPLE_SECONDS
        kept = self._samples.setdefault(key, deque(maxlen=SAMPLES))
        if all(one.facts.target != facts.target for one in kept):
            kept.append(Sample(facts=replace(facts, headers=(), client=HERE), seen=seen))

    def start(self, address: object, *, first: float, every: float) -> None:
        """Begin to check; `address` is that of the listening socket, a pair or a path; seconds, `every` 0 for never."""
        if every > 0 and self._requests.possible:
            self._requests.send_to(address)
            self._task = asyncio.get_running_loop().create_task(self._check_forever(first, every))

    async def stop(self) -> None:
        """End it."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def report(self) -> Report:
        """Return what is known at the moment."""
        by_rules = (one for found in self._by_rules.values() for one in found)
        return Report(checked_at=self._checked_at, findings=(*by_rules, *self._by_answers.values()))

    async def _check_forever(self, first: float, every: float) -> None:
        pause = first
        while True:
            await asyncio.sleep(pause * (0.9 + secrets.randbelow(200) / 1000))
            pause = every
            try:
                async with asyncio.timeout(ROUND_SECONDS):
                    await self._round()
            except TimeoutError:
                self._say(f"guard: search guard: a check took more than {ROUND_SECONDS:.0f} s and was ended")
            except Exception as error:  # the check must outlive whatever is wrong; it is told
                self._say(f"guard: search guard: a check failed: {type(error).__name__}")

    async def _round(self) -> None:
        self._requests.bytes_read = self._failures = self._lines = 0
        live = [self._order[place] for place in range(min(LIVE_CRAWLERS, len(self._order)))]
        self._order.rotate(-LIVE_CRAWLERS)
        async with self._requests.session() as session:
            for site, kind in list(self._samples):
                # To the end: where the time is too short for all, the others come first in the next round.
                kept = self._samples[site, kind] = self._samples.pop((site, kind))
                if not kept:
                    continue
                kept.rotate()
                before = [name for where, what, name in self._by_answers if (where, what) == (site, kind)]
                await self._check(session, site, kept[0], dict.fromkeys([*live, *before[:MOST_RECHECKED]]))
        self._checked_at = self._now()

    async def _check(self, session: aiohttp.ClientSession, site: str, sample: Sample, live: Iterable[str]) -> None:
        """Ask the policy for every search engine, and the running proxy for some."""
        self._ask_policy(site, sample)
        for name in live:
            if self._failures >= MOST_FAILURES or self._requests.bytes_read >= ROUND_BYTES:
                return
            try:
                differences = await self._by_answer(session, sample, name)
            except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
                self._failures += 1
                self._checks.labels(site, "failed").inc()
            except _GoneError:
                self._samples[site, sample.seen.kind].remove(sample)
                self._checks.labels(site, "gone").inc()
                return
            else:
                self._conclude(site, sample.seen.kind, name, differences)

    def _ask_policy(self, site: str, sample: Sample) -> None:
        """Say what the rules in force make of this request, for every search engine; nothing is fetched for it."""
        names: dict[str, list[str]] = {}
        for crawler in self._crawlers.values():
            if one := unequal(self._pipeline.policy, verified(crawler), sample.facts, sample.seen):
                names.setdefault(str(one), []).append(crawler.token)
        key = (site, sample.seen.kind)
        told = {finding.differences for finding in self._by_rules.pop(key, ())}
        found = tuple(
            Finding(at=self._now(), site=site, kind=key[1], crawlers=tuple(tokens), differences=(sentence,))
            for sentence, tokens in names.items()
        )
        if found:
            self._by_rules[key] = found
        for finding in found:
            if finding.differences not in told:
                self._tell(str(finding))
        self._count(site, found=bool(found))

    async def _by_answer(self, session: aiohttp.ClientSession, sample: Sample, name: str) -> tuple[str, ...]:
        """Return the differences between two answers that are there twice."""

        async def fetch(name: str) -> Received:
            return await self._requests.fetch(session, sample.facts, sample.seen.kind, name)

        person, other = await fetch(PERSON), await fetch(name)
        if compare(person, other).alike:
            if person.status != 200:
                raise _GoneError
            return ()
        again = await fetch(PERSON)
        if compare(person, other, again).alike:
            return ()
        return compare(again, await fetch(name), await fetch(PERSON)).differences

    def _conclude(self, site: str, kind: Kind, name: str, differences: tuple[str, ...]) -> None:
        """Keep what came of one comparison of answers, and tell what is new."""
        before = self._by_answers.pop((site, kind, name), None)
        token = self._crawlers[name].token
        if differences:
            found = Finding(at=self._now(), site=site, kind=kind, crawlers=(token,), differences=differences)
            self._by_answers[site, kind, name] = found
            if before is None or before.differences != differences:
                self._tell(str(found))
        elif before is not None:
            self._tell(f"{site}: {kind}: {token} and a person get the same again")
        self._count(site, found=bool(differences))

    def _count(self, site: str, *, found: bool) -> None:
        self._checks.labels(site, "different" if found else "equal").inc()
        self._different.labels(site).set(sum(one.site == site for one in self.report().findings))

    def _tell(self, sentence: str) -> None:
        self._lines += 1
        if self._lines <= MOST_LINES:
            self._say(f"guard: search guard: {sentence}")


_PICTURE_OR_PAGE = ("as_is", "rights", *PreviewSize)


class _GoneError(Exception):
    """What was served a while ago is not served to anybody now."""


def _is_public(exchange: Exchange, seen: ResponseFacts) -> bool:
    """Tell whether this was served to somebody like a person, for the asking, at an address that keeps no secret."""
    facts, who = exchange.facts, exchange.who
    return (
        facts.method == "GET"
        and exchange.sent.completed
        and seen.kind in KINDS
        and seen.source is KindSource.RESPONSE
        and not seen.hands_off
        and who.conduct is Conduct.CLEAN
        and (who.purpose in PERSON_LIKE or (who.purpose is Purpose.SEARCH_ENGINE and who.identity is Identity.VERIFIED))
        and "?" not in facts.target
        and facts.target.isascii()
        and len(facts.target) <= MOST_CHARACTERS
        and not (seen.kind is Kind.PAGE and _SECRET.search(facts.target))
        and not any(name.lower() in ("cookie", "authorization") for name, _ in facts.headers)
    )


def _to_standard_error(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201
