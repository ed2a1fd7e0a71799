"""How has the client of this request behaved, in all workers together?

The client's record lies in shared memory. A worker keeps the clients of the moment at hand, ready to be judged, and
looks into the shared memory only whether another one has written since: the head of a request is judged without a
lock and without a copy. It is put into the shared memory together with its answer, or at once if
all workers must know: when the belief about the client changes, or it took a bait. Of a client that is clean, what
came within a moment is put there together. If another worker has written in
between, all this is taken into what that one wrote; a worker that is killed takes the heads of
unanswered requests with it, and those requests too, and that moment of the clean.
"""

import asyncio
from collections import OrderedDict
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Final

from guard.core.behaviour import Past
from guard.core.classification import Conduct, HardFact, Identity
from guard.core.client_address import client_network
from guard.core.conduct import ConductJudge, ConductVerdict, Known
from guard.core.connections import Connections
from guard.core.crawlers import Sighting
from guard.core.facts import Kind, RequestFacts, ResponseFacts
from guard.core.front_hints import NO_HINTS
from guard.core.header_signals import Sign
from guard.core.observation import Answered, Observation
from guard.core.policy import Action
from guard.core.signals import INDEX, SignalId
from guard.reservation import robots
from guard.reservation.documents import ReservationSet
from guard.server import upstream
from guard.server.exchange import Exchange
from guard.server.judged import AtHand, Judged
from guard.store.clients import KEY_SIZE, ClientTable, Standing
from guard.store.portfolio import Portfolios, picture_number
from guard.store.robots_versions import RobotsVersions

_BREACH = INDEX[SignalId.ROBOTS_BREACH]
_FORGED = INDEX[SignalId.FORGED_FORWARDING]
_PRINT = INDEX[SignalId.TOOL_PRINT]
_FULL = frozenset({Kind.IMAGE, Kind.ORIGINAL})
_REFUSING = frozenset({Action.REFUSE, Action.CHARGE, Action.CHALLENGE, Action.THROTTLE, Action.DROP})

AT_HAND: Final = 2048
"""Clients that a worker keeps at hand, about 3 KiB each."""
_WORTH: Final = 2
"""An answer brings the head of its request with it: two updates."""
MOMENT: Final = 0.02
"""Seconds."""
_MOST_OWED: Final = 32
"""Answers to one client in a moment."""


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
        self._at_hand: OrderedDict[bytes, AtHand] = OrderedDict()
        self._owing: list[AtHand] = []

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
        claimed, at = sighting.claimed, facts.at.timestamp()
        seen = self._judge.look(
            facts,
            at,
            declared=bool(claimed),
            trusted_peer=trusted_peer,
            decoy=decoy,
            connection=self._odd_connection(facts) if facts.hints is not NO_HINTS else (),
            disallows=partial(self._disallowed, facts, sighting, reservation),
            originals=self._portfolios.believed(facts.site, at),
        )
        judged = self.take(seen, claimed)
        self._robots.fetch()
        return judged

    def take(self, seen: Observation, claimed: str = "") -> Judged:
        """Judge the client by what was seen in the head of its request; `claimed` is the crawler that it names."""
        key = _key_of_crawler(seen.key, claimed) if claimed else seen.key
        at_hand = self._of(key, seen.at)
        verdict = self._judge.take_head(at_hand.known, seen)
        at_hand.taken += 1
        if at_hand.verdict is not verdict:
            at_hand.verdict, at_hand.facts = verdict, _hard_facts(verdict, seen)
        judged = Judged(key, seen, verdict, at_hand.facts, at_hand, at_hand.taken)
        if verdict.conduct is not at_hand.told or seen.decoy:
            at_hand.owed.append((judged, None))
            self._settle(at_hand, verdict.conduct)
        return judged

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

        verdict = self._table.update(key, change)
        if verdict.conduct is Conduct.CLEAN or judged.conduct is Conduct.HOSTILE:
            verdict = judged.verdict
        return judged._replace(verdict=verdict, together=key)

    def after_response(self, exchange: Exchange) -> None:
        """Put into the client's record what became of its request."""
        judged = exchange.judged
        if judged is None:
            return
        self.note(
            judged,
            Answered(
                kind=exchange.kind,
                status=exchange.sent.status or 499,
                refused=exchange.decision is not None and exchange.decision.action in _REFUSING,
                robots_digest=self._served(exchange),
            ),
        )

    def note(self, judged: Judged, answered: Answered) -> None:
        """Put the head of a request, if it is not there yet, and its answer into the client's record."""
        seen = judged.observation
        at_hand = self._of(judged.key, seen.at)
        if judged.at_hand is not at_hand and not _is_stored(judged):
            self._judge.take_head(at_hand.known, seen)
        conduct = self._judge.take_answer(at_hand.known, seen, answered)
        at_hand.owed.append((judged, answered))
        clean = conduct is Conduct.CLEAN and conduct is at_hand.told and not seen.declared
        if not clean or len(at_hand.owed) >= _MOST_OWED or not self._later(at_hand):
            self._settle(at_hand, conduct)
        if judged.together:

            def change(record: bytes | None) -> tuple[bytes, Standing, None]:
                return self._judge.after_response(record, judged.observation, answered)[0], Standing.NOTED, None

            self._table.update(judged.together, change)

    def settle(self) -> None:
        """Put everything into the records that is owed to them."""
        owing, self._owing = self._owing, []
        for at_hand in owing:
            if at_hand.owed:
                self._settle(at_hand, Conduct.CLEAN)

    def _later(self, at_hand: AtHand) -> bool:
        """See that what a client is owed is settled in a moment; False where there is no event loop to see to it."""
        if len(at_hand.owed) > 1:
            return True
        loop = asyncio._get_running_loop()
        if loop is None:
            return False
        if not self._owing:
            loop.call_later(MOMENT, self.settle)
        self._owing.append(at_hand)
        return True

    def _settle(self, at_hand: AtHand, conduct: Conduct) -> None:
        """Put what is owed to a client's record into it; `conduct` is what is believed of the client then."""
        owed, at_hand.owed = at_hand.owed, []
        held, before = at_hand.held, at_hand.held.head
        last, answers = owed[-1][0].observation, sum(answered is not None for _, answered in owed)

        def change(record: bytes | None) -> tuple[bytes, Standing, Conduct]:
            if record is held.state:
                return at_hand.known.past.to_bytes(), _standing(last, conduct), conduct
            believed, known = conduct, Known(Past.from_bytes(record, last.at))
            for judged, answered in owed:
                if not _is_stored(judged):
                    believed = self._judge.take_head(known, judged.observation).conduct
                if answered is not None:
                    believed = self._judge.take_answer(known, judged.observation, answered)
            return known.past.to_bytes(), _standing(last, believed), believed

        told = self._table.update(held.key, change, held, worth=_WORTH * answers)
        if held.head != before:
            at_hand.stored, at_hand.told = at_hand.taken, told

    def _of(self, key: bytes, at: float) -> AtHand:
        """Return what is at hand of a client, read anew if another process has written it."""
        found = self._at_hand.get(key)
        if found is None or not self._table.is_current(found.held):
            if found is not None and found.owed:
                self._settle(found, found.told)
            held = self._table.hold(key)
            found = self._at_hand[key] = AtHand(held, Known(Past.from_bytes(held.state, at)))
            if len(self._at_hand) > AT_HAND:
                _, oldest = self._at_hand.popitem(last=False)
                if oldest.owed:
                    self._settle(oldest, oldest.told)
        self._at_hand.move_to_end(key)
        return found

    def served(self, exchange: Exchange, seen: ResponseFacts, answered: upstream.Answered) -> None:
        """Count what the upstream showed as one of the site's pictures, if it is one and nobody bad asked for it.

        Who is suspect could make up addresses; verified search engines know a site best.
        """
        facts, who = exchange.facts, exchange.who
        shown = answered.headers if answered.status == 200 else exchange.kept.headers if exchange.kept else None
        if exchange.own or seen.kind not in _FULL or shown is None or facts.method != "GET":
            return
        if who.conduct is not Conduct.CLEAN or (who.is_crawler and who.identity is not Identity.VERIFIED):
            return
        fields = shown.first
        number = picture_number(
            facts.path, *(fields.get(name, "") for name in ("etag", "last-modified", "content-length"))
        )
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


@lru_cache(maxsize=AT_HAND)
def _key_of_crawler(key: bytes, claimed: str) -> bytes:
    """Keep crawlers apart that share an address and a library: one does not answer for what another was told."""
    return blake2b(claimed.lower().encode(), key=key, digest_size=KEY_SIZE).digest()


def _is_stored(judged: Judged) -> bool:
    """Tell whether the head of this request is in the client's record."""
    return judged.at_hand.stored >= judged.number


def _standing(seen: Observation, conduct: Conduct) -> Standing:
    if seen.declared:
        return Standing.DECLARED
    return Standing.ORDINARY if conduct is Conduct.CLEAN else Standing.NOTED


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
