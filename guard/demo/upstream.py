"""How does the demo's gallery reach the network, before anything guards it?

A plain file server on the loopback: types by suffix, ETag, Last-Modified, conditional
requests and ranges (RFC 9110, sections 8.8, 13 and 14), as any web server has them. It
runs as a process of its own, `python -m guard.demo.upstream DIR`, says on standard error
where it listens, and ends on SIGTERM, on Ctrl-C, or with `--until-eof` when its standard
input closes, so that it never outlives the demo that started it.
"""

import argparse
import asyncio
import signal
import sys
from pathlib import Path
from typing import Final

from aiohttp import web

from guard.demo.gallery import build

TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".xml": "application/xml",
    ".svg": "image/svg+xml",
    ".ico": "image/x-icon",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
"""Written out, because the standard table differs from machine to machine (WebP is missing on some)."""


def create_app(directory: Path) -> web.Application:
    """Return an application that serves the files under `directory`, an `index.html` for a folder."""
    root = directory.resolve(strict=True)

    async def serve(request: web.Request) -> web.StreamResponse:
        file = find(root, request.match_info["path"])
        if file is None:
            raise web.HTTPNotFound
        if file.is_dir():
            # A page's relative links are wrong without the slash.
            if not request.path.endswith("/"):
                raise web.HTTPMovedPermanently(f"/{file.relative_to(root).as_posix()}/")
            file /= "index.html"
        if not file.is_file():
            raise web.HTTPNotFound
        content_type = TYPES.get(file.suffix.lower(), "application/octet-stream")
        return web.FileResponse(file, headers={"Content-Type": content_type, "Cache-Control": "public, max-age=300"})

    app = web.Application()
    app.router.add_get("/{path:.*}", serve)
    return app


def find(root: Path, path: str) -> Path | None:
    """Return the file or folder that the decoded `path` names under `root`, or None if there is none."""
    try:
        file = (root / path.lstrip("/")).resolve(strict=True)
    except (OSError, RuntimeError, ValueError):  # not there, links in a circle, a NUL
        return None
    return file if file.is_relative_to(root) else None


async def run(directory: Path, host: str, port: int, *, until_eof: bool) -> None:
    """Serve `directory` until told to stop; port 0 takes a free one."""
    runner = web.AppRunner(create_app(directory), access_log=None, handle_signals=False)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, shutdown_timeout=1.0)
        await site.start()
        address = runner.addresses[0]
        print(f"upstream: listening on http://{address[0]}:{address[1]}", file=sys.stderr, flush=True)  # noqa: T201
        await _told_to_stop(until_eof=until_eof)
    finally:
        await runner.cleanup()


async def _told_to_stop(*, until_eof: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if until_eof:
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        end = asyncio.ensure_future(reader.read())
        end.add_done_callback(lambda _: stop.set())
    await stop.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(prog="python -m guard.demo.upstream", description="Serve a folder as a web site.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--sample", action="store_true", help="make the demo's gallery there first")
    parser.add_argument("--until-eof", action="store_true", help="end when standard input closes")
    arguments = parser.parse_args()
    if arguments.sample:
        arguments.directory.mkdir(parents=True, exist_ok=True)
        build(arguments.directory, progress=lambda _done, _total: None)
    if not arguments.directory.is_dir():
        parser.error(f"{arguments.directory} is not a folder")
    asyncio.run(run(arguments.directory, arguments.host, arguments.port, until_eof=arguments.until_eof))


if __name__ == "__main__":
    main()
