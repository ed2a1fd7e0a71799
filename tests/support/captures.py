"""Captures of real clients on a loopback gallery, and how they are played again."""

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from ipaddress import ip_address
from pathlib import Path

from guard.core.behaviour_file import parse_behaviour
from guard.core.conduct import ConductJudge, ConductVerdict
from guard.core.facts import AddressSource, ClientAddress, Kind, RequestFacts
from guard.core.header_print import MASKS, Front
from guard.core.observation import Answered
from guard.core.signals import BehaviourRules
from guard.yaml12 import load

FOLDER = Path(__file__).resolve().parent.parent / "core" / "captures"
RULES_FILE = Path(__file__).resolve().parent.parent.parent / "rules" / "behaviour.yaml"
START = 1_790_000_000.0
WHEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
ORIGINALS = 60
"""How many originals the captured gallery has."""
FULL = (Kind.IMAGE, Kind.ORIGINAL)


@dataclass(frozen=True, kw_only=True)
class Capture:
    """One client's requests."""

    name: str
    about: str
    held_out: bool
    requests: tuple[tuple[float, RequestFacts, Answered], ...]
    """Seconds since the first, the head, and what became of it."""

    @property
    def pictures(self) -> int:
        return sum(answered.kind in FULL for _, _, answered in self.requests)


@dataclass(frozen=True, kw_only=True)
class Step:
    """What was believed of the client when a request came."""

    facts: RequestFacts
    kind: Kind
    pictures: int
    """Pictures of display size and up so far, this one included."""
    verdict: ConductVerdict


@cache
def rules() -> BehaviourRules:
    return parse_behaviour(load(RULES_FILE.read_bytes(), "rules/behaviour.yaml"))


@cache
def capture(name: str) -> Capture:
    content = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    lines = [tuple(line.split(": ", 1)) if ": " in line else (line.rstrip(":"), "") for line in content["lines"]]
    client = ClientAddress(address=ip_address("192.0.2.7"), port=0, source=AddressSource.PEER, peer="192.0.2.7")
    requests = []
    for at, method, target, version, kind, status, _, numbers in content["requests"]:
        headers = tuple(lines[number] for number in numbers)
        facts = RequestFacts(
            at=WHEN, site="photo.example", scheme=content["scheme"], authority="photo.example", host="photo.example",
            method=method, target=target, path=target.partition("?")[0], version=version, headers=headers,
            client=client,
        )  # fmt: skip
        digest = b"robots-1" if target == "/robots.txt" else b""
        answered = Answered(kind=Kind(kind), status=status, robots_digest=digest)
        requests.append((at / 1000, facts, answered))
    return Capture(name=name, about=content["about"], held_out=content["held_out"], requests=tuple(requests))


def names(start: str) -> list[str]:
    return sorted(path.stem for path in FOLDER.glob(f"{start}-*.json"))


def judge(front: Front = Front.DIRECT) -> ConductJudge:
    return ConductJudge(rules(), MASKS[front])


def play(
    requests: Sequence[tuple[float, RequestFacts, Answered]],
    judged: ConductJudge,
    *,
    originals: int = 0,
    records: dict[bytes, bytes] | None = None,
    start: float = START,
) -> Iterator[Step]:
    """Play requests to the judge, every client's record kept under its key."""
    records = {} if records is None else records
    pictures = 0
    for at, facts, answered in requests:
        seen = judged.look(facts, start + at, originals=originals)
        record, verdict = judged.at_request(records.get(seen.key), seen)
        pictures += answered.kind in FULL
        yield Step(facts=facts, kind=answered.kind, pictures=pictures, verdict=verdict)
        records[seen.key], _ = judged.after_response(record, seen, answered)


def jittered(one: Capture, chance: random.Random) -> list[tuple[float, RequestFacts, Answered]]:
    """Return the requests as another person would send them: other pauses, some requests left out or from the cache."""
    patience = chance.lognormvariate(1.5, 1.2)
    left_out = chance.uniform(0, 0.35)
    at, before, result = 0.0, 0.0, []
    for when, facts, answered in one.requests:
        at += (when - before) * patience + (chance.expovariate(0.1) if answered.kind is Kind.PAGE else 0)
        before = when
        if chance.random() >= left_out:
            result.append((at + chance.random() * 0.05, facts, answered))
    return result
