"""Pictures that bypass a real guard, and a real cache that hands out others' copies, are found."""

import asyncio
import http.server
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.cli.doctor import Finding, Health
from guard.cli.doctor_site import look
from guard.settings import load_settings
from tests.support.http import ask
from tests.support.programs import need
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES


def free_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return int(unused.getsockname()[1])


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Start a gallery of two pages: one with its own pictures, one with most of them elsewhere."""
    pages = {
        "/": '<img src="/display.jpg"><img src="thumb.jpg">',
        "/elsewhere": '<img src="https://cdn.example/1.jpg"><img src="https://cdn.example/2.jpg">'
        '<img src="/display.jpg"><img src="http://127.0.0.1:8080/3.jpg">',
        "/words": "<p>No picture.</p>",
    }

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path, "").encode() or PICTURES.get(self.path, b"")
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "image/jpeg" if self.path in PICTURES else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def front() -> int:
    return free_port()


@pytest.fixture(scope="module")
def guard(site: str, front: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard whose public address is that of a server in front."""
    running = RunningGuard(
        tmp_path_factory.mktemp("doctor"),
        {
            "sites": [{"host": "photo.example", "upstream": site, "public_url": f"http://127.0.0.1:{front}"}],
            "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
            "rules": PATIENT,
        },
    )
    yield running
    running.stop()


def findings(guard: RunningGuard, page: str, *, online: bool = False) -> list[Finding]:
    settings = load_settings(guard.file, {"HOME": "/nowhere"}, {})

    async def collect() -> list[Finding]:
        return [one async for one in look(settings, guard.url, page, online=online)]

    return asyncio.run(collect())


def test_pictures_of_another_host_bypass_the_guard(guard: RunningGuard):
    """Also those of the site's own machine on another port; how many they are is said."""
    (found,) = findings(guard, "/elsewhere")

    assert found.health is Health.PROBLEM
    assert found.sentence.startswith("75% of the pictures of /elsewhere bypass the guard")
    assert "cdn.example (2)" in found.sentence


@pytest.mark.parametrize(
    ("page", "health"), [("/", Health.WELL), ("/words", Health.UNKNOWN), ("/missing", Health.UNKNOWN)]
)
def test_a_page_without_fault_is_not_complained_of(guard: RunningGuard, page: str, health: Health):
    """And one without pictures says nothing."""
    assert [one.health for one in findings(guard, page)] == [health]


class Nginx:
    """A real nginx in front of the guard."""

    def __init__(self, folder: Path, port: int, guard: str, inside: str) -> None:
        (folder / "nginx.conf").write_text(
            f"""daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; user root;
            events {{}}
            http {{ access_log off; proxy_cache_path {folder}/cache keys_zone=c:1m;
              client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
              uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
              server {{ listen 127.0.0.1:{port};
                location / {{ proxy_pass {guard}; proxy_set_header Host photo.example; {inside} }} }} }}"""
        )
        self._process = subprocess.Popen(
            [need("nginx"), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")],
            stderr=subprocess.DEVNULL,
        )
        wait_until(lambda: _answers(port), 20, (folder / "error.log").read_text)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)


def _answers(port: int) -> bool | None:
    try:
        return ask(port, "/words").status == 200 or None
    except OSError:
        return None


def test_a_cache_that_hands_out_others_copies_is_found(guard: RunningGuard, front: int, tmp_path: Path):
    """It was told to store whatever comes; a front server that stores nothing is not complained of."""
    careless = "proxy_cache c; proxy_cache_valid 200 10m; proxy_ignore_headers Cache-Control Expires Vary; "
    server = Nginx(tmp_path, front, guard.url, careless)
    try:
        bad = findings(guard, "/", online=True)
    finally:
        server.stop()
    (tmp_path / "clean").mkdir()
    server = Nginx(tmp_path / "clean", front, guard.url, "")
    try:
        good = findings(guard, "/", online=True)
    finally:
        server.stop()

    assert [one.what.split(" ")[0] for one in bad] == ["pictures", "robots.txt", "cache"]
    assert bad[2].health is Health.PROBLEM
    assert "hands out others' copies" in bad[2].sentence
    assert [one.health for one in good] == [Health.WELL] * 3, good


def test_a_robots_txt_that_is_not_ours_is_found(guard: RunningGuard, front: int, tmp_path: Path):
    """A front server that answers by itself takes the reservation away."""
    inside = "if ($uri = /robots.txt) { return 200 'User-agent: *\\nAllow: /\\n'; } "
    server = Nginx(tmp_path, front, guard.url, inside)
    try:
        found = findings(guard, "/", online=True)
    finally:
        server.stop()

    assert found[1].health is Health.PROBLEM
    assert "another one" in found[1].sentence
