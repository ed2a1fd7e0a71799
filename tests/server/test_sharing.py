"""Two real guards and one Valkey: one allowance, and each goes on alone while that is away."""

import asyncio
import http.client
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guard.cli.running import ask, where
from guard.errors import StoreAwayError
from guard.exporter.metrics import Metrics
from guard.server.sharing import AGAIN, EVERY, Part
from tests.server.conftest import Upstreams
from tests.support.clusters import SECRET, ValkeyServer
from tests.support.running import PATIENT, RunningGuard, wait_until

LIMITED = {
    "id": "mine",
    "when": {"path": "/"},
    "action": "allow",
    "limit": {"requests": 12, "per": "hour"},
}


def get(guard: RunningGuard) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", guard.port, timeout=30)
    connection.request("GET", "/a.html", headers={"Host": "photo.example", "User-Agent": "curl/8.5"})
    status = connection.getresponse().status
    connection.close()
    return status


def status(guard: RunningGuard) -> tuple[int, str]:
    ended = subprocess.run(
        [sys.executable, "-m", "guard", "status", "-c", str(guard.file)], capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout


@pytest.fixture
def two(tmp_path: Path, upstreams: Upstreams, valkey: ValkeyServer):
    """Two guards before one site."""
    guards = []
    for number in range(2):
        folder = tmp_path / str(number)
        folder.mkdir()
        configuration = {
            "sites": [{"host": "*", "upstream": upstreams.good}],
            "admin": f"unix:{folder}/admin.sock",
            "rules": [LIMITED, *PATIENT],
            "cluster": {"valkey": {"url": valkey.url, "secret": SECRET, "guards": 2}},
        }
        guards.append(RunningGuard(folder, configuration))
    yield guards
    for guard in guards:
        guard.stop()


def cluster(guard: RunningGuard) -> dict[str, bool]:
    """Return which parts the guard says are there."""
    found = re.findall(r'^guard_cluster_up\{part="(\w+)"\} (\S+)$', ask(where(guard.file), "/metrics"), re.MULTILINE)
    return {part: float(value) > 0 for part, value in found}


def test_two_guards_give_one_allowance_and_say_when_they_are_alone(two: list[RunningGuard], valkey: ValkeyServer):
    """Whichever is asked; no request fails when the store is killed, and it is taken up again by itself."""
    everything = {"clients": True, "limits": True}
    for guard in two:
        wait_until(lambda guard=guard: cluster(guard) == everything or None, 30)
    answers = []
    for number in range(20):
        answers.append(get(two[number % 2]))
        time.sleep(0.05)
    shared = [words for _, words in map(status, two)]
    valkey.kill()
    for guard in two:
        wait_until(lambda guard=guard: not any(cluster(guard).values()) or None, 30)
    alone = [get(guard) for guard in two]
    said = [status(guard) for guard in two]
    valkey.start()
    for guard in two:
        wait_until(lambda guard=guard: cluster(guard) == everything or None, 30)

    assert 12 <= answers.count(200) <= 12 + 2  # the allowance, and what was under way
    assert answers.count(200) + answers.count(429) == 20
    assert all("cluster   clients, limits shared" in words for words in shared)
    assert set(alone) == {429}
    for code, words in said:
        assert code == 1
        assert "clients, limits: away (see below)" in words
        assert "this guard gives its share" in words


async def test_a_part_that_is_away_is_told_once_and_asked_again(capsys: pytest.CaptureFixture[str]):
    """And told again when it is back; a look that takes long is followed by a longer rest."""
    answers = [StoreAwayError("Valkey does not answer: no"), StoreAwayError("the same"), None, None]

    async def look() -> None:
        if (answer := answers.pop(0)) is not None:
            raise answer
        await asyncio.sleep(0.1 if not answers else 0)

    part = Part(("it is away", "it is back"), look, Metrics().cluster_part("clients"))
    rests = [await part.once() for _ in range(4)]

    assert rests[:2] == [AGAIN, AGAIN]
    assert rests[2] == pytest.approx(EVERY, abs=0.1)
    assert rests[3] >= 0.9
    assert capsys.readouterr().err.splitlines() == [
        "guard: cluster: it is away: Valkey does not answer: no",
        "guard: cluster: it is back",
    ]


@pytest.mark.parametrize("module", ["guard.server.worker", "guard.server.supervisor", "guard.server.recorder"])
def test_a_guard_by_itself_loads_no_client_library(module: str):
    """It needs none of them, and does not wait for them when it starts."""
    code = f"import sys, {module}; sys.exit(any(name in sys.modules for name in ('redis', 'asyncpg', 'boto3')))"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
