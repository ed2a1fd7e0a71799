"""Whoever wants to keep others out, by many connections or by slow ones, does not: people are served meanwhile."""

import contextlib
import resource
import signal
import socket
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import Upstreams
from tests.support.http import CHROME, ask, connect, head
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES

FEW_FILES = 192


class Trickling:
    """An upstream that sends the head of its answer byte by byte."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]
        self._ended = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self._ended.set()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            for byte in b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 10_000:
                if self._ended.wait(0.2):
                    return
                connection.sendall(bytes([byte]))


@pytest.fixture(scope="module")
def trickling() -> Iterator[Trickling]:
    """Start it."""
    upstream = Trickling()
    yield upstream
    upstream.stop()


@pytest.fixture(scope="module")
def flooded(
    upstreams: Upstreams, trickling: Trickling, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningGuard]:
    """Start a guard, and let this process open as many files as the flood takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    running = RunningGuard(
        tmp_path_factory.mktemp("flooded"),
        {
            "sites": [
                {"host": "photo.example", "upstream": upstreams.good},
                {"host": "trickling.example", "upstream": f"http://127.0.0.1:{trickling.port}"},
            ],
            "rules": PATIENT,
            "access_log": "off",
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def people_are_served(guard: RunningGuard) -> bool:
    """Tell whether five people get a picture, one after the other."""
    return all(ask(guard.port, "/thumb.jpg", agent=CHROME).body == PICTURES["/thumb.jpg"] for _ in range(5))


def mib(guard: RunningGuard) -> float:
    worker = guard.children()["guard.server.worker"]
    return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def test_five_thousand_connections_that_say_nothing_keep_nobody_out(flooded: RunningGuard):
    """Or as many as this process may open; they cost some kilobytes each."""
    count = min(5000, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 200)
    before = mib(flooded)
    with contextlib.ExitStack() as opened:
        for _ in range(count):
            opened.enter_context(connect(flooded.port, 30))

        assert people_are_served(flooded)
        assert mib(flooded) - before < 16 + count * 10 / 1024


def test_heads_that_never_end_keep_nobody_out(flooded: RunningGuard):
    """Each goes on by a line now and then."""
    with contextlib.ExitStack() as opened:
        slow = [opened.enter_context(connect(flooded.port, 30)) for _ in range(300)]
        for turn in range(3):
            for one in slow:
                one.sendall(b"GET / HTTP/1.1\r\nHost: photo.example\r\n" if not turn else b"X-More: 1\r\n")

        assert people_are_served(flooded)


def test_bodies_that_never_end_keep_nobody_out(flooded: RunningGuard):
    """A hundred uploads, of which a byte comes now and then."""
    with contextlib.ExitStack() as opened:
        slow = [opened.enter_context(connect(flooded.port, 30)) for _ in range(100)]
        for one in slow:
            one.sendall(head("/upload", "Content-Length: 100000", method="POST"))
        for one in slow:
            one.sendall(b"a")

        assert people_are_served(flooded)


def test_a_flood_of_headers_costs_no_memory_that_stays(flooded: RunningGuard):
    """Ninety heads of a hundred kilobytes at once, that are not finished; and as many lines as one likes."""
    before = mib(flooded)
    with contextlib.ExitStack() as opened:
        for _ in range(90):
            one = opened.enter_context(connect(flooded.port, 30))
            with contextlib.suppress(OSError):
                one.sendall(b"GET / HTTP/1.1\r\nHost: photo.example\r\nX-Large: " + b"x" * 100_000)
        served = people_are_served(flooded)
        grown = mib(flooded) - before
    many = ask(flooded.port, "/thumb.jpg", *(f"X-{number}: 1" for number in range(5000)))

    assert served
    assert grown < 64
    assert many.status == 400


def test_clients_that_take_nothing_cost_little_each(flooded: RunningGuard):
    """Four hundred who ask for forty megabytes and read a byte a second (see test_slow_readers)."""
    before = mib(flooded)
    with contextlib.ExitStack() as opened:
        slow = []
        for _ in range(400):
            one = opened.enter_context(socket.socket())
            one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            one.connect(("127.0.0.1", flooded.port))
            one.sendall(head("/large?megabytes=40"))
            slow.append(one)
        for _ in range(2):
            time.sleep(1)
            for one in slow:
                one.settimeout(30)
                one.recv(1)

        assert people_are_served(flooded)
        assert mib(flooded) - before < 120


def test_an_upstream_that_sends_byte_by_byte_keeps_only_its_own_visitors_waiting(flooded: RunningGuard):
    """Fifty of them wait; another site's are served."""
    with contextlib.ExitStack() as opened:
        for _ in range(50):
            opened.enter_context(connect(flooded.port, 30)).sendall(head("/", host="trickling.example"))
        wait_until(lambda: open_requests(flooded) >= 50 or None, 30)

        assert people_are_served(flooded)


def open_requests(guard: RunningGuard) -> float:
    with urllib.request.urlopen(guard.admin + "/metrics", timeout=30) as response:
        text = response.read().decode()
    return float(next(line.split()[1] for line in text.splitlines() if line.startswith("guard_requests_open ")))


def test_when_files_run_out_the_silent_go_first(upstreams: Upstreams, tmp_path: Path):
    """Of a guard that may open 192 files, 400 connections are wanted; both people and the metrics are answered."""
    guard = RunningGuard(tmp_path, {"sites": [{"host": "photo.example", "upstream": upstreams.good}], "rules": PATIENT})
    worker = guard.children()["guard.server.worker"]
    resource.prlimit(guard.process.pid, resource.RLIMIT_NOFILE, (FEW_FILES, FEW_FILES))
    try:
        guard.process.send_signal(signal.SIGHUP)  # new workers, with the supervisor's limit
        wait_until(lambda: any("was loaded" in line for line in guard.said) or None, 60)
        wait_until(lambda: guard.children()["guard.server.worker"] != worker or None, 30)
        time.sleep(1)
        with contextlib.ExitStack() as opened:
            for _ in range(400):
                opened.enter_context(connect(guard.port, 30))
            served = people_are_served(guard)
        with urllib.request.urlopen(guard.admin + "/metrics", timeout=30) as response:
            text = response.read().decode()
    finally:
        status = guard.stop()

    assert served
    assert status == 0
    cut = next(float(line.split()[1]) for line in text.splitlines() if 'connections_cut_total{why="no_room"}' in line)
    assert cut > 200


def test_an_upstream_that_comes_and_goes_leaves_no_answer_half(upstreams: Upstreams, tmp_path: Path):
    """Each visitor gets a whole page or an honest 502, and with the upstream back everybody is served."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    guard = RunningGuard(tmp_path, {"sites": [{"host": "photo.example", "upstream": f"http://127.0.0.1:{port}"}]})
    answers: list[tuple[int, bool]] = []
    ended = threading.Event()

    def visit() -> None:
        while not ended.is_set():
            reply = ask(guard.port, "/page.html")
            answers.append((reply.status, reply.whole))

    def serve(server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                with connection:
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")

    visitors = [threading.Thread(target=visit) for _ in range(3)]
    for one in visitors:
        one.start()
    try:
        for _ in range(5):
            with socket.create_server(("127.0.0.1", port)) as server:
                threading.Thread(target=serve, args=(server,), daemon=True).start()
                time.sleep(0.3)
                server.shutdown(socket.SHUT_RDWR)
            time.sleep(0.3)
        with socket.create_server(("127.0.0.1", port)) as server:
            threading.Thread(target=serve, args=(server,), daemon=True).start()
            ended.set()
            for one in visitors:
                one.join(30)
            after = ask(guard.port, "/page.html")
            server.shutdown(socket.SHUT_RDWR)
    finally:
        ended.set()
        guard.stop()

    assert set(answers) == {(200, True), (502, True)}
    assert (after.status, after.body) == (200, b"ok")
