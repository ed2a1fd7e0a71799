"""Pictures that break decoders, for a client that may have them only under a mark.

The worst that may happen is a preview: never the file itself, whatever is wrong with it, with the worker that
decodes it, or with the disk.
"""

import io
import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from PIL import Image

from guard.image.sniff import dimensions
from tests.support.http import Reply, ask
from tests.support.pictures import bomb, encoded, photograph, scenery
from tests.support.programs import need
from tests.support.running import RunningGuard, wait_until

AGENT = "python-requests/2.32.3"
FILM = b"\0\0\0\x18ftypmp42" + bytes(5000)


@cache
def picture() -> Image.Image:
    return scenery(960, 640)


@cache
def plain() -> bytes:
    return encoded(picture(), "JPEG", quality=88)


def by(program: str, *options: str) -> bytes:
    """Have a JPEG encoded, or coded anew, by a program of libjpeg-turbo."""
    source = plain() if program == "jpegtran" else encoded(picture(), "PPM")
    return subprocess.run([need(program), *options], input=source, capture_output=True, check=True).stdout


def patched(marker: int, precision: int = 8) -> bytes:
    """Return the plain JPEG under another frame header (T.81, table B.1)."""
    data = bytearray(plain())
    at = data.index(b"\xff\xc0\x00")
    data[at + 1], data[at + 4] = marker, precision
    return bytes(data)


def several(family: str) -> bytes:
    out = io.BytesIO()
    picture().save(out, family, save_all=True, append_images=[scenery(960, 640, seed=2)])
    return out.getvalue()


def clear() -> Image.Image:
    image = picture().convert("RGBA")
    image.putalpha(Image.linear_gradient("L").resize(image.size))
    return image


def flat(width: int, height: int) -> bytes:
    return encoded(Image.linear_gradient("L").resize((width, height)), "JPEG", quality=80)


PICTURES = {
    "marked": {
        "plain": plain,
        "odd-sizes": lambda: encoded(scenery(961, 643), "JPEG"),
        "4-4-4": lambda: encoded(picture(), "JPEG", subsampling=0),
        "4-2-2": lambda: encoded(picture(), "JPEG", subsampling=1),
        "4-4-0": lambda: by("cjpeg", "-sample", "1x2"),
        "4-1-1": lambda: by("cjpeg", "-sample", "4x1"),
        "progressive": lambda: by("jpegtran", "-progressive"),
        "restart-markers": lambda: by("jpegtran", "-restart", "7B"),
        "grey": lambda: encoded(picture().convert("L"), "JPEG"),
        "trailing-bytes": lambda: plain() + b"x" * 5000,
        "motion-photo": lambda: photograph(960, 640) + FILM,
        "mpo": lambda: several("MPO"),
        "large-profile": lambda: encoded(picture(), "JPEG", icc_profile=os.urandom(150_000)),
        "broken-exif": lambda: encoded(picture(), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\0\0"),
        "30000-wide": lambda: flat(30_000, 600),
        "animated-gif": lambda: several("GIF"),
        "animated-webp": lambda: several("WEBP"),
        "animated-png": lambda: several("PNG"),
        "transparent": lambda: encoded(clear(), "PNG"),
    },
    "preview": {
        "one-pixel": lambda: encoded(picture().resize((1, 1)), "PNG"),
        "small": lambda: encoded(picture().resize((150, 900)), "PNG"),
        "100-megapixels": lambda: flat(10_000, 10_000),
        "four-inks": lambda: encoded(picture().convert("CMYK"), "JPEG"),
        "sixteen-bits": lambda: encoded(Image.linear_gradient("L").resize((960, 640)).convert("I;16"), "PNG"),
    },
    "refused": {
        "truncated-jpeg": lambda: plain()[:-3000],
        "truncated-png": lambda: encoded(picture(), "PNG")[:-3000],
        "truncated-webp": lambda: encoded(picture(), "WEBP")[:-3000],
        "head-alone": lambda: plain()[:700],
        "arithmetic": lambda: by("jpegtran", "-arithmetic"),
        "12-bit": lambda: patched(0xC1, precision=12),
        "lossless": lambda: patched(0xC3),
        "bomb": bomb,
        "more-than-100-megapixels": lambda: bomb(10_100),
        "no-picture": lambda: b"\xff\xd8\xff" + b"\0" * 4000,
    },
}  # fmt: skip


class Gallery(ThreadingHTTPServer):
    """An upstream whose files a test can change."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.files: dict[str, bytes] = {}
        self.tags = True
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: Gallery

    def do_GET(self) -> None:
        body = self.server.files[self.path]
        tag = f'"{hash(body) & 0xFFFFFFFF:x}"' if self.server.tags else ""
        known = bool(tag) and self.headers.get("If-None-Match") == tag
        self.send_response(304 if known else 200)
        self.send_header("Content-Type", "image/jpeg")
        if tag:
            self.send_header("ETag", tag)
        if not known:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not known:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def gallery() -> Iterator[Gallery]:
    served = Gallery()
    yield served
    served.stop()


def start(gallery: Gallery, folder: Path) -> RunningGuard:
    return RunningGuard(
        folder,
        {
            "sites": [{"host": "photo.example", "upstream": f"http://127.0.0.1:{gallery.server_port}"}],
            "timeouts": {"connect": 5, "read": 20, "drain": 5},
            "rules": [{"id": "marked", "when": {"kind": ["thumbnail", "image", "original"]}, "action": "mark"}],
        },
    )


@pytest.fixture(scope="module")
def guard(gallery: Gallery, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    running = start(gallery, tmp_path_factory.mktemp("guard"))
    yield running
    assert running.stop() == 0, "".join(running.said)


def outcome(reply: Reply, data: bytes, path: str) -> str:
    """Say what came, after making sure that it was not the file."""
    assert data not in reply.body or len(data) < 100, f"{path} was sent as it is"
    if reply.status != 200:
        assert reply.status in (403, 503), f"{path}: {reply.status}"
        return "refused"
    with Image.open(io.BytesIO(reply.body)) as image:
        image.load()
        assert getattr(image, "n_frames", 1) == 1
        if image.format == "JPEG" and image.size == size(data):
            return "marked" if max(image.size) > 640 else "preview"
        assert max(image.size) <= 640
        return "preview"


def size(data: bytes) -> tuple[int, int]:
    """Return width and height without minding how large they are."""
    return dimensions(data) or (0, 0)


@pytest.mark.parametrize(
    ("name", "wanted"), [(name, wanted) for wanted, pictures in PICTURES.items() for name in pictures]
)
def test_the_worst_that_may_happen_is_a_preview(guard: RunningGuard, gallery: Gallery, name: str, wanted: str):
    """First and later, whatever the file is; what can be marked is, and what nobody can decode is refused."""
    path = f"/{name}"
    data = gallery.files[path] = PICTURES[wanted][name]()

    first = outcome(ask(guard.port, path, agent=AGENT), data, path)

    assert first == ("refused" if wanted == "refused" else "preview")
    if wanted == "marked":
        wait_until(lambda: outcome(ask(guard.port, path, agent=AGENT), data, path) == "marked" or None, 30)
        assert guard.line_for(path, rendition="marked")
    else:
        time.sleep(0.3)
        assert outcome(ask(guard.port, path, agent=AGENT), data, path) == wanted


@pytest.mark.parametrize("tags", [True, False], ids=["with entity tags", "without"])
def test_a_file_that_changes_under_its_url_is_never_mixed_up(guard: RunningGuard, gallery: Gallery, tags: bool):
    """The content decides: a copy of what was there before is not sent, and the new one not as it is."""
    path, gallery.tags = f"/changing-{tags}", tags
    before, after = (encoded(scenery(960, 640, seed=seed), "JPEG", quality=85 + tags) for seed in (5, 6))
    gallery.files[path] = before
    marked = wait_until(
        lambda: reply if outcome(reply := ask(guard.port, path, agent=AGENT), before, path) == "marked" else None, 30
    )
    gallery.files[path] = after

    replies = [ask(guard.port, path, ("If-None-Match", marked.get("ETag")), agent=AGENT)]
    assert outcome(replies[0], after, path) == "preview"
    wait_until(lambda: outcome(ask(guard.port, path, agent=AGENT), after, path) == "marked" or None, 30)
    gallery.tags = True


def test_a_worker_that_is_killed_in_the_middle_leaves_a_preview_or_nothing(guard: RunningGuard, gallery: Gallery):
    """The next ones are made by new processes, and marked ones follow."""
    paths = [f"/killed-{number}" for number in range(4)]
    for number, path in enumerate(paths):
        gallery.files[path] = encoded(scenery(960, 640, seed=20 + number), "JPEG", quality=88)
    killed: list[int] = []
    killer = threading.Thread(target=kill_workers, args=(guard, killed))
    killer.start()
    while killer.is_alive():
        for path in paths:
            outcome(ask(guard.port, path, agent=AGENT), gallery.files[path], path)
    killer.join()

    assert len(killed) == KILLED
    fresh = gallery.files["/afterwards"] = encoded(scenery(960, 640, seed=40), "JPEG", quality=88)
    wait_until(
        lambda: outcome(ask(guard.port, "/afterwards", agent=AGENT), fresh, "/afterwards") == "marked" or None, 60
    )


KILLED = 5


def kill_workers(guard: RunningGuard, killed: list[int]) -> None:
    """Kill the next image workers of a guard, one after the other."""
    worker = guard.children()["guard.server.worker"]
    while len(killed) < KILLED:
        time.sleep(0.02)
        for entry in Path("/proc").iterdir():
            try:
                parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
                if parent == worker and b"guard.server.image_worker" in (entry / "cmdline").read_bytes():
                    os.kill(int(entry.name), signal.SIGKILL)
                    killed.append(int(entry.name))
                    break
            except (OSError, ValueError, IndexError):
                continue


def test_a_full_disk_costs_no_more_than_the_cache(gallery: Gallery, tmp_path: Path):
    """No pack can be written, and none is lost: copies are made of what is in memory."""
    running = start(gallery, tmp_path)
    packs = running.evidence / "guard" / "marks" / "packs"
    for number in range(256):
        # A file where a folder should be fails as a full disk does.
        (packs / f"{number:02x}").write_bytes(b"")
    gallery.files["/full"] = data = plain()

    wait_until(lambda: outcome(ask(running.port, "/full", agent=AGENT), data, "/full") == "marked" or None, 30)
    again = ask(running.port, "/full", agent=AGENT)

    assert outcome(again, data, "/full") == "marked"
    assert running.stop() == 0, "".join(running.said)
    assert not list(packs.glob("*/*"))
