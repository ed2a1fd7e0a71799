"""An upstream that shows what reached it, and can misbehave in every way a test needs."""

import asyncio
import gzip
import hashlib
import io
import json
import threading
from collections.abc import Coroutine
from functools import cache
from typing import Any

from aiohttp import WSMsgType, web
from PIL import Image

from tests.support.pictures import photograph

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><text>error</text></svg>'


@cache
def jpeg(width: int, height: int, form: str = "JPEG") -> bytes:
    """Return a picture with something in it."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(buffer, form)
    return buffer.getvalue()


PICTURES = {
    "/thumb.jpg": jpeg(320, 200),
    "/display.jpg": jpeg(1200, 800),
    "/original.jpg": jpeg(2400, 1600),
    "/original.webp": jpeg(2400, 1600, "WEBP"),
    "/sizeless/original": jpeg(2400, 1500),
    "/photograph.jpg": photograph(600, 400),
}


def _picture(request: web.Request) -> web.StreamResponse:
    body = PICTURES[request.path]
    tag = hashlib.sha256(body).hexdigest()[:16]
    if request.headers.get("If-None-Match") == f'"{tag}"':
        return web.Response(status=304, headers={"ETag": f'"{tag}"'})
    headers = {"ETag": f'"{tag}"', "Accept-Ranges": "bytes", "X-Robots-Tag": "max-image-preview:large"}
    content_type = "image/webp" if request.path.endswith("webp") else "image/jpeg"
    span = request.http_range
    if request.headers.get("Range"):
        part = body[span]
        start = span.start or 0
        headers["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(body)}"
        return web.Response(status=206, body=part, content_type=content_type, headers=headers)
    return web.Response(body=body, content_type=content_type, headers=headers)


async def _picture_handler(request: web.Request) -> web.StreamResponse:
    return _picture(request)


async def _echo(request: web.Request) -> web.Response:
    body = await request.read()
    return web.json_response(
        {
            "method": request.method,
            "target": request.raw_path,
            "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in request.raw_headers],
            "length": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
    )


async def _events(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for number in range(3):
        await asyncio.sleep(0.3)
        await response.write(f"data: {number}\n\n".encode())
    return response


async def _socket(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("chat",))
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            if message.data == "close":
                await socket.close(code=4001, message=b"bye")
                break
            await socket.send_str(f"{request.headers.get('Cookie', '')}|{message.data}")
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data[::-1])
    return socket


async def _zipped(_request: web.Request) -> web.Response:
    body = gzip.compress(b"hello " * 1000, mtime=0)
    return web.Response(body=body, headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"})


async def _large(request: web.Request) -> web.StreamResponse:
    megabytes = int(request.query["megabytes"])
    response = web.StreamResponse(headers={"Content-Length": str(megabytes << 20), "Content-Type": "video/mp4"})
    await response.prepare(request)
    for _ in range(megabytes):
        await response.write(b"\0" * (1 << 20))
    return response


async def _chunks(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "text/plain", "Connection": "X-Secret", "X-Secret": "1"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    for piece in (b"one ", b"two ", b"three"):
        await response.write(piece)
        await asyncio.sleep(0.01)
    return response


async def _page(_request: web.Request) -> web.Response:
    return web.Response(text="<title>Gallery</title><img src=/display.jpg>", content_type="text/html")


async def _whole_page(_request: web.Request) -> web.Response:
    text = "<!doctype html><html><head><title>Gallery</title></head><body><img src=/display.jpg></body></html>"
    response = web.Response(text=text, content_type="text/html")
    response.enable_compression()
    return response


async def _svg(_request: web.Request) -> web.Response:
    return web.Response(body=SVG, content_type="image/svg+xml")


async def _disguised(_request: web.Request) -> web.Response:
    return web.Response(body=PICTURES["/original.jpg"], content_type="text/html")


async def _private(_request: web.Request) -> web.Response:
    return web.Response(
        body=PICTURES["/original.jpg"], content_type="image/jpeg", headers={"Cache-Control": "private, max-age=9"}
    )


async def _with_headers(request: web.Request) -> web.Response:
    """Send a photograph with the header lines that the query names."""
    return web.Response(body=photograph(), content_type="image/jpeg", headers=dict(request.query))


async def _slow(request: web.Request) -> web.Response:
    await asyncio.sleep(float(request.query.get("seconds", "10")))
    return web.Response(text="late")


async def _cookies(_request: web.Request) -> web.Response:
    response = web.Response(text="cookies")
    response.headers.add("Set-Cookie", "a=1")
    response.headers.add("Set-Cookie", "b=2")
    return response


def application() -> web.Application:
    """Return the well-behaved part."""
    app = web.Application(client_max_size=1 << 30)
    for path in PICTURES:
        app.router.add_get(path, _picture_handler)
    app.add_routes(
        [
            web.get("/events", _events),
            web.get("/socket", _socket),
            web.get("/zipped", _zipped),
            web.get("/large", _large),
            web.get("/chunks", _chunks),
            web.get("/broken.jpg", _svg),
            web.get("/disguised", _disguised),
            web.get("/private.jpg", _private),
            web.get("/with-headers", _with_headers),
            web.get("/slow", _slow),
            web.get("/cookies", _cookies),
            web.get("/", _page),
            web.get("/album/", _page),
            web.get("/whole.html", _whole_page),
            web.route("*", "/{tail:.*}", _echo),
        ]
    )
    return app


RAW: dict[str, bytes] = {
    "short": b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 100000\r\n\r\n"
    + b"\xff\xd8\xff\xe0"
    + b"x" * 5000,
    "unfinished-chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
    "garbage": b"this is not HTTP at all\r\n\r\n",
    "silence": b"",
    "two-lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc",
    "half-head": b"HTTP/1.1 200 OK\r\nContent-Le",
}


async def _raw(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    name = head.split(b" ", 2)[1].decode().strip("/")
    writer.write(RAW.get(name, b""))
    await writer.drain()
    writer.close()


class Servers:
    """The upstreams, in a thread with a loop of their own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()
        self._runner: web.AppRunner | None = None

    def call(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run something in the servers' loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def start(self, unix_socket: str = "") -> tuple[str, str]:
        """Return the addresses of the well-behaved and of the misbehaving upstream."""

        async def start() -> tuple[str, str]:
            self._runner = web.AppRunner(
                application(), auto_decompress=False, max_line_size=1 << 17, max_field_size=1 << 18
            )
            await self._runner.setup()
            site = web.TCPSite(self._runner, "127.0.0.1", 0)
            await site.start()
            if unix_socket:
                await web.UnixSite(self._runner, unix_socket).start()
            self._raw_server = await asyncio.start_server(_raw, "127.0.0.1", 0)
            raw = self._raw_server.sockets[0].getsockname()[1]
            return f"http://127.0.0.1:{self._runner.addresses[0][1]}", f"http://127.0.0.1:{raw}"

        return self.call(start())  # type: ignore[no-any-return]

    def stop(self) -> None:
        """Close everything."""

        async def stop() -> None:
            self._raw_server.close()
            if self._runner is not None:
                await self._runner.cleanup()

        self.call(stop())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


def echoed(body: bytes) -> dict[str, Any]:
    """Return what reached the echoing upstream."""
    return json.loads(body)  # type: ignore[no-any-return]
