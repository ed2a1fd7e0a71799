"""How has a client behaved?

Hard facts first. Else a clamped sequential test (Wald's; Suchacka et al. 2021 use it on web logs): every signal has a
level that rises to its weight in a few steps, a family adds no more than its cap, the score follows the sum by at most
a step a request, never sinks below the floor, and fades. One family makes a client suspect; only two
that speak make it hostile, so that no single oddity of a person's software can lock that person out.
"""

from array import array
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from guard.core import robots_standing
from guard.core.behaviour import LEVELS, ROTATIONS, SCORE, Past
from guard.core.classification import Conduct
from guard.core.facts import RequestFacts
from guard.core.header_print import Mask
from guard.core.header_signals import HeaderReader, HeaderReading, Sign
from guard.core.observation import Answered, Observation
from guard.core.signals import INDEX, SIGNALS, BehaviourRules, Family, Fired, Signal, SignalId
from guard.core.visit_signals import count, visit_signs

_AUDIBLE = 0.05
"""Nats below which a level is no longer worth a line."""


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


class ConductJudge:
    """Judges clients by rules; keeps nothing about them but readings of header lines."""

    def __init__(self, rules: BehaviourRules, mask: Mask) -> None:
        self.rules = rules
        self._headers = HeaderReader(rules, mask)
        families = tuple(Family)
        self._family_of = [families.index(signal.family) for signal in rules.signals]
        self._caps = [rules.caps[family] for family in families]

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
            facts=facts, head=self._headers.read(facts), at=at, declared=declared, trusted_peer=trusted_peer,
            decoy=decoy, disallows=disallows, connection=connection, originals=originals,
        )  # fmt: skip

    def at_request(self, record: bytes | None, seen: Observation) -> tuple[bytes, ConductVerdict]:
        """Take the head of a request into the record and judge the client."""
        rules, reading = self.rules, seen.head.lines
        past = Past.from_bytes(record, seen.at)
        past.advance(seen.at, rules.memory)
        past.seen += 1
        if past.user_agent != reading.user_agent:
            past.values[ROTATIONS] += past.user_agent != 0
            past.user_agent = reading.user_agent
        signs = [] if seen.declared else [*reading.signs, *seen.connection]
        signs += self._told(past, seen, reading)
        hard = bool(signs) and self._is_hard(past, signs, reading)
        if hard:
            past.hard_at = seen.at
        return self._judge(past, signs, seen.at)

    def after_response(
        self, record: bytes | None, seen: Observation, answered: Answered
    ) -> tuple[bytes, ConductVerdict]:
        """Take what became of the request into the record and judge the client again."""
        rules, reading = self.rules, seen.head.lines
        past = Past.from_bytes(record, seen.at)
        full = count(past, seen, answered)
        signs: list[Sign] = []
        if not seen.declared:
            if answered.robots_digest and reading.claims_browser:
                signs.append((INDEX[SignalId.ROBOTS_READ], ""))
            signs += visit_signs(past, seen, answered, rules, full=full)
        return self._judge(past, signs, seen.at)

    def _told(self, past: Past, seen: Observation, reading: HeaderReading) -> Iterable[Sign]:
        if self._broke_robots(past, seen, reading):
            yield INDEX[SignalId.ROBOTS_BREACH], seen.facts.path[:80]
        # A browser that fetches ahead follows links that nobody has seen.
        if seen.decoy and not reading.prefetch:
            past.decoys = min(past.decoys + 1, 255)
            yield INDEX[SignalId.DECOY], seen.facts.path[:80]
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

    def _is_hard(self, past: Past, signs: Iterable[Sign], reading: HeaderReading) -> bool:
        for index, _ in signs:
            signal = SIGNALS[index]
            if signal is SignalId.TOOL_PRINT:
                hard = reading.tool is not None and reading.tool.hard
            elif signal is SignalId.DECOY:
                hard = past.decoys >= 2
            else:
                hard = self.rules.signals[index].hard
            if hard:
                return True
        return False

    def _judge(self, past: Past, signs: list[Sign], at: float) -> tuple[bytes, ConductVerdict]:
        values, rules = past.values, self.rules
        for index, _ in signs:
            self._raise(values, rules.signals[index], LEVELS + index)
        limits = rules.thresholds
        levels = values[LEVELS:]
        sums = [0.0] * len(self._caps)
        for family, level in zip(self._family_of, levels, strict=True):
            if level:
                sums[family] += level
        sums = [min(value, cap) for value, cap in zip(sums, self._caps, strict=True)]
        before = values[SCORE]
        change = min(limits.step, max(-limits.step, sum(sums) - before))
        score = values[SCORE] = min(limits.ceiling, max(limits.floor, before + change))
        # A clock that went back must not make a fact of the future last for ever.
        hard = past.hard_at > 0 and abs(at - past.hard_at) <= rules.memory.hard
        speaking = sum(value >= limits.speaks for value in sums)
        if hard or (score >= limits.hostile and speaking >= 2):
            conduct = Conduct.HOSTILE
        elif score >= limits.suspect and speaking >= 1:
            conduct = Conduct.SUSPECT
        else:
            conduct = Conduct.CLEAN
        verdict = ConductVerdict(conduct, score, tuple(levels), tuple(sums), tuple(signs), rules.signals)
        return past.to_bytes(), verdict

    @staticmethod
    def _raise(values: "array[float]", signal: Signal, place: int) -> None:
        level = values[place] + signal.step
        values[place] = min(level, signal.weight) if signal.weight > 0 else max(level, signal.weight)
