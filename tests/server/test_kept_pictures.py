"""What was made of a picture is sent again only while the upstream says that its picture is the same."""

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest

from tests.server.test_in_image import rights
from tests.support.http import GPTBOT, Reply, ask
from tests.support.pictures import encoded, scenery
from tests.support.running import PATIENT, RunningGuard

FIRST, SECOND = (encoded(scenery(900, 600, seed=seed), "JPEG", quality=88) for seed in (1, 2))


class Shown(BaseHTTPRequestHandler):
    """Answers with what stands in `files`, and keeps what it was asked and how it answered."""

    files: ClassVar[dict[str, bytes]] = {}
    lines: ClassVar[dict[str, dict[str, str]]] = {}
    """Further lines of the answers at a path; those of 304 at `304 /path`."""
    asked: ClassVar[list[tuple[str, str, int]]] = []
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path
        body = self.files[path]
        tag = self.lines.get(path, {}).get("ETag", f'"{hashlib.sha256(body).hexdigest()[:8]}"')
        condition = self.headers.get("If-None-Match", "")
        same = bool(tag) and tag in condition
        self.asked.append((path, condition, 304 if same else 200))
        self.send_response(304 if same else 200)
        lines = {"ETag": tag, "Cache-Control": "public, max-age=60", "X-Number": str(len(self.asked))}
        lines |= self.lines.get(path, {}) | (self.lines.get(f"304 {path}", {}) if same else {})
        if not same:
            lines |= {"Content-Type": "image/jpeg", "Content-Length": str(len(body))}
        for name, value in lines.items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        if not same and self.command == "GET":
            self.wfile.write(body)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Shown)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [{"host": "photo.example", "upstream": f"http://127.0.0.1:{server.server_port}"}],
            "rights": {"holder": "Jane Doe"},
            "in_image": {},
            "rules": [*PATIENT],
            "workers": 1,
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)
    server.shutdown()
    server.server_close()


def twice(guard: RunningGuard, path: str, body: bytes = FIRST, **lines: dict[str, str]) -> tuple[Reply, Reply]:
    """Show a picture at a path of its own, and ask for it twice."""
    Shown.files[path] = body
    Shown.lines[path] = lines.get("always", {})
    Shown.lines[f"304 {path}"] = lines.get("same", {})
    return ask(guard.port, path), ask(guard.port, path)


def answers(path: str) -> list[int]:
    return [status for asked, _, status in Shown.asked if asked == path]


def test_the_upstream_need_not_send_the_same_picture_again(guard: RunningGuard):
    """The client gets the same bytes, whole, with a head as before and what the 304 says anew."""
    first, again = twice(guard, "/same.jpg")

    assert answers("/same.jpg") == [200, 304]
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body != FIRST
    assert rights(again.body).notice == "© Jane Doe"
    before, after = (
        sorted(line for line in one.lines if line[0] not in ("Date", "X-Number")) for one in (first, again)
    )
    assert before == after
    assert int(again.get("X-Number")) > int(first.get("X-Number"))
    assert again.get("Content-Type") == "image/jpeg"
    assert again.get("Content-Length") == str(len(again.body))


def test_parts_and_conditions_are_those_of_what_was_made(guard: RunningGuard):
    """The upstream is asked each time whether it is still right, and sends nothing."""
    first, _ = twice(guard, "/parts.jpg")
    tag = first.get("ETag")
    part = ask(guard.port, "/parts.jpg", ("Range", "bytes=100-199"))
    rest = ask(guard.port, "/parts.jpg", ("Range", "bytes=100-"), ("If-Range", tag))
    known = ask(guard.port, "/parts.jpg", ("If-None-Match", tag))
    other = ask(guard.port, "/parts.jpg", ("If-None-Match", '"other"'))
    top = ask(guard.port, "/parts.jpg", method="HEAD")

    assert (part.status, part.body) == (206, first.body[100:200])
    assert part.get("Content-Range") == f"bytes 100-199/{len(first.body)}"
    assert (rest.status, rest.body) == (206, first.body[100:])
    assert (known.status, known.body, known.get("ETag")) == (304, b"", tag)
    assert (other.status, other.body) == (200, first.body)
    assert (top.get("ETag"), top.get("Content-Length")) == (tag, first.get("Content-Length"))
    assert answers("/parts.jpg")[:6] == [200, 304, 304, 304, 304, 304]


def test_a_picture_that_has_changed_is_another_one(guard: RunningGuard):
    """From the first request on."""
    first, _ = twice(guard, "/changes.jpg")
    Shown.files["/changes.jpg"] = SECOND
    changed, again = ask(guard.port, "/changes.jpg"), ask(guard.port, "/changes.jpg")

    assert changed.body == again.body != first.body
    assert changed.get("ETag") != first.get("ETag")
    assert answers("/changes.jpg") == [200, 304, 200, 304]


@pytest.mark.parametrize(
    "lines", [{"Cache-Control": "private"}, {"Cache-Control": "max-age=9, no-transform"}, {"ETag": '"another"'}]
)
def test_a_picture_that_is_not_for_everybody_any_more_is_looked_at_again(guard: RunningGuard, lines: dict[str, str]):
    """Also where the upstream says that another one than it was asked about is the same."""
    path = f"/not-{len(Shown.files)}.jpg"
    first, again = twice(guard, path, same=lines)

    assert answers(path) == [200, 304, 200]
    assert again.body == first.body


@pytest.mark.parametrize("tag", ["", 'W/"weak"'], ids=["none", "weak"])
def test_without_a_tag_that_stands_for_bytes_the_picture_is_read_each_time(guard: RunningGuard, tag: str):
    """What a weak one stands for may be other bytes."""
    path = f"/tag-{len(tag)}.jpg"
    first, again = twice(guard, path, always={"ETag": tag})

    assert [status for status in answers(path) if status == 304] == []
    assert again.body == first.body


def test_who_gets_no_picture_still_gets_none(guard: RunningGuard):
    """What was made for others does not change what is decided."""
    twice(guard, "/refused.jpg")
    reply = ask(guard.port, "/refused.jpg", agent=GPTBOT)

    assert reply.status == 403
    assert FIRST[:200] not in reply.body
