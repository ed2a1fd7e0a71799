"""A configuration is read anew while visitors are served, and none of them notices."""

import contextlib
import http.client
import json
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.cli.evidence import verify_directory
from guard.server.reload import carried_over
from guard.settings import from_upstream
from tests.server.conftest import Upstreams
from tests.support.http import GPTBOT, ask, connect, head, read_reply
from tests.support.running import PATIENT, RunningGuard, wait_until


@pytest.fixture
def own_guard(request: pytest.FixtureRequest, upstreams: Upstreams, tmp_path: Path) -> Iterator[RunningGuard]:
    """Start a guard whose configuration a test may change."""
    settings = {
        "workers": 2,
        "sites": [{"host": "photo.example", "upstream": upstreams.good}],
        "rules": PATIENT,
        "fast_lane": getattr(request, "param", False),
    }
    running = RunningGuard(tmp_path, settings)
    yield running
    running.stop()


BOTH_LANES = pytest.mark.parametrize("own_guard", [False, True], indirect=True, ids=["full lane", "fast lane"])


def rewrite(guard: RunningGuard, **changes: Any) -> None:
    settings = json.loads(guard.file.read_text())
    guard.file.write_text(json.dumps({**settings, **changes}))


def reload(guard: RunningGuard, words: str) -> None:
    before = len(guard.said)
    guard.process.send_signal(signal.SIGHUP)
    wait_until(lambda: any(words in line for line in guard.said[before:]) or None, 40, lambda: "".join(guard.said))


class Load:
    """Visitors with one connection for each request, and visitors who keep theirs and ask often, or seldom."""

    def __init__(self, port: int) -> None:
        self.answers: list[int] = []
        self.failed: list[str] = []
        self._port = port
        self._ended = threading.Event()
        pauses = (0.01, 0.01, 0.7, 1.9, 2.3, 2.6, 3.1)
        self._threads = [threading.Thread(target=self._anew) for _ in range(2)]
        self._threads += [threading.Thread(target=self._kept, args=(pause,)) for pause in pauses]
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(20)

    def _anew(self) -> None:
        while not self._ended.is_set():
            try:
                reply = ask(self._port, "/thumb.jpg")
                self.answers.append(reply.status if reply.whole else 0)
            except OSError as error:
                self.failed.append(repr(error))
            time.sleep(0.01)

    def _kept(self, pause: float) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        while not self._ended.is_set():
            try:
                connection.request("GET", "/thumb.jpg", headers={"Host": "photo.example"})
                answer = connection.getresponse()
                answer.read()
                self.answers.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                self.failed.append(repr(error))
                connection.close()
            self._ended.wait(pause)
        connection.close()


@BOTH_LANES
def test_a_new_rule_is_in_force_and_no_request_fails(own_guard: RunningGuard):
    """Two reloads under load, over new connections and over some that are used again after seconds: each is told with
    an answer that it ends. The log holds afterwards."""
    before = ask(own_guard.port, "/display.jpg", agent=GPTBOT)
    load = Load(own_guard.port)
    rewrite(own_guard, rules=[{"id": "open-day", "when": {"purpose": "ai_training"}, "action": "allow"}, *PATIENT])
    reload(own_guard, "configuration was loaded")
    time.sleep(4)
    after = ask(own_guard.port, "/display.jpg", agent=GPTBOT)
    reload(own_guard, "configuration was loaded")
    time.sleep(4)
    load.end()

    assert (before.status, after.status) == (403, 200)
    assert load.failed == []
    assert set(load.answers) == {200}
    assert len(load.answers) > 100
    assert own_guard.stop() == 0
    assert verify_directory(own_guard.evidence).holds


def test_a_file_with_a_fault_changes_nothing_and_is_told(own_guard: RunningGuard):
    """With its place; the workers are the same ones."""
    workers = own_guard.children()["guard.server.worker"]
    rewrite(own_guard, polcy="strict")

    reload(own_guard, "what was in force stays in force")

    assert any("did you mean 'policy'?" in line for line in own_guard.said)
    assert ask(own_guard.port, "/display.jpg", agent=GPTBOT).status == 403
    assert own_guard.children()["guard.server.worker"] == workers


def test_a_site_can_be_added(own_guard: RunningGuard, upstreams: Upstreams):
    """With its own count of pictures; those of the others are kept."""
    sites = [
        {"host": "photo.example", "upstream": upstreams.good},
        {"host": "second.example", "upstream": upstreams.good},
    ]
    rewrite(own_guard, sites=sites)
    reload(own_guard, "configuration was loaded")

    ask(own_guard.port, "/thumb.jpg", host="second.example")

    assert own_guard.line_for("/thumb.jpg", site="second.example")["status"] == 200


def test_what_takes_a_new_start_is_said():
    """Sockets, the log and the number of processes stay; the rest is taken."""
    running = from_upstream("http://127.0.0.1:1", environ={"HOME": "/nowhere"})
    read = from_upstream("http://127.0.0.1:2", "127.0.0.1:9", environ={"HOME": "/nowhere"})

    settings, said = carried_over(running, read)

    assert settings.listen == running.listen
    assert settings.sites == read.sites
    assert said == ("listen has changed; that takes a new start",)


def test_workers_that_do_not_come_up_leave_the_old_ones(own_guard: RunningGuard):
    """Here the file is right, and what it names can not be used by a worker."""
    (own_guard.directory / "log").mkdir()
    rewrite(own_guard, access_log=str(own_guard.directory / "log"))

    reload(own_guard, "what was in force stays in force")

    assert any("the new worker 0 did not start" in line for line in own_guard.said)
    assert ask(own_guard.port, "/thumb.jpg").status == 200


def test_whoever_keeps_a_connection_open_is_answered_once_more(own_guard: RunningGuard):
    """The old worker says that the connection ends with this answer, instead of closing it in the middle of asking."""
    connection = http.client.HTTPConnection("127.0.0.1", own_guard.port, timeout=10)

    def ask_again() -> tuple[int, str | None]:
        connection.request("GET", "/thumb.jpg", headers={"Host": "photo.example"})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.getheader("Connection")

    before = ask_again()
    connection.auto_open = 0  # a connection that was closed is not opened anew
    reload(own_guard, "configuration was loaded")
    time.sleep(0.3)
    after = ask_again()
    connection.close()

    assert before == (200, None)
    assert after == (200, "close")


def test_a_stop_does_not_wait_for_whoever_keeps_a_connection_open(own_guard: RunningGuard):
    """Also where a worker that was replaced waits for it to be used once more."""
    with connect(own_guard.port) as connection:
        connection.sendall(head("/thumb.jpg", close=False))
        read_reply(connection)
        reload(own_guard, "configuration was loaded")
        began = time.monotonic()

        assert own_guard.stop() == 0
    assert time.monotonic() - began < 10


def test_reloads_one_after_the_other_leave_no_crowd_of_workers(own_guard: RunningGuard):
    """Two generations may wait for connections that are kept open; the one before them closes its own."""
    with contextlib.ExitStack() as opened:
        for _ in range(5):
            for _ in range(4):  # of both workers
                connection = opened.enter_context(connect(own_guard.port))
                connection.sendall(head("/thumb.jpg", close=False))
                read_reply(connection)
            reload(own_guard, "configuration was loaded")
        wait_until(lambda: len(own_guard.workers()) <= 6 or None, 30, lambda: str(own_guard.workers()))

        assert len(own_guard.workers()) > 2
