"""What breaks under load breaks as the README says: people are served, and nothing that was acknowledged is lost."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import Upstreams
from tests.support.evidence import of_kind
from tests.support.http import CHROME, GPTBOT, ask
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.told import BELIEVED, Crowd, Found, Told

FREQUENT = {"id": "assistants-preview", "when": {"purpose": "ai_assistant"}, "action": "preview"}
"""Without the limit of the shipped policy: here an assistant asks as often as it can."""


def site(upstreams: Upstreams) -> list[dict[str, str]]:
    return [{"host": "photo.example", "upstream": upstreams.good}]


class Harmed:
    """A guard that is asked from all sides while something happens to it."""

    def __init__(self, guard: RunningGuard) -> None:
        self.guard = guard
        self.told = Told()

    def while_asked(self, harm: Callable[[], None], seconds: float = 1.0) -> None:
        """Let visitors ask before, during and after `harm`."""
        crowd = Crowd(self.guard.port, self.told)
        try:
            time.sleep(seconds)
            harm()
            time.sleep(seconds)
        finally:
            crowd.end()

    def found(self) -> Found:
        assert self.guard.stop() == 0, "".join(self.guard.said)
        return self.told.against(self.guard.evidence)


@pytest.fixture
def harmed(upstreams: Upstreams, tmp_path: Path) -> Iterator[Callable[..., Harmed]]:
    """Start guards that a test may harm."""
    started: list[RunningGuard] = []

    def start(**settings: Any) -> Harmed:
        guard = RunningGuard(
            tmp_path,
            {
                "workers": 2,
                "sites": site(upstreams),
                "rules": [*PATIENT, FREQUENT],
                "access_log": "off",
                **BELIEVED,
                **settings,
            },
        )
        started.append(guard)
        return Harmed(guard)

    yield start
    for guard in started:
        guard.stop()


def restarted(guard: RunningGuard, module: str) -> None:
    """Kill one process that runs this module, and wait until there is another."""
    pid = guard.children()[module]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: any("starting it again" in line for line in guard.said) or None, 30)
    wait_until(lambda: guard.children().get(module, pid) != pid or None, 30)


def test_a_recorder_killed_under_load_loses_no_acknowledged_record(harmed: Callable[..., Harmed]):
    """People are all served; each refusal that has no record is in a gap; each preview was on record before."""
    under = harmed()
    under.while_asked(lambda: restarted(under.guard, "guard.server.recorder"))
    found = under.found()

    assert set(under.told.statuses["person"]) == {200}
    assert set(under.told.statuses["training"]) == {403}
    assert set(under.told.statuses["assistant"]) <= {200, 503}
    assert found.nothing_lost, found
    assert under.told.previews


def test_a_worker_killed_under_load_loses_no_acknowledged_record(harmed: Callable[..., Harmed]):
    """Only what it was answering breaks off; the other one serves meanwhile."""
    under = harmed()
    under.while_asked(lambda: restarted(under.guard, "guard.server.worker"))
    found = under.found()

    people = under.told.statuses["person"]
    assert set(people) <= {0, 200}
    assert people[0] <= 4  # two of them ask, and may each meet it twice
    assert found.nothing_lost, found
    assert (found.unknown, found.unrecorded_previews) == (0, 0)


def test_while_a_worker_is_away_the_others_answer_whoever_comes(upstreams: Upstreams, tmp_path: Path):
    """A worker that crashes again and again is started again after a pause; what waits at its socket does not wait."""
    guard = RunningGuard(tmp_path, {"workers": 2, "sites": site(upstreams), "rules": PATIENT, "access_log": "off"})
    try:
        stays, crashes = sorted(guard.workers())
        for crash in range(4):
            os.kill(crashes, signal.SIGKILL)
            wait_until(lambda: sum("starting it again" in one for one in guard.said) > crash or None, 30)  # noqa: B023
            if crash < 3:
                (crashes,) = wait_until(lambda: guard.workers() - {stays, crashes} or None, 30)  # noqa: B023
        statuses = [ask(guard.port, "/thumb.jpg").status for _ in range(40)]
        meanwhile = guard.workers()
        wait_until(lambda: len(guard.workers()) == 2 or None, 30)
    finally:
        guard.stop()

    assert "in 5.0 s" in next(one for one in reversed(guard.said) if "starting it again" in one)
    assert statuses == [200] * 40
    assert meanwhile == {stays}


def test_a_reload_under_load_loses_nothing(harmed: Callable[..., Harmed]):
    """Not a visitor notices, and every code on a card finds its record."""
    under = harmed()

    def reload() -> None:
        under.guard.process.send_signal(signal.SIGHUP)
        wait_until(lambda: any("was loaded" in line for line in under.guard.said) or None, 60)

    under.while_asked(reload)
    found = under.found()

    assert set(under.told.statuses["person"]) == {200}
    assert set(under.told.statuses["training"]) == {403}
    assert found.nothing_lost, found
    assert (found.unknown, found.admitted) == (0, 0)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of three megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting is not allowed here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_is_open_for_people_and_closed_for_crawlers(harmed: Callable[..., Harmed], small_disk: Path):
    """People and search engines get everything, training crawlers 403, assistants 503; afterwards the log says so."""
    under = harmed(evidence={"directory": str(small_disk / "evidence")})
    under.guard.evidence = small_disk / "evidence"
    ballast = small_disk / "ballast"
    during = Told()

    def fill() -> None:
        with ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(4096))
            except OSError:
                pass
        wait_until(lambda: (ask(under.guard.port, "/original.jpg", agent="ChatGPT-User/1.0").status == 503) or None, 30)
        crowd = Crowd(under.guard.port, during)
        time.sleep(1.5)
        crowd.end()
        ballast.unlink()
        wait_until(lambda: (ask(under.guard.port, "/original.jpg", agent="ChatGPT-User/1.0").status == 200) or None, 30)

    under.while_asked(fill, 0.5)
    found = under.found()

    assert {who: set(counts) for who, counts in during.statuses.items()} == {
        "person": {200}, "search": {200}, "training": {403}, "assistant": {503},
    }  # fmt: skip
    assert set(under.told.statuses["person"]) == {200}
    assert set(under.told.statuses["search"]) == {200}
    assert set(under.told.statuses["training"]) == {403}
    assert found.nothing_lost, found
    assert found.admitted > 0


def test_a_clock_that_jumps_stops_nobody_and_is_on_record(
    upstreams: Upstreams, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A day back, then a year ahead, while visitors ask: served as ever, and the log holds and names both jumps."""
    offset = tmp_path / "offset"
    offset.write_text("+0")
    preload = subprocess.run(
        ["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    for name, value in (
        ("LD_PRELOAD", preload), ("FAKETIME_TIMESTAMP_FILE", str(offset)), ("FAKETIME_CACHE_DURATION", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"), ("DONT_FAKE_MONOTONIC", "1"),
    ):  # fmt: skip
        monkeypatch.setenv(name, value)
    guard = RunningGuard(
        tmp_path,
        {"sites": [{"host": "photo.example", "upstream": upstreams.good}], "rules": [*PATIENT, FREQUENT], **BELIEVED},
        60,
    )
    monkeypatch.undo()
    under = Harmed(guard)

    def jump() -> None:
        for to in ("-1d", "+365d"):
            offset.write_text(to)
            time.sleep(3)

    try:
        under.while_asked(jump)
        found = under.found()
    finally:
        guard.stop()

    assert set(under.told.statuses["person"]) == {200}
    assert set(under.told.statuses["training"]) == {403}
    assert found.nothing_lost, found
    looks = of_kind(guard.evidence, "clk")
    assert [one.fields["why"] for one in looks].count("step") >= 2, [one.fields for one in looks]


def test_a_worker_without_memory_goes_on(upstreams: Upstreams, tmp_path: Path):
    """What can not be answered is an honest error; the worker does not end, and serves when there is memory again."""
    guard = RunningGuard(
        tmp_path,
        {"sites": [{"host": "photo.example", "upstream": upstreams.good}], "rules": [*PATIENT, FREQUENT], **BELIEVED},
    )
    worker = guard.children()["guard.server.worker"]
    pages = int(Path(f"/proc/{worker}/statm").read_text().split()[0])
    limit = pages * os.sysconf("SC_PAGE_SIZE") + (8 << 20)
    try:
        subprocess.run(["prlimit", f"--pid={worker}", f"--as={limit}:unlimited"], check=True)
        told = Told()
        crowd = Crowd(guard.port, told, 0)
        for _ in range(10):
            for path, agent in (("/large?megabytes=40", CHROME), ("/original.jpg", GPTBOT)):
                with suppress(OSError):
                    ask(guard.port, path, agent=agent)
        crowd.end()
        subprocess.run(["prlimit", f"--pid={worker}", "--as=unlimited:unlimited"], check=True)
        after = [ask(guard.port, "/thumb.jpg").status for _ in range(5)]
        same = guard.children()["guard.server.worker"]
    finally:
        guard.stop()

    assert after == [200] * 5
    assert same == worker
    assert 200 in told.statuses["person"]
    assert 200 not in told.statuses["training"]
