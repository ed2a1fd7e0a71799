"""How has a client behaved?

Hard facts first. Else a clamped sequential test (Wald's; Suchacka et al. 2021 use it on web logs): every signal has a
level that rises to its weight in a few steps, a family adds no more than its cap, the score follows the sum by at most
a step a request, never sinks below the floor, and fades. One family makes a client suspect; only two
that speak make it hostile, so that no single oddity of a person's software can lock that person out.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from guard.core import robots_standing
from guard.core.behaviour import LEVELS, ROTATIONS, SCORE, Past
from guard.core.classification import Conduct
from guard.core.facts import RequestFacts
from guard.core.header_print import Mask
from guard.core.header_signals import HeaderReader, HeaderReading, Sign
from guard.core.observation import Answered, Observation
from guard.core.signals import INDEX, BehaviourRules, Family, Fired, Signal, SignalId
from guard.core.visit_signals import count, visit_signs

_AUDIBLE = 0.05
"""Nats below which a level is no longer worth a line."""
_DECOY = INDEX[SignalId.DECOY]


@dataclass(frozen=True, slots=True)
class ConductVerdict:
    """What is believed of a client's behaviour, and why. The reasons are put together when somebody asks for them."""

    conduct: Conduct
    score: float
    """Nats."""
    levels: tuple[float, ...]
    """What each signal adds, in nats and in the order of SignalId."""
    sums: tuple[float, ...]
    """What each family adds, capped, in the order of Family."""
    signs: tuple[Sign, ...]
    """What was seen in this request."""
    signals: tuple[Signal, ...] = field(repr=False)
    """The rules that were applied."""

    @property
    def families(self) -> tuple[tuple[Family, float], ...]:
        """What each family adds, where it adds anything."""
        return tuple((family, value) for family, value in zip(Family, self.sums, strict=True) if value)

    @property
    def fired(self) -> tuple[Fired, ...]:
        """The signals that speak, strongest first; those that speak for the client have negative levels."""
        seen = dict(self.signs)
        fired = [
            Fired(
                id=signal.id,
                family=signal.family,
                level=level,
                weight=signal.weight,
                value=seen.get(index, ""),
                hard=signal.hard,
            )
            for index, (signal, level) in enumerate(zip(self.signals, self.levels, strict=True))
            if level > _AUDIBLE or level < -_AUDIBLE
        ]
        return tuple(sorted(fired, key=lambda one: -abs(one.level)))


@dataclass(frozen=True, slots=True)
class _Weighed:
    """What the levels of a record come to."""

    levels: tuple[float, ...]
    sums: tuple[float, ...]
    total: float
    speaking: int
    """How many families speak."""


class Known:
    """A client's past at hand, and what was made of it: most requests change neither levels nor score."""

    __slots__ = ("faded", "full", "past", "verdict", "weighed")

    def __init__(self, past: Past) -> None:
        self.past = past
        self.weighed: _Weighed | None = None
        self.faded = past.faded
        """When the levels had faded as they are weighed."""
        self.full: tuple[Sign, ...] | None = None
        """The signs of a head that have nothing more to raise, until levels fade or rise."""
        self.verdict: ConductVerdict | None = None
        """The last one on the head of a request."""


class ConductJudge:
    """Judges clients by rules; keeps nothing about them but readings of header lines."""

    def __init__(self, rules: BehaviourRules, mask: Mask) -> None:
        self.rules = rules
        self._headers = HeaderReader(rules, mask)
        families = tuple(Family)
        self._family_of = [families.index(signal.family) for signal in rules.signals]
        self._caps = [rules.caps[family] for family in families]
        self._steps = [signal.step for signal in rules.signals]
        self._weights = [signal.weight for signal in rules.signals]
        self._silent = _Weighed((0.0,) * len(rules.signals), (0.0,) * len(families), 0.0, 0)

    def look(
        self,
        facts: RequestFacts,
        at: float,
        *,
        declared: bool = False,
        trusted_peer: bool = False,
        decoy: bool = False,
        disallows: Callable[[bytes], bool] | None = None,
        connection: tuple[Sign, ...] = (),
        originals: int = 0,
    ) -> Observation:
        """Read the head of a request; the arguments are explained at `Observation`, whose `key` names the record."""
        return Observation(
            facts, self._headers.read(facts), at, declared, trusted_peer, decoy, disallows, connection, originals
        )

    def at_request(self, record: bytes | None, seen: Observation) -> tuple[bytes, ConductVerdict]:
        """Take the head of a request into the record and judge the client."""
        known = Known(Past.from_bytes(record, seen.at))
        verdict = self.take_head(known, seen)
        return known.past.to_bytes(), verdict

    def after_response(
        self, record: bytes | None, seen: Observation, answered: Answered
    ) -> tuple[bytes, ConductVerdict]:
        """Take what became of the request into the record and judge the client again."""
        known = Known(Past.from_bytes(record, seen.at))
        signs, conduct = self._answer(known, seen, answered)
        return known.past.to_bytes(), self._verdict(known, signs, conduct)

    def take_head(self, known: Known, seen: Observation) -> ConductVerdict:
        """Do the same as `at_request` to a past that is at hand."""
        past, reading = known.past, seen.head.lines
        past.advance(seen.at, self.rules.memory)
        past.seen += 1
        if past.user_agent != reading.user_agent:
            past.values[ROTATIONS] += past.user_agent != 0
            past.user_agent = reading.user_agent
        signs, hard = ((), False) if seen.declared else (reading.signs, reading.hard)
        # Most clients may be persons who followed no lure, over a connection like any other.
        if seen.declared or not reading.plausible or seen.decoy or seen.head.forwarded or seen.connection:
            told = (*(() if seen.declared else seen.connection), *self._told(past, seen, reading))
            signs, hard = signs + told, hard or self._is_hard(past, told)
        if hard:
            past.hard_at = seen.at
        before = known.weighed
        conduct = self._weigh(known, signs, seen.at)
        if known.weighed is before:
            known.full = signs
        return self._verdict(known, signs, conduct)

    def take_answer(self, known: Known, seen: Observation, answered: Answered) -> Conduct:
        """Do the same as `after_response` to a past that is at hand."""
        return self._answer(known, seen, answered)[1]

    def _answer(self, known: Known, seen: Observation, answered: Answered) -> tuple[tuple[Sign, ...], Conduct]:
        reading = seen.head.lines
        full = count(known.past, seen, answered)
        signs: list[Sign] = []
        if not seen.declared:
            if answered.robots_digest and reading.claims_browser:
                signs.append((INDEX[SignalId.ROBOTS_READ], ""))
            signs += visit_signs(known.past, seen, answered, self.rules, full=full)
        found = tuple(signs)
        return found, self._weigh(known, found, seen.at)

    def _told(self, past: Past, seen: Observation, reading: HeaderReading) -> Iterable[Sign]:
        if self._broke_robots(past, seen, reading):
            yield INDEX[SignalId.ROBOTS_BREACH], seen.facts.path[:80]
        # A browser that fetches ahead follows links that nobody has seen.
        if seen.decoy and not reading.prefetch:
            past.decoys = min(past.decoys + 1, 255)
            yield _DECOY, seen.facts.path[:80]
        if not seen.trusted_peer and not seen.declared and seen.head.forwarded:
            yield INDEX[SignalId.FORGED_FORWARDING], ""

    def _broke_robots(self, past: Past, seen: Observation, reading: HeaderReading) -> bool:
        """Hold the client to the robots.txt that it was served, whatever is in force now."""
        # It is for crawlers: whoever may be a person, by all header lines, is not held to it.
        if seen.disallows is None or not (seen.declared or not reading.plausible):
            return False
        host = seen.facts.host
        told = robots_standing.standing(past.told, host)
        if told is None or seen.at - told.since < self.rules.memory.robots_grace or not seen.disallows(told.version):
            return False
        robots_standing.breach(past.told, host, seen.at)
        return True

    def _is_hard(self, past: Past, signs: Iterable[Sign]) -> bool:
        return any(past.decoys >= 2 if index == _DECOY else self.rules.signals[index].hard for index, _ in signs)

    def _weigh(self, known: Known, signs: tuple[Sign, ...], at: float) -> Conduct:
        """Let the levels rise and the score follow them."""
        past, limits = known.past, self.rules.thresholds
        weighed = known.weighed if known.faded == past.faded else None
        if weighed is None or signs is not known.full:
            for index, _ in signs:
                if past.raise_level(index, self._steps[index], self._weights[index]):
                    weighed = None
        if weighed is None:
            weighed = known.weighed = self._sum(past)
            known.faded, known.full = past.faded, None
        score = past.values[SCORE]
        if score != weighed.total:
            change = min(limits.step, max(-limits.step, weighed.total - score))
            score = past.values[SCORE] = min(limits.ceiling, max(limits.floor, score + change))
        # A clock that went back must not make a fact of the future last for ever.
        if past.hard_at > 0 and abs(at - past.hard_at) <= self.rules.memory.hard:
            return Conduct.HOSTILE
        if score >= limits.hostile and weighed.speaking >= 2:
            return Conduct.HOSTILE
        return Conduct.SUSPECT if score >= limits.suspect and weighed.speaking else Conduct.CLEAN

    def _sum(self, past: Past) -> _Weighed:
        places = past.levels()
        if not places:
            return self._silent
        values, speaks = past.values, self.rules.thresholds.speaks
        sums = [0.0] * len(self._caps)
        for place in places:
            sums[self._family_of[place - LEVELS]] += values[place]
        total, speaking = 0.0, 0
        for family, cap in enumerate(self._caps):
            value = sums[family]
            if value > cap:
                value = sums[family] = cap
            total += value
            speaking += value >= speaks
        return _Weighed(tuple(values[LEVELS:]), tuple(sums), total, speaking)

    def _verdict(self, known: Known, signs: tuple[Sign, ...], conduct: Conduct) -> ConductVerdict:
        """Return the last verdict once more, as long as it stands."""
        last, weighed, score = known.verdict, known.weighed, known.past.values[SCORE]
        assert weighed is not None  # noqa: S101  # `_weigh` has been there
        if (
            last is None
            or last.levels is not weighed.levels
            or last.score != score
            or last.conduct is not conduct
            or last.signs != signs
        ):
            last = known.verdict = ConductVerdict(
                conduct, score, weighed.levels, weighed.sums, signs, self.rules.signals
            )
        return last
