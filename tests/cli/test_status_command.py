"""Commands reach the guard that runs: its state, a pause, a new configuration, a digest."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.http import GPTBOT, ask
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import Servers


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard and let GPTBot come."""
    folder = tmp_path_factory.mktemp("operated")
    servers = Servers()
    good, _ = servers.start(str(folder / "unix.sock"))
    guard = RunningGuard(
        folder,
        {
            "admin": f"unix:{folder / 'admin.sock'}",
            "sites": [{"host": "photo.example", "upstream": good}],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "rules": PATIENT,
        },
    )
    for _ in range(3):
        ask(guard.port, "/display.jpg", agent=GPTBOT)
    yield guard
    guard.stop()
    servers.stop()


def run(guard: RunningGuard, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guard", *arguments, "-c", str(guard.file)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_state_is_shown_and_nothing_needs_attention(running: RunningGuard):
    """Over a unix socket here; what crawlers asked for is there after some seconds."""

    def shown() -> subprocess.CompletedProcess[str] | None:
        ended = run(running, "status", "--pictures")
        return ended if "GPTBot" in ended.stdout and "/display.jpg" in ended.stdout else None

    ended = wait_until(shown, 40)

    assert ended.returncode == 0, ended.stdout
    assert "photo.example" in ended.stdout
    said = json.loads(run(running, "status", "--json").stdout)
    assert said["today"]["crawlers"][0]["asked"] == 3
    assert [one for one in said["concerns"] if one["urgent"]] == []


def test_a_pause_lets_everything_pass_and_ends(running: RunningGuard):
    """What the rule would have done is noted."""
    before = ask(running.port, "/display.jpg", agent=GPTBOT).status
    paused = run(running, "pause", "1h")
    during = ask(running.port, "/display.jpg", agent=GPTBOT).status
    because = running.line_for("/display.jpg", status=200)["because"]
    ended = run(running, "pause", "off")
    after = ask(running.port, "/display.jpg", agent=GPTBOT).status

    assert (before, during, after) == (403, 200, 403)
    assert (paused.returncode, ended.returncode) == (0, 0)
    assert because == "paused by the owner; rule training-refused would refuse"


@pytest.mark.parametrize("text", ["1", "0h", "8d", "1h30m", "-1h", "forever"])
def test_what_is_no_time_is_told(running: RunningGuard, text: str):
    """Exit status 2, and how to say it."""
    ended = run(running, "pause", "--", text) if text.startswith("-") else run(running, "pause", text)

    assert ended.returncode == 2
    if not text.startswith("-"):
        assert "say 30m, 1h or 2d" in ended.stderr


def test_a_configuration_with_a_fault_is_shown_and_not_loaded(running: RunningGuard):
    """The guard is not even asked; afterwards a right one is loaded."""
    right = running.file.read_text()
    running.file.write_text(right.replace('"sites"', '"sties"'))
    wrong = run(running, "reload")
    running.file.write_text(right)
    good = run(running, "reload")

    assert wrong.returncode == 1
    assert "did you mean 'sites'?" in wrong.stderr
    assert good.returncode == 0
    assert good.stderr.endswith("guard: the configuration was loaded\n")
    assert any("the configuration was loaded" in line for line in running.said)


def test_the_digest_is_printed(running: RunningGuard):
    """Of the days so far."""
    ended = run(running, "notify", "--print", "--days", "1")

    assert ended.returncode == 0
    assert "GPTBot asked for" in ended.stdout
    assert run(running, "notify").returncode == 2


def test_a_guard_that_does_not_run_is_told(tmp_path: Path):
    """Exit status 1 and one sentence."""
    file = tmp_path / "guard.yaml"
    file.write_text('admin: "127.0.0.1:9"\nsites: [{host: photo.example, upstream: "http://127.0.0.1:1"}]\n')

    ended = subprocess.run(
        [sys.executable, "-m", "guard", "status", "-c", str(file)], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 1
    assert "no guard answers at 127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stderr
