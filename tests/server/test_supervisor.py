"""Processes that end are started again, a stop lets answers end, and nothing acknowledged is lost."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard.cli.evidence import verify_directory
from tests.server.conftest import Upstreams
from tests.support.anchors import believer
from tests.support.authority import Authority, serving
from tests.support.http import CHROME, GPTBOT, Reply, ask, connect, head, read_reply
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES


@pytest.fixture
def own_guard(upstreams: Upstreams, tmp_path: Path) -> Iterator[RunningGuard]:
    """Start a guard that a test may harm."""
    running = RunningGuard(
        tmp_path, {"sites": [{"host": "photo.example", "upstream": upstreams.good}], "rules": PATIENT}
    )
    yield running
    running.stop()


def kill(guard: RunningGuard, module: str) -> None:
    pid = guard.children()[module]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: guard.children().get(module, pid) != pid or None, 20)


def answered(port: int, target: str, **options: str) -> Reply | None:
    try:
        reply = ask(port, target, **options)  # type: ignore[arg-type]
    except OSError:
        return None
    return reply if reply.status else None


def test_a_worker_that_is_killed_is_started_again(own_guard: RunningGuard):
    """Its socket stays open meanwhile, so that a request which comes in between is answered late, not refused."""
    kill(own_guard, "guard.server.worker")

    reply = wait_until(lambda: answered(own_guard.port, "/thumb.jpg"), 20)

    assert reply.body == PICTURES["/thumb.jpg"]
    assert any("starting it again" in line for line in own_guard.said)


def test_a_recorder_that_is_killed_loses_nothing_that_was_acknowledged(own_guard: RunningGuard):
    """People are served meanwhile; what could not be recorded is counted in a gap record."""
    for _ in range(5):
        ask(own_guard.port, "/original.jpg", agent=GPTBOT)
    pid = own_guard.children()["guard.server.recorder"]
    os.kill(pid, signal.SIGKILL)
    during = ask(own_guard.port, "/thumb.jpg", agent=CHROME)
    refused = ask(own_guard.port, "/thumb.jpg", agent=GPTBOT)
    wait_until(lambda: own_guard.children().get("guard.server.recorder", pid) != pid or None, 20)
    for _ in range(5):
        ask(own_guard.port, "/original.jpg", agent=GPTBOT)

    assert (during.status, refused.status) == (200, 403)
    assert own_guard.stop() == 0
    report = verify_directory(own_guard.evidence)
    assert report.holds, report
    assert dict(report.kinds)["req"] >= 10


def test_without_a_recorder_an_assistant_is_not_served_and_a_search_engine_is(own_guard: RunningGuard):
    """What is not on record is not handed out, but search traffic is never lost."""
    os.kill(own_guard.children()["guard.server.recorder"], signal.SIGSTOP)

    assistant = ask(own_guard.port, "/display.jpg", agent="ChatGPT-User/1.0")
    search = ask(own_guard.port, "/display.jpg", agent="Googlebot-Image/1.0")
    person = ask(own_guard.port, "/display.jpg")
    os.kill(own_guard.children()["guard.server.recorder"], signal.SIGCONT)

    assert (assistant.status, search.status, person.status) == (503, 200, 200)
    assert assistant.get("Retry-After")


def test_a_stop_lets_an_answer_end(own_guard: RunningGuard):
    """SIGTERM in the middle of a slow answer: the client still gets all of it."""
    replies: list[Reply] = []
    with connect(own_guard.port) as connection:
        connection.sendall(head("/slow?seconds=1.5"))
        reading = threading.Thread(target=lambda: replies.append(read_reply(connection)))
        reading.start()
        wait_until(lambda: b"guard_requests_open 1.0" in metrics(own_guard) or None, 30)
        status = own_guard.stop()
        reading.join(10)

    assert (status, replies[0].body) == (0, b"late")


def metrics(guard: RunningGuard) -> bytes:
    with urllib.request.urlopen(guard.admin + "/metrics") as response:
        return response.read()  # type: ignore[no-any-return]


def test_several_workers_share_the_port_and_the_log(upstreams: Upstreams, tmp_path: Path):
    """Two workers, one recorder, one count in the metrics."""
    guard = RunningGuard(tmp_path, {"workers": 2, "sites": [{"host": "photo.example", "upstream": upstreams.good}]})
    try:
        for _ in range(40):
            assert ask(guard.port, "/original.jpg", agent=GPTBOT).status == 403
        wait_until(
            lambda: (
                b'guard_requests_total{action="refuse",kind="unknown",purpose="ai_training",site="photo.example"} 40.0'
                in metrics(guard)
                or None
            ),
            5,
            lambda: metrics(guard).decode(),
        )
    finally:
        assert guard.stop() == 0
    report = verify_directory(guard.evidence)
    assert report.holds
    kinds = dict(report.kinds)
    assert (kinds["req"], kinds["end"]) == (40, 40)


def test_a_unix_socket_can_be_listened_on(upstreams: Upstreams, tmp_path: Path):
    """For a front server on the same machine, whose word about the client is believed only if that is said."""
    path = f"/tmp/guard-{os.getpid()}.sock"
    guard = RunningGuard(
        tmp_path,
        {
            "listen": f"unix:{path}",
            "client_ip": {"from": "x-forwarded-for", "trusted": ["unix"]},
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
        },
    )
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(path)
            connection.sendall(head("/echo", ("X-Forwarded-For", "192.0.2.5")))
            seen = json.loads(read_reply(connection).body)
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o660
    finally:
        assert guard.stop() == 0

    assert ["X-Real-IP", "192.0.2.5"] in seen["headers"]
    assert not Path(path).exists()


def test_health_and_metrics_are_answered_on_the_admin_listener_only(own_guard: RunningGuard):
    """On the public side these paths belong to the site."""
    with urllib.request.urlopen(own_guard.admin + "/readyz") as response:
        assert response.read() == b"ready\n"
    assert b"# TYPE guard_decision_seconds histogram" in metrics(own_guard)
    assert json.loads(ask(own_guard.port, "/metrics").body)["target"] == "/metrics"


def start(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guard", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, **environment},
    )


def test_an_address_in_use_is_told_with_the_next_step(upstreams: Upstreams, tmp_path: Path):
    """One line, no traceback, exit status 2."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = start("--upstream", upstreams.good, "--listen", address, XDG_STATE_HOME=str(tmp_path))

    assert ended.returncode == 2
    assert f"can not listen on {address}" in ended.stderr
    assert "--listen" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_second_guard_on_the_same_evidence_is_refused(own_guard: RunningGuard, upstreams: Upstreams, tmp_path: Path):
    """Two writers would fork the log."""
    file = tmp_path / "second.yaml"
    file.write_text(
        json.dumps(
            {
                "listen": "127.0.0.1:0",
                "admin": "off",
                "evidence": {"directory": str(own_guard.evidence)},
                "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            }
        )
    )

    ended = start("-c", str(file))

    assert ended.returncode == 1
    assert str(own_guard.evidence) in ended.stderr
    assert "Traceback" not in ended.stderr


def test_faults_in_the_configuration_are_told_before_anything_starts(tmp_path: Path):
    """All of them, with their places."""
    file = tmp_path / "guard.yaml"
    file.write_text("sites:\n  - host: photo.example\n    upstrem: http://127.0.0.1:1\nlisten: nowhere\n")

    ended = start("-c", str(file))

    assert ended.returncode == 1
    assert f"{file}:3:5" in ended.stderr
    assert f"{file}:4" in ended.stderr


def test_no_file_and_no_upstream_says_what_to_do(tmp_path: Path):
    """The first thing that a newcomer meets."""
    ended = subprocess.run(
        [sys.executable, "-m", "guard", "serve"], capture_output=True, text=True, cwd=tmp_path, check=False, timeout=60
    )

    assert ended.returncode == 2
    assert "guard serve --upstream" in ended.stderr


def test_a_guard_that_is_stopped_has_its_last_records_stamped(upstreams: Upstreams, tmp_path: Path):
    """By the authority that the owner named; another one is slow, and then answers with nothing."""
    good = Authority(name="Good")
    (tmp_path / "ca.pem").write_bytes(good.root.pem)
    with serving(good.reply) as server, serving(lambda _: time.sleep(2) or b"") as slow:
        stamps = [{"url": one.url, "ca": str(tmp_path / "ca.pem")} for one in (server, slow)]
        running = RunningGuard(
            tmp_path,
            {
                "sites": [{"host": "photo.example", "upstream": upstreams.good}],
                "rules": PATIENT,
                "evidence": {"directory": str(tmp_path / "evidence"), "time_stamps": stamps},
            },
        )
        try:
            reply = ask(running.port, "/original.jpg", agent=GPTBOT)
            status = running.stop()
        finally:
            running.stop()

    assert reply.status == 403
    assert status == 0
    report = verify_directory(running.evidence, believe=believer(good))
    assert report.holds, report.faults
    (anchor,) = report.anchors
    kinds = dict(report.kinds)
    assert (kinds["anc"], kinds["end"]) == (1, 1)
    assert anchor.index == anchor.size == report.records - 1
