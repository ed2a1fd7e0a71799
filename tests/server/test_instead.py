"""Whoever does not get the upstream's own picture never gets it by accident."""

import contextlib
import io
import re
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from guard.server.families import MOST_FOR_ONE
from tests.support.http import CHROME, GOOGLEBOT_IMAGE, Reply, ask, connect, head, read_reply
from tests.support.pictures import encoded, scenery
from tests.support.running import RunningGuard, wait_until

PICTURE, SECOND, THIRD = (encoded(scenery(1200, 800, seed=seed), "JPEG", quality=88) for seed in (1, 2, 3))
SMALL = encoded(scenery(600, 400), "JPEG", quality=88)
INK, SMALL_INK = (encoded(scenery(*size).convert("CMYK"), "JPEG") for size in ((1200, 800), (600, 400)))
UNREADABLE = b"\x00\x00\x00\x0cjP  \r\n\x87\n" + b"x" * 4000  # JPEG 2000, which no decoder here reads
PARTS = b"\r\n".join(
    (
        b"--b",
        b"Content-Type: image/jpeg",
        b"Content-Range: bytes 0-2999/%d" % len(PICTURE),
        b"",
        PICTURE[:3000],
        b"--b--",
    )
)

ANSWERS: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "/plain": (200, PICTURE, {"Content-Type": "image/jpeg"}),
    "/203": (203, SECOND, {"Content-Type": "image/jpeg"}),
    "/whole-206": (
        206, THIRD, {"Content-Type": "image/jpeg", "Content-Range": f"bytes 0-{len(THIRD) - 1}/{len(THIRD)}"}
    ),
    "/part-206": (
        206, PICTURE[:3000], {"Content-Type": "image/jpeg", "Content-Range": f"bytes 0-2999/{len(PICTURE)}"}
    ),
    "/parts-206": (206, PARTS, {"Content-Type": "multipart/byteranges; boundary=b"}),
    "/small": (200, SMALL, {"Content-Type": "image/jpeg"}),
    "/ink": (200, INK, {"Content-Type": "image/jpeg"}),
    "/small-ink": (200, SMALL_INK, {"Content-Type": "image/jpeg"}),
    "/unreadable": (200, UNREADABLE, {"Content-Type": "image/jp2"}),
    "/error": (404, b"no such picture", {"Content-Type": "text/plain"}),
}  # fmt: skip


def resized(target: str) -> tuple[int, bytes, dict[str, str]]:
    """Answer like a site that resizes on demand."""
    width = int(target.rpartition("w=")[2])
    return 200, encoded(scenery(width, width * 2 // 3, seed=4), "JPEG"), {"Content-Type": "image/jpeg"}


LARGE = 60 << 20
ENOUGH = threading.Event()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if "/slow/" in self.path:
            self.send_response(200)
            self.send_header("Content-Type", "image/jpeg")
            self.send_header("Content-Length", str(LARGE))
            self.end_headers()
            self.wfile.write(PICTURE)
            ENOUGH.wait(20)
            return
        if "/resized/" in self.path:
            ANSWERS["/" + self.path.rpartition("/")[2].partition("?")[0]] = resized(self.path)
        status, body, lines = ANSWERS["/" + self.path.partition("?")[0].rpartition("/")[2]]
        self.send_response(status)
        for name, value in lines.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    pictures = {"kind": ["image", "original"]}
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [{"host": "photo.example", "upstream": f"http://127.0.0.1:{server.server_port}"}],
            "timeouts": {"connect": 5, "read": 20, "drain": 5},
            "images": {"display_side": 1600, "preview_side": 640, "thumbnail_side": 320},
            "rules": [
                {"id": "thumbs", "when": {**pictures, "path": "/thumb/"}, "action": "preview", "size": "thumbnail"},
                {"id": "shown", "when": {**pictures, "path": "/display/", "purpose": ["browser", "search_engine",
                 "http_library"]}, "action": "preview", "size": "display"},
                {"id": "standin", "when": {**pictures, "path": "/standin/"}, "action": "mark", "size": "display"},
                {"id": "marked", "when": pictures, "action": "mark"},
            ],
        },
    )  # fmt: skip
    yield running
    assert running.stop() == 0, "".join(running.said)
    server.shutdown()
    server.server_close()


LIBRARY = "python-requests/2.32.3"


def longest(reply: Reply) -> int:
    """Return the longest side of the picture that came."""
    with Image.open(io.BytesIO(reply.body)) as picture:
        picture.load()
        return max(picture.size)


@pytest.mark.parametrize("path", ["/plain", "/203", "/whole-206"])
def test_whatever_the_upstream_calls_a_whole_picture_is_marked(guard: RunningGuard, path: str):
    """200, "not authoritative" (203), or a part (206) that is all of it: first a small one, then a copy."""
    first = ask(guard.port, f"{path}?{path}", agent=LIBRARY)

    assert (first.status, longest(first) <= 640) == (200, True)

    def copy() -> Reply | None:
        reply = ask(guard.port, f"{path}?{path}", agent=LIBRARY)
        return reply if longest(reply) == 1200 else None

    reply = wait_until(copy, 20)
    assert reply.status == 200
    assert reply.get("content-range") == ""
    assert reply.body not in (PICTURE, SECOND, THIRD)


@pytest.mark.parametrize("path", ["/part-206", "/parts-206"])
def test_a_part_that_nobody_asked_for_is_withheld(guard: RunningGuard, path: str):
    """It can be neither marked nor made smaller. A person gets it."""
    reply = ask(guard.port, path, agent=LIBRARY)

    assert reply.status == 503
    assert PICTURE[200:400] not in reply.body
    assert ask(guard.port, f"/display{path}", agent=CHROME).status == 206


@pytest.mark.parametrize(
    ("path", "size"), [("/ink", 640), ("/small-ink", 320), ("/standin/ink", 640), ("/standin/small-ink", 320)]
)
def test_a_stand_in_for_a_marked_copy_is_smaller_than_the_picture(guard: RunningGuard, path: str, size: int):
    """Nobody under `mark` gets all the pixels without it, whatever size the rule names; four inks are never marked."""
    reply = ask(guard.port, path, agent=LIBRARY)

    assert longest(reply) == size
    assert guard.line_for(path)["rendition"] == ("preview" if size == 640 else "thumbnail")


def test_what_nobody_can_read_is_refused_with_a_picture(guard: RunningGuard):
    """To whoever collects; trying again would not help. A person, and a search engine by its name, get it."""
    for path in ("/unreadable", "/display/unreadable"):
        refused = ask(guard.port, path, ("Accept", "image/*"), agent=LIBRARY)
        assert (refused.status, refused.get("Content-Type")) == (403, "image/jpeg")
        assert refused.get("Guard-Reference")
    for agent in (CHROME, GOOGLEBOT_IMAGE):
        assert ask(guard.port, "/display/unreadable", agent=agent).body == UNREADABLE


def test_an_error_stays_what_it_is(guard: RunningGuard):
    """There is no picture in it."""
    assert (reply := ask(guard.port, "/error", agent=LIBRARY)).status == 404
    assert reply.body == b"no such picture"


def test_a_rule_may_give_the_size_of_a_thumbnail(guard: RunningGuard):
    """By path and purpose; what is not larger stays as it is."""
    thumbnail = ask(guard.port, "/thumb/plain", agent=LIBRARY)

    assert longest(thumbnail) == 320
    assert guard.line_for("/thumb/plain")["rendition"] == "thumbnail"
    assert ask(guard.port, "/display/small", agent=LIBRARY).body == SMALL


def test_enumerated_sizes_are_not_all_prepared(guard: RunningGuard):
    """A few sizes of one picture come under the client's mark, the others small; what is prepared stays."""

    def marked(width: int) -> bool:
        reply = ask(guard.port, f"/resized/one?w={width}", agent=LIBRARY)
        return longest(reply) == width

    for width in range(700, 700 + MOST_FOR_ONE):
        wait_until(lambda width=width: marked(width) or None, 20)
    further = range(710, 714)
    for width in further:
        assert not marked(width)
    time.sleep(1)

    assert not any(marked(width) for width in further)
    assert all(marked(width) for width in range(700, 700 + MOST_FOR_ONE))
    assert longest(ask(guard.port, "/display/resized/one?w=720", agent=CHROME)) == 720


def test_what_there_is_no_memory_for_is_withheld(guard: RunningGuard):
    """Four pictures that come slowly fill it; a fifth gets 503, not the file. People are not kept waiting by them."""
    with contextlib.ExitStack() as opened:
        withheld, tries = None, 0
        while withheld is None and tries < 8:
            connection = opened.enter_context(connect(guard.port, timeout=1.5))
            connection.sendall(head(f"/slow/{tries}", agent=LIBRARY))
            with contextlib.suppress(TimeoutError):
                withheld = read_reply(connection)
            tries += 1
        person = ask(guard.port, "/display/small", agent=CHROME)
        ENOUGH.set()

    assert withheld is not None
    assert (withheld.status, tries) == (503, 5)
    assert withheld.get("Retry-After")
    assert person.body == SMALL
    metrics = ask(int(guard.admin.rpartition(":")[2]), "/metrics").body.decode()
    assert re.search(r'guard_marked_copies_total\{.*result="withheld".*\} [1-9]', metrics)
    wait_until(lambda: ask(guard.port, "/plain", agent=LIBRARY).status == 200 or None, 10)
