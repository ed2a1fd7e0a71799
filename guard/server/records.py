"""What of a request is kept, and when is it durable?

A crawler that names itself, or a client that behaves like one, gets a `req` record before the
first byte of the answer and an `end` record after the last. Everybody else may be a person:
they are counted by the minute, and what they leave beside that can not be read (see
`unclassified`). A record that could not be written is counted, and the count is itself a record
as soon as writing works again.
"""

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256

from guard.core import robots_standing
from guard.core.facts import RequestFacts
from guard.core.licence import LicenceState
from guard.core.policy import Policy
from guard.core.robots_standing import RobotsStanding
from guard.errors import LeafError, RecorderUnavailableError
from guard.evidence import disclosure, identity_record, record, reservation_record
from guard.evidence.private import PrivatePaths
from guard.exporter.metrics import Metrics
from guard.reservation.documents import ReservationSet
from guard.server.exchange import Exchange
from guard.server.identity_sources import IdentitySources
from guard.server.recorder_client import RecorderClient
from guard.server.site import Site
from guard.server.unclassified import Unclassified
from guard.store.log_values import microseconds_at

COUNTING_SECONDS = 60


class Records:
    """Writes the evidence of one worker process."""

    def __init__(
        self,
        recorder: RecorderClient,
        policy: Policy,
        unclassified: Unclassified,
        metrics: Metrics,
        *,
        now: Callable[[], datetime],
        clock: Callable[[], float] = time.monotonic,
        system_of: Callable[[RequestFacts], int] = lambda _facts: 0,
        private: PrivatePaths | None = None,
        sources: IdentitySources | None = None,
        sampled: int = 0,
    ) -> None:
        """Take `system_of` and `sampled` as `Unclassified` does."""
        self._sampled = sampled
        self._sources = sources
        self._private = private or PrivatePaths()
        self._recorder = recorder
        self._system_of = system_of
        self._policy = policy
        self._unclassified = unclassified
        self._metrics = metrics
        self._now = now
        self._clock = clock
        self._reservations: dict[tuple[str, str], str] = {}
        self._on_record: set[str] = set()
        self._first_of_its_kind = asyncio.Lock()
        self._visitors: dict[str, Counter[str]] = {}
        self._counted_since = now()
        self._counting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to write the counts of visitors, once a minute."""
        self._counting = asyncio.create_task(self._count_forever())
        self._unclassified.start()

    async def stop(self) -> None:
        """Write the last counts."""
        if self._counting is not None:
            self._counting.cancel()
        await self._unclassified.stop()
        await self._write_counts()

    async def begin(self, exchange: Exchange) -> None:
        """Make the `req` record durable, for a crawler that names itself, a client that behaves like one, and whoever
        is sent a marked copy.

        Raises:
            RecorderUnavailableError: It is not durable; the gap has been counted.
        """
        if not (exchange.is_automatic or exchange.mark_id) or exchange.record is not None:
            return
        facts, who, decision = self._private.hide(exchange.facts), exchange.who, exchange.decided
        salts = secrets.token_bytes(disclosure.SALTS_OF_REQUEST)
        disclosures = disclosure.of_request(facts, salts, self._system_of(facts))
        if exchange.signature is not None and facts is exchange.facts:  # what was signed may name a private path
            disclosures.append(disclosure.of_signature(exchange.signature, _salt()))
        told = _told(exchange)
        names = self._sources.names(facts, who, exchange.identity) if self._sources else None
        if names is not None:
            disclosures.append(disclosure.commit(disclosure.Group.NAMES, names, _salt()))
        try:
            rsv = await self._what_is_in_force(exchange, decision.digest)
            leaf = record.request(
                at=microseconds_at(facts.at),
                site=facts.site,
                method=facts.method,
                action=decision.action,
                rule=decision.rule,
                rules=decision.digest,
                purpose=who.purpose,
                operator=who.operator,
                crawler=who.crawler.id if who.crawler else "",
                claimed=who.claimed,
                identity=who.identity,
                conduct=who.conduct,
                facts=sorted(who.facts),
                resource=exchange.kind,
                resource_source=exchange.seen.source if exchange.seen else "",
                rsv=rsv,
                rendition=exchange.rendition,
                ref=exchange.reference,
                monitor=decision.monitored,
                sd=[one.commitment for one in disclosures],
                grade=exchange.identity.grade,
                signals=_signals(exchange),
                mark=exchange.mark_id,
                original=exchange.original,
                sources=await self._identity(exchange),
                robots=told.version.hex() if told else "",
                robots_since=told.since * 1_000_000 if told else 0,
                asked_by=exchange.asked_by,
                licence=who.licence.id,
                licence_state=exchange.licence if exchange.licence is not LicenceState.NONE else "",
            )
            exchange.record = await self._recorder.append(leaf, disclosures)
        except LeafError as error:
            self._unrecorded("not_recordable")
            raise RecorderUnavailableError(str(error)) from error
        except RecorderUnavailableError:
            self._metrics.evidence_unrecorded.inc()
            raise
        self._metrics.evidence_records.labels("req").inc()

    def note(self, exchange: Exchange) -> None:
        """Count a visitor whose answer has ended; keep what may have to be committed to."""
        if not exchange.is_automatic:
            self._visitors.setdefault(exchange.facts.site, Counter())[exchange.kind] += 1
        if exchange.judged is not None:
            if exchange.is_automatic:
                self._unclassified.promote(exchange.judged.key)
            elif exchange.kind.is_picture:
                self._unclassified.note(exchange.judged.key, self._private.hide(exchange.facts))

    async def end(self, exchange: Exchange) -> None:
        """Record how the answer to a crawler ended; count a visitor."""
        self.note(exchange)
        if exchange.record is None:
            return
        sent = exchange.sent
        leaf = record.end(
            at=microseconds_at(self._now()),
            req=exchange.record,
            status=sent.status,
            body_bytes=sent.bytes,
            completed=sent.completed,
            body_sha256=sent.sha256,
            duration_us=round((self._clock() - exchange.started) * 1_000_000),
            reason=sent.reason,
        )
        try:
            await self._recorder.append(leaf)
            self._metrics.evidence_records.labels("end").inc()
        except RecorderUnavailableError:
            self._metrics.evidence_unrecorded.inc()

    async def _identity(self, exchange: Exchange) -> list[str]:
        """Return the digests of what decided about the claim, which is on record before anything names it."""
        digests = []
        for used in self._sources.of(exchange.identity) if self._sources else ():
            digest = sha256(used.data).hexdigest()
            digests.append(digest)
            if digest in self._on_record:
                continue
            async with self._first_of_its_kind:
                if digest not in self._on_record:
                    await self._recorder.blob(used.data)
                    at = microseconds_at(self._now())
                    await self._recorder.append(identity_record.source(at=at, used=used, digest=digest))
                    self._metrics.evidence_records.labels("id").inc()
                    self._on_record.add(digest)
        return digests

    async def _what_is_in_force(self, exchange: Exchange, rules: str) -> str:
        """Return the digest of the reservation, once it and the rule set are on record."""
        try:
            await self._rule_set(rules)
            if exchange.mark_id:
                await self._mark_key(exchange.mark_key)
            return await self._reservation(exchange)
        except RecorderUnavailableError:
            self._recorder.note_unrecorded("no_reservation_on_record")  # the request's own record is not even tried
            raise

    async def _reservation(self, exchange: Exchange) -> str:
        """Return the digest of the reservation in force, which is on record before anything names it."""
        key = (exchange.site.scope(exchange.reservation), exchange.reservation.digest)
        if (known := self._reservations.get(key)) is not None:
            return known
        async with self._first_of_its_kind:
            return self._reservations.get(key) or await self._record_reservation(key, exchange.reservation)

    async def came_into_force(self, *sites: Site) -> None:
        """Record the sets that are in force on these sites now, also those that were in force before.

        A set that can not be recorded now is recorded before the first request that names it.
        """
        with suppress(RecorderUnavailableError):
            for site in sites:
                for scope, reserved in site.in_force().items():
                    await self._record_reservation((scope, reserved.digest), reserved)

    async def _record_reservation(self, key: tuple[str, str], reservation: ReservationSet) -> str:
        documents = [
            reservation_record.Document(
                path=one.path, sha256=await self._recorder.blob(one.body), media_type=one.media_type
            )
            for one in reservation.documents
        ]
        reserved = reservation_record.ReservationSet(
            site=key[0],
            documents=tuple(documents),
            headers=reservation.headers,
            paths=tuple((one.path, one.headers) for one in reservation.paths),
        )
        await self._recorder.append(reservation_record.reservation(at=microseconds_at(self._now()), reserved=reserved))
        self._metrics.evidence_records.labels("rsv").inc()
        digest = self._reservations[key] = reserved.digest()
        return digest

    async def _rule_set(self, digest: str) -> None:
        """Put the rule set on record, whole, before anything names it."""
        if digest in self._on_record:
            return
        async with self._first_of_its_kind:
            if digest in self._on_record:
                return
            await self._recorder.blob(self._policy.content)
            await self._recorder.append(record.rules(at=microseconds_at(self._now()), digest=digest))
            self._metrics.evidence_records.labels("cls").inc()
            self._on_record.add(digest)

    async def _mark_key(self, commitment: str) -> None:
        """Put on record which key marks, before the first copy that it marks."""
        if commitment in self._on_record:
            return
        async with self._first_of_its_kind:
            if commitment in self._on_record:
                return
            leaf = record.mark_key(at=microseconds_at(self._now()), commitment=commitment)
            await self._recorder.append(leaf)
            self._metrics.evidence_records.labels("mky").inc()
            self._on_record.add(commitment)

    def _unrecorded(self, why: str) -> None:
        self._metrics.evidence_unrecorded.inc()
        self._recorder.note_unrecorded(why)

    async def _count_forever(self) -> None:
        while True:
            await asyncio.sleep(COUNTING_SECONDS)
            await self._write_counts()

    async def _write_counts(self) -> None:
        visitors, self._visitors = self._visitors, {}
        since, self._counted_since = self._counted_since, self._now()
        for site, counts in visitors.items():
            leaf = record.aggregate(
                at=microseconds_at(self._counted_since),
                site=site,
                since=microseconds_at(since),
                until=microseconds_at(self._counted_since),
                requests=dict(counts),
                sampled=self._sampled,
            )
            try:
                await self._recorder.append(leaf)
                self._metrics.evidence_records.labels("agg").inc()
            except RecorderUnavailableError:
                self._metrics.evidence_unrecorded.inc()


def _told(exchange: Exchange) -> RobotsStanding | None:
    """Return which robots.txt of this host the client was delivered before this request; None if it was none."""
    if exchange.judged is None:
        return None
    return robots_standing.standing(exchange.judged.at_hand.known.past.told, exchange.facts.host)


def _signals(exchange: Exchange) -> list[tuple[str, int]]:
    fired = exchange.judged.verdict.fired if exchange.judged else ()
    signals = [(one.id.value, round(one.level * 1000)) for one in fired]
    return [*signals, ("crowd", 0)] if exchange.crowd.suspect else signals


def _salt() -> bytes:
    return secrets.token_bytes(disclosure.SALT_SIZE)


def utc_now() -> datetime:
    """Return the wall clock's time."""
    return datetime.now(UTC)
