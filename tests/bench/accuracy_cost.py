"""What does one classification cost in processor time, and one client in memory?

Through the objects that a worker uses: catalogue, claims against shipped lists, conduct in the shared table, decision.
Cold is a client never seen with a user agent and header lines never seen; warm is the same client once more, with the
same lines in new strings, as a parser makes them. Time is this process's, the median of many batches; names, keys and
sockets are not asked.
"""

import os
import platform
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

from guard.core.behaviour import SIZE, VERSION
from guard.core.conduct import ConductJudge
from guard.core.facts import Kind, RequestFacts
from guard.core.header_print import MASKS, Front
from guard.core.observation import Answered
from guard.core.pipeline import Pipeline
from guard.core.policy_file import make_policy, parse_policy_file
from guard.server.behaviour import Behaviour
from guard.server.identities import Identities, IdentityOptions
from guard.server.judged import Judged
from guard.store.clients import KEY_SIZE, ClientTable
from guard.store.portfolio import Portfolios
from guard.store.robots_versions import RobotsVersions
from guard.store.rule_files import load_behaviour, load_catalogue, load_crawler_files, read_policy_file, rules_root
from guard.yaml12 import load
from tests.bench.accuracy_intervals import Data, Result, Row, Sense
from tests.support.captures import capture

BATCH = 50
TAKEN = Answered(kind=Kind.IMAGE, status=200)


class Worker:
    """What a worker holds, without its sockets."""

    def __init__(self, slots: int) -> None:
        root = rules_root().path
        catalogue = load_catalogue(root)
        data, name = read_policy_file("moderate", root)
        policy = parse_policy_file(load(data, name), catalogue)
        self.pipeline = Pipeline(catalogue, make_policy(policy.name, policy.rules, catalogue))
        self.identities = Identities(
            catalogue, load_crawler_files(root)[1], root / "ranges", IdentityOptions(),
            now=lambda: datetime.now(UTC), name_servers=(),
        )  # fmt: skip
        self.table = ClientTable.create(slots, layout=VERSION)
        self.behaviour = Behaviour(
            self.table,
            ConductJudge(load_behaviour(root), MASKS[Front.DIRECT]),
            RobotsVersions(Path("/nonexistent")),
            Portfolios.create(("photo.example",)),
        )

    def sight(self, facts: RequestFacts) -> None:
        self.pipeline.sight(facts)

    def identify(self, facts: RequestFacts) -> None:
        self.identities.judge(facts, self.pipeline.sight(facts))

    def conduct(self, facts: RequestFacts) -> Judged:
        sighting = self.pipeline.sight(facts)
        return self.behaviour.at_request(facts, sighting, trusted_peer=False, reservation=None, decoy=False)

    def classify(self, facts: RequestFacts) -> None:
        sighting = self.pipeline.sight(facts)
        judged = self.behaviour.at_request(facts, sighting, trusted_peer=False, reservation=None, decoy=False)
        identity = self.identities.judge(facts, sighting, signed=judged.observation.head.signed)
        self.pipeline.classify(facts, identity, judged.conduct, judged.facts)

    def finish(self, facts: RequestFacts) -> None:
        """Do all that is done for one request, its answer included."""
        sighting = self.pipeline.sight(facts)
        judged = self.behaviour.at_request(facts, sighting, trusted_peer=False, reservation=None, decoy=False)
        identity = self.identities.judge(facts, sighting, signed=judged.observation.head.signed)
        self.pipeline.classify(facts, identity, judged.conduct, judged.facts)
        self.behaviour.note(judged, TAKEN)

    def decide(self, facts: RequestFacts) -> None:
        sighting = self.pipeline.sight(facts)
        judged = self.behaviour.at_request(facts, sighting, trusted_peer=False, reservation=None, decoy=False)
        identity = self.identities.judge(facts, sighting, signed=judged.observation.head.signed)
        self.pipeline.decide(facts, self.pipeline.classify(facts, identity, judged.conduct, judged.facts))


def strangers(count: int, start: int = 0) -> list[RequestFacts]:
    """Return first requests of clients that have nothing in common: address, user agent, header lines."""
    picture = next(facts for _, facts, _ in capture("person-slides").requests if facts.path.endswith(".jpg"))
    found = []
    for number in range(start, start + count):
        address = IPv4Address("1.0.0.0") + 7 * number
        agent = (
            f"Mozilla/5.0 (compatible; GPTBot/1.{number}; +https://openai.com/gptbot)"
            if number % 10 == 0
            else f"Mozilla/5.0 (X11; Linux x86_64; rv:{90 + number % 60}.{number}) Gecko/20100101 Firefox/{number}"
            if number % 10 == 1
            else f"Mozilla/5.0 (Windows NT 10.0; Win64; x64; {number}) AppleWebKit/537.36 (KHTML, like Gecko) "
            f"Chrome/{100 + number % 50}.0.{number}.0 Safari/537.36"
        )
        lines = tuple((name, agent if name.lower() == "user-agent" else value) for name, value in picture.headers)
        client = replace(picture.client, address=address, peer=str(address))
        found.append(replace(picture, headers=lines, client=client))
    return found


def again(requests: list[RequestFacts], seconds: float) -> list[RequestFacts]:
    """Return the same requests `seconds` later, in strings of their own."""
    return [
        replace(
            facts,
            at=facts.at + timedelta(seconds=seconds),
            headers=tuple((_anew(name), _anew(value)) for name, value in facts.headers),
        )
        for facts in requests
    ]


def _anew(text: str) -> str:
    return text.encode().decode()


def timed(work: Callable[[RequestFacts], object], requests: list[RequestFacts]) -> float:
    """Return the median over batches of the microseconds that one call takes."""
    times = []
    for start in range(0, len(requests) - BATCH + 1, BATCH):
        batch = requests[start : start + BATCH]
        began = time.process_time_ns()
        for facts in batch:
            work(facts)
        times.append((time.process_time_ns() - began) / BATCH / 1000)
    return statistics.median(times)


def measure(calls: int) -> Result:
    """Time `calls` cold and as many warm classifications, and their parts."""
    worker = Worker(20_000)
    section = "cost without I/O"
    rows = []
    start = 0
    timed(worker.decide, strangers(500, 10**6))
    for what, work, pause, cold_goal, warm_goal in (
        ("whole classification", worker.classify, 0.0, 60.0, 5.0),
        ("… the name alone", worker.sight, 0.0, None, None),
        ("… name and claim", worker.identify, 0.0, None, None),
        ("… name and conduct", worker.conduct, 0.0, None, None),
        ("… whole classification, a request each two seconds", worker.classify, 2.0, None, None),
        ("… whole classification and first decision", worker.decide, 0.0, None, None),
        ("… whole classification, and the answer noted for all workers", worker.finish, 0.0, None, None),
    ):
        cold = timed(work, strangers(calls, start))
        start += calls
        regulars = strangers(BATCH, start)
        start += BATCH
        timed(work, regulars * 4)
        warm = timed(work, [one for turn in range(calls // BATCH) for one in again(regulars, pause * (turn + 1))])
        for state, value, goal in (("cold", cold, cold_goal), ("warm", warm, warm_goal)):
            rows.append(Row(section=section, what=f"{what}, {state}", data=Data.GENERATED, value=value,
                            unit="us", sense=Sense.AT_MOST, goal=goal))  # fmt: skip
    bytes_each = os.fstat(worker.table.fileno()).st_size / worker.table.capacity
    rows += [
        Row(section=section, what="a client's slot in the table, all told", data=Data.GENERATED, value=bytes_each,
            unit="bytes", sense=Sense.AT_MOST, goal=600),
        Row(section=section, what="… its record and its key", data=Data.GENERATED, value=SIZE + KEY_SIZE,
            unit="bytes", sense=Sense.AT_MOST),
    ]  # fmt: skip
    note = f"cost: median of {calls // BATCH} batches of {BATCH}, {platform.python_implementation()}, process time"
    worker.table.close()
    return Result(rows=tuple(rows), notes=(note,))
