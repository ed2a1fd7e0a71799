"""How has the client of this request behaved, in all workers together?

The client's record lies in shared memory; it is read, judged and written back under one
lock, once when the head of a request is there and once when it was answered. If the table can
not be used the client is clean: a fault of ours accuses nobody.
"""

from dataclasses import replace
from functools import partial
from hashlib import blake2b

from guard.core.classification import Conduct, HardFact, Identity
from guard.core.client_address import client_network
from guard.core.conduct import ConductJudge, ConductVerdict
from guard.core.connections import Connections
from guard.core.crawlers import Sighting
from guard.core.facts import Kind, RequestFacts, ResponseFacts
from guard.core.front_hints import NO_HINTS
from guard.core.header_signals import Sign
from guard.core.observation import Answered, Observation
from guard.core.policy import Action
from guard.core.signals import INDEX, SignalId
from guard.errors import GuardError
from guard.reservation import robots
from guard.reservation.documents import ReservationSet
from guard.server import upstream
from guard.server.exchange import Exchange
from guard.server.judged import Judged
from guard.store.clients import KEY_SIZE, ClientTable, Standing
from guard.store.portfolio import Portfolios, picture_number
from guard.store.robots_versions import RobotsVersions

_BREACH = INDEX[SignalId.ROBOTS_BREACH]
_FORGED = INDEX[SignalId.FORGED_FORWARDING]
_PRINT = INDEX[SignalId.TOOL_PRINT]
_FULL = frozenset({Kind.IMAGE, Kind.ORIGINAL})
_REFUSING = frozenset({Action.REFUSE, Action.CHARGE, Action.CHALLENGE, Action.THROTTLE, Action.DROP})


class Behaviour:
    """Judges the clients of one worker by a past that all workers share."""

    def __init__(
        self, table: ClientTable, judge: ConductJudge, robots_versions: RobotsVersions, portfolios: Portfolios
    ) -> None:
        self._table = table
        self._judge = judge
        self._robots = robots_versions
        self._portfolios = portfolios
        self._connections = Connections()

    def at_request(
        self,
        facts: RequestFacts,
        sighting: Sighting,
        *,
        trusted_peer: bool,
        reservation: ReservationSet | None,
        decoy: bool,
    ) -> Judged:
        """Judge the client by the head of its request.

        Args:
            reservation: What is in force on the site: whatever robots.txt says, its documents are there to be read.
            decoy: The path is one that no person sees.
        """
        declared, at = bool(sighting.claimed), facts.at.timestamp()
        seen = self._judge.look(
            facts,
            at,
            declared=declared,
            trusted_peer=trusted_peer,
            decoy=decoy,
            connection=self._odd_connection(facts) if facts.hints is not NO_HINTS else (),
            disallows=partial(self._disallowed, facts, sighting, reservation),
            originals=self._portfolios.believed(facts.site, at),
        )
        key = _key_of_crawler(seen.key, sighting.claimed) if declared else seen.key
        standing = Standing.DECLARED if declared else Standing.ORDINARY

        def change(record: bytes | None) -> tuple[bytes, Standing, ConductVerdict]:
            state, verdict = self._judge.at_request(record, seen)
            return state, max(standing, _standing(verdict)), verdict

        try:
            verdict = self._table.update(key, change)
            self._robots.fetch()
        except GuardError:
            _, verdict = self._judge.at_request(None, seen)
        return Judged(key=key, observation=seen, verdict=verdict, facts=_hard_facts(verdict, seen))

    def together(self, judged: Judged, shared: bytes) -> Judged:
        """Judge all clients that seem to be one program, which changes its name, as the one that they are.

        Args:
            shared: What they have in common.
        """
        if not shared:
            return judged
        key = blake2b(shared, digest_size=KEY_SIZE, person=b"together").digest()

        def change(record: bytes | None) -> tuple[bytes, Standing, ConductVerdict]:
            state, verdict = self._judge.at_request(record, judged.observation)
            return state, Standing.NOTED, verdict

        try:
            verdict = self._table.update(key, change)
        except GuardError:
            return judged
        if verdict.conduct is Conduct.CLEAN or judged.conduct is Conduct.HOSTILE:
            verdict = judged.verdict
        return replace(judged, verdict=verdict, together=key)

    def after_response(self, exchange: Exchange) -> None:
        """Put into the client's record what became of its request."""
        judged = exchange.judged
        if judged is None:
            return
        answered = Answered(
            kind=exchange.kind,
            status=exchange.sent.status or 499,
            refused=exchange.decision is not None and exchange.decision.action in _REFUSING,
            robots_digest=self._served(exchange),
        )
        standing = Standing.DECLARED if judged.observation.declared else Standing.ORDINARY

        def change(record: bytes | None) -> tuple[bytes, Standing, None]:
            state, verdict = self._judge.after_response(record, judged.observation, answered)
            return state, max(standing, _standing(verdict)), None

        try:
            self._table.update(judged.key, change)
            if judged.together:
                self._table.update(judged.together, change)
        except GuardError:
            return

    def served(self, exchange: Exchange, seen: ResponseFacts, answered: upstream.Answered) -> None:
        """Count what the upstream showed as one of the site's pictures, if it is one and nobody bad asked for it.

        Who is suspect could make up addresses; verified search engines know a site best.
        """
        facts, who = exchange.facts, exchange.who
        if exchange.own or seen.kind not in _FULL or answered.status != 200 or facts.method != "GET":
            return
        if who.conduct is not Conduct.CLEAN or (who.is_crawler and who.identity is not Identity.VERIFIED):
            return
        number = picture_number(facts.path, *map(answered.header, ("etag", "last-modified", "content-length")))
        self._portfolios.note(facts.site, number, original=seen.kind is Kind.ORIGINAL, at=facts.at.timestamp())

    def _odd_connection(self, facts: RequestFacts) -> tuple[Sign, ...]:
        return tuple(
            self._connections.signs(
                facts.hints,
                site=facts.site,
                client=client_network(facts.client.address),
                user_agent=facts.header("user-agent"),
                upgrades=bool(facts.header("upgrade")),
            )
        )

    def _disallowed(
        self, facts: RequestFacts, sighting: Sighting, reservation: ReservationSet | None, version: bytes
    ) -> bool:
        """Tell whether the robots.txt `version` keeps the client from what it asks for now."""
        if reservation is not None and reservation.document(facts.path) is not None:
            return False
        _, mark, query = facts.target.partition("?")
        # A slash behind a token belongs to the user agent, not to the name.
        return self._robots.forbids(sighting.claimed.removesuffix("/"), f"{facts.path}{mark}{query}", version)

    def _served(self, exchange: Exchange) -> bytes:
        """Return what stands for the robots.txt that the client has now; nothing if it got none, or a part of one."""
        if exchange.rendition != "reservation" or exchange.facts.path != robots.PATH:
            return b""
        sent = exchange.sent
        got_it = sent.status == 304 or (sent.status == 200 and sent.completed and exchange.facts.method == "GET")
        document = exchange.reservation.document(robots.PATH) if got_it else None
        return self._robots.keep(document.body) if document is not None else b""


def _key_of_crawler(key: bytes, claimed: str) -> bytes:
    """Keep crawlers apart that share an address and a library: one does not answer for what another was told."""
    return blake2b(claimed.lower().encode(), key=key, digest_size=KEY_SIZE).digest()


def _standing(verdict: ConductVerdict) -> Standing:
    return Standing.ORDINARY if verdict.conduct is Conduct.CLEAN else Standing.NOTED


def _hard_facts(verdict: ConductVerdict, seen: Observation) -> frozenset[HardFact]:
    facts = set()
    for index, _ in verdict.signs:
        if index == _BREACH:
            facts.add(HardFact.BROKE_ROBOTS)
        elif index == _FORGED:
            facts.add(HardFact.FORGED_FORWARDING)
        elif index == _PRINT and seen.head.lines.tool is not None and seen.head.lines.tool.hard:
            facts.add(HardFact.TOOL_PRINT)
    return frozenset(facts)
