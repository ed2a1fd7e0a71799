"""Is the log stamped when it should be, not more often, and does nothing get lost while nobody answers?"""

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from guard.errors import RecorderUnavailableError
from guard.evidence import reservation_record
from guard.exporter.metrics import Metrics
from guard.server.anchorer import Anchorer, Pace
from guard.server.anchoring import groups_of
from guard.server.recorder_client import RecorderClient
from guard.settings_evidence import Evidence
from guard.store.anchor_state import load
from guard.store.log_files import verify_directory
from tests.support.anchors import believer
from tests.support.authority import Authority, Server, serving
from tests.support.evidence import AT, end_all, request_leaf, start_recorder, stop

PACE = Pace(every=3600, settle=5, poll=0.01, ending=3)


@dataclass
class Clock:
    """Goes on only when told."""

    now: float = field(default_factory=time.time)

    def __call__(self) -> float:
        return self.now


@dataclass
class Scene:
    """A recorder, some authorities, and a clock."""

    root: Path
    socket: Path
    recorder: RecorderClient
    servers: list[Server]
    authorities: list[Authority]
    certificates: Path
    clock: Clock = field(default_factory=Clock)
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def asked(self) -> list[int]:
        """How often each authority was asked."""
        return [len(one.asked) for one in self.servers]

    def anchorer(self) -> Anchorer:
        stamps = [{"url": one.url, "ca": self.certificates} for one in self.servers]
        evidence = Evidence(directory=self.root, time_stamps=stamps)
        return Anchorer(
            directory=self.root,
            groups=groups_of(evidence),
            recorder=self.recorder,
            metrics=self.metrics,
            pace=PACE,
            now=self.clock,
        )

    @asynccontextmanager
    async def running(self):
        stopping = asyncio.Event()
        task = asyncio.create_task(self.anchorer().run(stopping))
        await asyncio.sleep(0.05)
        try:
            yield
        finally:
            stopping.set()
            await task

    async def later(self, seconds: float) -> None:
        """Let time pass, and the checkpoint of what is on record appear."""
        stats = await self.recorder.stats()
        await until(lambda: self._signed() >= stats["records"])
        self.clock.now += seconds
        await asyncio.sleep(0.06)

    def _signed(self) -> int:
        try:
            return int((self.root / "log" / "checkpoint").read_bytes().split(b"\n")[1])
        except FileNotFoundError:
            return 0

    def unanchored(self) -> float:
        (family,) = self.metrics.evidence_unanchored.collect()
        return family.samples[0].value

    def report(self):
        return verify_directory(self.root, believe=believer(*self.authorities))


async def until(condition, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # what is waited for happens on a disk or in a thread
            await asyncio.sleep(0.01)


@pytest.fixture
async def scene(tmp_path):
    process = start_recorder(tmp_path / "e", tmp_path / "socket")
    recorder = RecorderClient()
    await recorder.connect(str(tmp_path / "socket"))
    authorities = [Authority(name="One"), Authority(name="Two", unsorted=True), Authority(name="Three")]
    (tmp_path / "ca.pem").write_bytes(b"".join(one.root.pem for one in authorities))
    with serving(authorities[0].reply) as a, serving(authorities[1].reply) as b, serving(authorities[2].reply) as c:
        yield Scene(tmp_path / "e", tmp_path / "socket", recorder, [a, b, c], authorities, tmp_path / "ca.pem")
    await recorder.close()
    if process.poll() is None:
        stop(process)
    end_all()


async def test_after_a_start_two_authorities_are_asked_and_the_third_is_not(scene):
    """Once what belongs to the start is on record; both tokens are records and hold."""
    async with scene.running():
        before = scene.asked
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1, 0])
        await until(lambda: len(list((scene.root / "log/anchors").glob("*.tsr"))) == 2)
        await scene.later(1)

    assert before == [0, 0, 0]
    report = scene.report()
    assert report.holds, report.faults
    assert dict(report.kinds)["anc"] == 2
    size = report.anchors[0].size
    assert {(one.size, one.index) for one in report.anchors} == {(size, size), (size, size + 1)}


async def test_nobody_is_asked_twice_within_ten_minutes(scene):
    """Not by a reservation that changes, not at the end, and not by a guard that is started again and again."""
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1, 0])
        await reserve(scene, b"User-agent: *\n")
        await scene.later(60)
        await scene.later(60)
    for _ in range(3):
        async with scene.running():
            await scene.later(60)

    assert scene.asked[:2] == [1, 1]


async def reserve(scene: Scene, robots: bytes) -> None:
    digest = await scene.recorder.blob(robots)
    document = reservation_record.Document(path="/robots.txt", sha256=digest, media_type="text/plain")
    reserved = reservation_record.ReservationSet(site="photo.example", documents=(document,), headers=())
    await scene.recorder.append(reservation_record.reservation(at=AT, reserved=reserved))


async def test_a_reservation_that_changes_is_stamped_soon(scene):
    """From when on it held is what a dispute is about."""
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1, 0])
        await scene.later(700)
        assert scene.asked == [1, 1, 0]
        await reserve(scene, b"User-agent: *\nDisallow: /\n")
        await scene.later(1)
        await scene.later(6)
        await until(lambda: scene.asked == [2, 2, 0])


async def test_a_verified_crawler_that_comes_after_a_quiet_hour_is_stamped_soon(scene):
    """Between what times it came is then known to minutes; those that follow it at once, or name nobody, wait."""
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1, 0])
        await scene.later(700)
        await scene.recorder.append(request_leaf(grade="D"))
        await scene.later(1)
        await scene.later(6)
        claimed = list(scene.asked)
        await scene.recorder.append(request_leaf(grade="B"))
        await scene.later(1)
        await scene.later(6)
        await until(lambda: scene.asked == [2, 2, 0])
        await scene.later(700)
        await scene.recorder.append(request_leaf(grade="B"))
        await scene.later(1)
        await scene.later(6)
        followed = list(scene.asked)

    assert claimed == [1, 1, 0]
    assert followed == [2, 2, 0]


async def test_it_is_asked_once_an_hour_and_only_if_there_is_news(scene):
    """The record of a token is no news, else there would be no end."""
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1, 0])
        await scene.later(3700)
        await scene.later(3700)
        quiet = scene.asked
        await scene.recorder.append(request_leaf())
        await scene.later(1)
        await until(lambda: scene.asked == [2, 2, 0])

    assert quiet == [1, 1, 0]


async def test_the_last_records_are_stamped_at_the_end(scene):
    """A guard that is not started again leaves nothing open."""
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1, 0])
        await scene.recorder.append(request_leaf())
        await scene.later(1000)

    assert scene.asked == [2, 2, 0]
    report = scene.report()
    assert report.anchors[-1].size > next(iter(report.anchors)).size
    assert report.records - report.anchors[-1].size <= 3  # the two tokens, and the clock perhaps


BROKEN = {"refuses": lambda _: (500, {}, b""), "asks to wait": lambda _: (429, {"Retry-After": "7200"}, b"")}


@pytest.mark.parametrize("kind", BROKEN)
async def test_where_one_fails_another_stands_in(scene, kind):
    """There are still two clocks over the head."""
    scene.servers[0].reply = BROKEN[kind]
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1, 1])
        await until(lambda: len(list((scene.root / "log/anchors").glob("*.tsr"))) == 2)

    assert scene.report().holds
    assert load(scene.root / "guard/anchors.json").asked[scene.servers[0].url].failures == 1


async def test_while_nobody_answers_it_is_tried_less_and_less_and_one_token_covers_all_afterwards(scene):
    """Fault 31: ten minutes, twenty, forty; records go on meanwhile, and it is told how long it has been."""
    good = [one.reply for one in scene.servers]
    started = scene.clock.now
    asked: list[int] = []

    def refuse(_query: bytes) -> tuple[int, dict[str, str], bytes]:
        asked.append(round(scene.clock.now - started))
        return 500, {}, b""

    for one in scene.servers:
        one.reply = refuse
    async with scene.running():
        await scene.later(6)
        await until(lambda: len(asked) == 3)
        for _ in range(16):
            await scene.recorder.append(request_leaf())
            scene.clock.now += 300
            await asyncio.sleep(0.15)
        told = scene.unanchored()
        for one, reply in zip(scene.servers, good, strict=True):
            one.reply = reply
        await scene.later(3600)
        await until(lambda: len(list((scene.root / "log/anchors").glob("*.tsr"))) == 2)
        await scene.later(1)
        afterwards = scene.unanchored()

    assert asked == [6] * 3 + [606] * 3 + [1806] * 3 + [4206] * 3
    assert 4800 <= told <= 4900
    assert afterwards == 0
    report = scene.report()
    assert len(report.anchors) == 2
    assert report.anchors[0].size >= 18


async def test_who_asks_to_be_left_alone_is(scene):
    """For as long as it says."""
    scene.servers[0].reply = BROKEN["asks to wait"]
    scene.servers.pop()
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1, 1])
        for _ in range(4):
            scene.clock.now += 1700
            await asyncio.sleep(0.1)
        before = scene.asked[0]
        # Afterwards: news that is stamped before the time has passed is none after it.
        scene.clock.now += 3700
        await scene.recorder.append(request_leaf())
        await until(lambda: scene.asked[0] == 2)

    assert before == 1


async def test_an_anchor_that_the_recorder_can_not_take_is_recorded_later(scene):
    """The token is on the disk; only its record waits."""
    calls = []
    real = scene.recorder.append

    async def away(leaf: bytes) -> int:
        calls.append(leaf)
        if len(calls) < 4:
            raise RecorderUnavailableError("away")
        return await real(leaf)

    scene.recorder.append = away
    async with scene.running():
        await scene.later(6)
        await until(lambda: len(calls) >= 5)
        await scene.later(1)

    assert dict(scene.report().kinds)["anc"] == 2
    assert scene.report().holds


async def test_a_slow_authority_does_not_hold_up_the_end(scene):
    """Patience at the end is bounded; the records are stamped at the next start."""
    for one in scene.servers:
        one.reply = lambda _: time.sleep(20) or b""
    scene.servers[:] = scene.servers[:1]
    async with scene.running():
        await scene.later(6)
        await until(lambda: scene.asked == [1])
        started = time.monotonic()

    assert time.monotonic() - started < 2 * PACE.ending + 1
