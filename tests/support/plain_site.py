"""A small web site whose every answer a test sets while it runs."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class PlainSite:
    """Answers by path, or by host and path where that is set; what is not there is 404."""

    url: str = ""
    answers: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)
    asked: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    """Method, target and header fields (lower case) of every request."""

    def put(self, path: str, body: bytes | str, media_type: str = "text/plain", status: int = 200, **more: str) -> None:
        """Answer `path` so from now on; `more` are header fields with _ for -."""
        lines = {name.replace("_", "-"): value for name, value in more.items()}
        data = body if isinstance(body, bytes) else body.encode()
        self.answers[path] = (status, {"Content-Type": media_type, **lines}, data)


@contextmanager
def plain_site() -> Iterator[PlainSite]:
    """Serve on a port of 127.0.0.1 until the end of the block."""
    site = PlainSite()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            site.asked.append((self.command, self.path, {k.lower(): v for k, v in self.headers.items()}))
            path = self.path.partition("?")[0]
            common = site.answers.get(path, (404, {}, b"nothing here"))
            status, lines, body = site.answers.get(f"{self.headers.get('Host', '')}{path}", common)
            part = self.headers.get("Range", "")
            if status == 200 and part.startswith("bytes=") and body:
                first, _, last = part[6:].partition("-")
                whole, body = len(body), body[int(first) : int(last or len(body)) + 1]
                lines = {**lines, "Content-Range": f"bytes {first}-{int(first) + len(body) - 1}/{whole}"}
                status = 206
            if status == 200 and lines.get("ETag") and self.headers.get("If-None-Match") == lines["ETag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in lines.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
