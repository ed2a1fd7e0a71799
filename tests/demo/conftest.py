"""A small site on the loopback that notes how it was asked, and answers by user agent where a test says so."""

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from guard.demo.clients import Errand


def picture(side: int = 40, shade: int = 90, kind: str = "JPEG") -> bytes:
    """Return the bytes of a small picture."""
    out = io.BytesIO()
    Image.new("RGB", (side, side * 2 // 3), (shade, 120, 160)).save(out, kind)
    return out.getvalue()


ALBUM = b"""<!doctype html><title>Dunes</title><link rel="stylesheet" href="/style.css">
<meta property="og:image" content="https://photo.example/dunes/cover.jpg">
<a href="one.jpg"><img src="one-small.jpg" alt=""></a>
<p style="height:9000px">far enough that a lazy picture waits</p>
<a href="two.jpg"><img src="two-small.jpg" loading="lazy" alt=""></a>
<a href="https://elsewhere.example/x.jpg">elsewhere</a>"""

FILES = {
    "/robots.txt": ("text/plain", b"User-agent: Scrapy\nDisallow: /\n\nUser-agent: *\nAllow: /\n"),
    "/": (
        "text/html",
        b'<!doctype html><title>Home</title><a href="/dunes/"><img src="/dunes/one-small.jpg" alt=""></a>',
    ),
    "/dunes/": ("text/html", ALBUM),
    "/style.css": ("text/css", b"img { border: 0 }"),
    "/dunes/cover.jpg": ("image/jpeg", picture(60, 10)),
    "/dunes/one.jpg": ("image/jpeg", picture(200, 20)),
    "/dunes/two.jpg": ("image/jpeg", picture(200, 30)),
    "/dunes/one-small.jpg": ("image/jpeg", picture(40, 20)),
    "/dunes/two-small.jpg": ("image/jpeg", picture(40, 30)),
}

Reply = tuple[int, str, bytes]


@dataclass
class Asked:
    """One request as it arrived."""

    path: str
    headers: list[tuple[str, str]]

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


@dataclass
class Site:
    """The running site: where it is, what it was asked, and how it answers instead of with its files."""

    address: str
    asked: list[Asked] = field(default_factory=list)
    answer: Callable[[str, str], Reply | None] = lambda *_: None
    reserved: bool = True
    files = FILES
    picture = staticmethod(picture)

    @property
    def errand(self) -> Errand:
        return Errand(address=self.address, known=("/dunes/one.jpg", "/dunes/two.jpg"))

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]


@contextmanager
def running_site() -> Iterator[Site]:
    """Serve `FILES` on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append(Asked(self.path, self.headers.items()))
            reply = site.answer(self.path, self.headers.get("User-Agent", ""))
            if reply is None:
                content_type, body = FILES.get(self.path, ("", b""))
                reply = (200 if content_type else 404, content_type or "text/plain", body)
            status, content_type, body = reply
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            if site.reserved:
                self.send_header("X-Robots-Tag", "noai, noimageai")
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                self.close_connection = True

        def log_message(self, *args: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = Site(address=f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as running:
        yield running
