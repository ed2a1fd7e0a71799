"""How has the client of this request behaved, in all workers together?

The client's record lies in shared memory. A worker keeps the clients of the moment at hand, ready to be judged, and
looks into the shared memory only whether another one has written since: the head of a request is judged without a
lock and without a copy. It is put into the shared memory together with its answer, or at once if
all workers must know: when the belief about the client changes, or it took a bait. If another worker has written in
between, the head is taken into what that one wrote; a worker that ends takes the heads of
unanswered requests with it, and those requests too.
"""

from collections import OrderedDict
from functools import lru_cache
from hashlib import blake2b
from typing import Final

from guard.core.behaviour import Past
from guard.core.classification import Conduct, HardFact
from guard.core.conduct import ConductJudge, ConductVerdict, Known
from guard.core.crawlers import Sighting
from guard.core.facts import RequestFacts
from guard.core.observation import Answered, Observation
from guard.core.policy import Action
from guard.core.signals import INDEX, SignalId
from guard.reservation import robots
from guard.server.exchange import Exchange
from guard.server.judged import AtHand, Judged
from guard.store.clients import KEY_SIZE, ClientTable, Standing

_BREACH = INDEX[SignalId.ROBOTS_BREACH]
_FORGED = INDEX[SignalId.FORGED_FORWARDING]
_PRINT = INDEX[SignalId.TOOL_PRINT]
_REFUSING = frozenset({Action.REFUSE, Action.CHARGE, Action.CHALLENGE, Action.THROTTLE, Action.DROP})

AT_HAND: Final = 2048
"""Clients that a worker keeps at hand, about 3 KiB each."""
_WORTH: Final = 2
"""An answer brings the head of its request with it: two updates."""


class Behaviour:
    """Judges the clients of one worker by a past that all workers share."""

    def __init__(self, table: ClientTable, judge: ConductJudge) -> None:
        self._table = table
        self._judge = judge
        self._at_hand: OrderedDict[bytes, AtHand] = OrderedDict()

    def at_request(
        self, facts: RequestFacts, sighting: Sighting, *, trusted_peer: bool, kept_out: frozenset[str], decoy: bool
    ) -> Judged:
        """Judge the client by the head of its request.

        Args:
            kept_out: The product tokens, in lower case, for which our robots.txt disallows this path.
            decoy: The path is one that no person sees.
        """
        claimed = sighting.claimed
        seen = self._judge.look(
            facts,
            facts.at.timestamp(),
            declared=bool(claimed),
            trusted_peer=trusted_peer,
            decoy=decoy,
            disallowed=bool(claimed) and claimed.lower() in kept_out and facts.path != robots.PATH,
        )
        return self.take(seen, claimed)

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
            self._write(judged)
        return judged

    def after_response(self, exchange: Exchange) -> None:
        """Put into the client's record what became of its request."""
        judged = exchange.judged
        if judged is None:
            return
        served_robots = exchange.rendition == "reservation" and exchange.facts.path == robots.PATH
        self.note(
            judged,
            Answered(
                kind=exchange.kind,
                status=exchange.sent.status or 499,
                refused=exchange.decision is not None and exchange.decision.action in _REFUSING,
                robots_digest=bytes.fromhex(exchange.reservation.digest) if served_robots else b"",
            ),
        )

    def note(self, judged: Judged, answered: Answered) -> None:
        """Put the head of a request, if it is not there yet, and its answer into the client's record."""
        self._write(judged, answered)

    def _write(self, judged: Judged, answered: Answered | None = None) -> None:
        key, seen, own = judged.key, judged.observation, judged.at_hand
        at_hand = self._of(key, seen.at)
        held, before, in_table = at_hand.held, at_hand.held.head, own.stored >= judged.number

        def change(record: bytes | None) -> tuple[bytes, Standing, Conduct]:
            mine = record is held.state
            known = at_hand.known if mine else Known(Past.from_bytes(record, seen.at))
            conduct = judged.conduct
            if not in_table and not (mine and at_hand is own):
                conduct = self._judge.take_head(known, seen).conduct
            if answered is not None:
                conduct = self._judge.take_answer(known, seen, answered)
            return known.past.to_bytes(), _standing(seen, conduct), conduct

        conduct = self._table.update(key, change, held, worth=_WORTH if answered else 0)
        if held.head != before:
            at_hand.stored, at_hand.told = at_hand.taken, conduct

    def _of(self, key: bytes, at: float) -> AtHand:
        """Return what is at hand of a client, read anew if another process has written it."""
        found = self._at_hand.get(key)
        if found is None or not self._table.is_current(found.held):
            held = self._table.hold(key)
            found = self._at_hand[key] = AtHand(held, Known(Past.from_bytes(held.state, at)))
            if len(self._at_hand) > AT_HAND:
                self._at_hand.popitem(last=False)
        self._at_hand.move_to_end(key)
        return found


@lru_cache(maxsize=AT_HAND)
def _key_of_crawler(key: bytes, claimed: str) -> bytes:
    """Keep crawlers apart that share an address and a library: one does not answer for what another was told."""
    return blake2b(claimed.lower().encode(), key=key, digest_size=KEY_SIZE).digest()


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
