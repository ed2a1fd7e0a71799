"""Which requests does a real client send to a gallery?

A gallery of 60 pictures on the loopback that writes down every request head as it came, with what was answered. Used by
`capture_people.py` and `capture_tools.py` to make the files of `tests/core/captures`. HTTP/1.1 with and without
TLS, because browsers send Sec-Fetch and client hints to trustworthy origins only.
"""

import asyncio
import contextlib
import io
import json
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

ALBUMS, PICTURES = 4, 15
HOST = "photo.example"
SIDES = {"thumb": 320, "display": 1600, "original": 3600}
KIND = {"thumb": "thumbnail", "display": "image", "original": "original"}


def picture(side: int, number: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (side, side * 2 // 3), (number * 4, 90, 120)).save(out, "JPEG", quality=20)
    return out.getvalue()


def item(album: int, number: int) -> str:
    name = f"a{album}/p{number:02}.jpg"
    return (
        f'<li><a href="/display/{name}"><img src="/thumb/{name}" srcset="/thumb/{name} 320w, /display/{name} 1600w" '
        f'sizes="320px" loading="lazy" width="320" height="213" style="margin:20px"></a>'
        f'<a class="original" href="/original/{name}">original</a></li>'
    )


def page(body: str) -> bytes:
    links = "".join(f'<a class="album" href="/album-{n}.html">Album {n}</a>' for n in range(ALBUMS))
    return (
        '<!doctype html><meta charset="utf-8"><title>Gallery</title><link rel="stylesheet" href="/style.css">'
        f'<link rel="icon" href="/favicon.ico"><script src="/app.js" defer></script><nav>{links}</nav>{body}'
    ).encode()


@dataclass
class Gallery:
    """The server and what it has seen."""

    referrer_policy: str = ""
    cache: str = "public, max-age=0, must-revalidate"
    seen: list[dict[str, object]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bodies = {side: {} for side in SIDES}
        self.files: dict[str, tuple[str, str, bytes]] = {
            "/style.css": ("other", "text/css", b"li{display:inline-block}"),
            "/app.js": ("other", "text/javascript", b"document.title+='';"),
            "/favicon.ico": ("thumbnail", "image/jpeg", picture(32, 1)),
            "/robots.txt": ("other", "text/plain", b"User-agent: *\nDisallow: /private/\n"),
            "/": ("page", "text/html", page("".join(item(album, 1) for album in range(ALBUMS)))),
        }
        for album in range(ALBUMS):
            items = "".join(item(album, number) for number in range(PICTURES))
            self.files[f"/album-{album}.html"] = ("page", "text/html", page(f"<ul>{items}</ul>"))
            slides = "".join(
                f'<p><img src="/original/a{album}/p{number:02}.jpg" loading="lazy" width="1200" height="800"></p>'
                for number in range(PICTURES)
            )
            self.files[f"/slides-{album}.html"] = ("page", "text/html", page(slides))
            for number in range(PICTURES):
                for name, side in SIDES.items():
                    body = picture(side, album * PICTURES + number)
                    self.files[f"/{name}/a{album}/p{number:02}.jpg"] = (KIND[name], "image/jpeg", body)
        other = "".join(
            f'<p><img src="ORIGIN/display/a{album}/p{number:02}.jpg" loading="lazy" width="900" height="600"></p>'
            for album in range(ALBUMS)
            for number in range(0, PICTURES, 2)
        )
        self.reader = f"<!doctype html><title>Reader</title>{other}".encode()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object") is not None
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ssl.SSLError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if not self.answer(head.decode("latin-1"), writer, tls=tls):
                    break
                await writer.drain()
        with contextlib.suppress(Exception):
            writer.close()

    def answer(self, head: str, writer: asyncio.StreamWriter, *, tls: bool) -> bool:
        first, *rows = head.rstrip("\r\n").split("\r\n")
        method, target, version = first.split(" ")
        lines = [row.split(": ", 1) if ": " in row else [row.rstrip(":"), ""] for row in rows]
        fields = {name.lower(): value for name, value in lines}
        kind, media, body = self.files.get(target.split("?")[0], ("other", "text/plain", b""))
        status = 200 if body else 404
        if fields.get("host", "").startswith("reader.example"):
            origin = f"{'https' if tls else 'http'}://{HOST}:{fields['host'].split(':')[1]}"
            kind, media, body, status = "other", "text/html", self.reader.replace(b"ORIGIN", origin.encode()), 200
        tag = f'"{abs(hash(body)) % 10**8}"'
        if status == 200 and fields.get("if-none-match") == tag:
            status, body = 304, b""
        if not fields.get("host", "").startswith("reader.example"):
            self.seen.append(
                {"at": time.time(), "method": method, "target": target, "version": version[5:], "lines": lines,
                 "kind": kind, "status": status, "bytes": 0 if method == "HEAD" else len(body), "tls": tls}
            )  # fmt: skip
        out = [f"HTTP/1.1 {status} OK", f"Content-Type: {media}", f"ETag: {tag}", f"Cache-Control: {self.cache}"]
        if self.referrer_policy:
            out.append(f"Referrer-Policy: {self.referrer_policy}")
        if kind == "page":
            out.append("Set-Cookie: visit=1; Path=/")
        if status != 304:
            out.append(f"Content-Length: {len(body)}")
        keep = version == "HTTP/1.1" and fields.get("connection", "").lower() != "close"
        out.append(f"Connection: {'keep-alive' if keep else 'close'}")
        writer.write(("\r\n".join(out) + "\r\n\r\n").encode() + (b"" if method == "HEAD" else body))
        return keep


@contextlib.contextmanager
def running(gallery: Gallery, folder: Path):
    """Serve on two loopback ports; yields (port of http, port of https, file of the certificate)."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    if not certificate.exists():
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out",
             certificate, "-subj", f"/CN={HOST}", "-addext",
             f"subjectAltName=DNS:{HOST},DNS:reader.example,IP:127.0.0.1"],
            check=True, capture_output=True,
        )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    loop = asyncio.new_event_loop()
    ports: list[int] = []
    ready = threading.Event()

    async def start() -> None:
        for tls in (None, context):
            server = await asyncio.start_server(gallery.serve, "127.0.0.1", 0, ssl=tls)
            ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    def run() -> None:
        loop.run_until_complete(start())
        loop.run_forever()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield ports[0], ports[1], certificate
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)


def write(gallery: Gallery, file: Path, *, client: str, about: str, held_out: bool = False) -> None:
    """Keep what was seen: a table of header lines, and requests that name lines by number."""
    lines: dict[str, int] = {}
    requests = []
    start = gallery.seen[0]["at"] if gallery.seen else 0
    for one in gallery.seen:
        texts = [_anonymous(f"{name}: {value}") for name, value in one["lines"]]
        numbers = [lines.setdefault(text, len(lines)) for text in texts]
        requests.append(
            [round((one["at"] - start) * 1000), one["method"], one["target"], one["version"], one["kind"],
             one["status"], one["bytes"], numbers]
        )  # fmt: skip
    content = {
        "client": client, "about": about, "held_out": held_out,
        "scheme": "https" if gallery.seen and gallery.seen[0]["tls"] else "http",
        "fields": "milliseconds, method, target, version, kind, status, bytes, lines",
        "lines": list(lines), "requests": requests,
    }  # fmt: skip
    text = json.dumps(content, ensure_ascii=False)
    text = text.replace('"requests": [[', '"requests": [\n[').replace("]], ", "]],\n").replace("]], [", "],\n[")
    file.write_text(text.replace("], [", "],\n[") + "\n", encoding="utf-8")
    gallery.seen.clear()


def _anonymous(line: str) -> str:
    """Write the port of the day out of a line."""
    import re

    return re.sub(
        r"(photo\.example|reader\.example|127\.0\.0\.1|localhost):\d+", HOST if "reader" not in line else r"\1", line
    )
