"""Is the demo's gallery served as an ordinary web server would, and nothing beside it?"""

import os
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer

from guard.demo.upstream import create_app

PICTURE = bytes(range(256)) * 8


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    root = tmp_path / "gallery"
    (root / "dunes").mkdir(parents=True)
    (root / "index.html").write_text("<title>home</title>")
    (root / "dunes" / "index.html").write_text("<title>dunes</title>")
    (root / "dunes" / "one.webp").write_bytes(PICTURE)
    (tmp_path / "secret.txt").write_text("not for visitors")
    (root / "way-out").symlink_to(tmp_path)
    return root


@pytest.mark.parametrize(
    ("path", "status", "content_type"),
    [
        ("/", 200, "text/html; charset=utf-8"),
        ("/dunes/", 200, "text/html; charset=utf-8"),
        ("/dunes/one.webp", 200, "image/webp"),
        ("/nothing.jpg", 404, "text/plain; charset=utf-8"),
        ("/../secret.txt", 404, "text/plain; charset=utf-8"),
        ("/%2e%2e/secret.txt", 404, "text/plain; charset=utf-8"),
        ("/way-out/secret.txt", 404, "text/plain; charset=utf-8"),
        ("/dunes/one.webp%00", 404, "text/plain; charset=utf-8"),
        (f"/{'a' * 5000}", 404, "text/plain; charset=utf-8"),
    ],
    ids=["home", "folder", "picture", "nothing", "dots", "escaped dots", "link", "nul", "long"],
)
async def test_files_have_their_types_and_nothing_else_is_served(
    gallery: Path, path: str, status: int, content_type: str
) -> None:
    """Types are right on every machine, and no path leads out of the folder."""
    async with TestClient(TestServer(create_app(gallery))) as client:
        response = await client.get(path)

    assert (response.status, response.headers["Content-Type"]) == (status, content_type)


async def test_a_folder_without_its_slash_leads_there(gallery: Path) -> None:
    """The page's relative links would be wrong otherwise."""
    async with TestClient(TestServer(create_app(gallery))) as client:
        response = await client.get("/dunes", allow_redirects=False)

    assert (response.status, response.headers["Location"]) == (301, "/dunes/")


async def test_a_range_and_a_condition_are_honoured(gallery: Path) -> None:
    """A part is a part (206), and what has not changed is not sent again (304)."""
    async with TestClient(TestServer(create_app(gallery))) as client:
        part = await client.get("/dunes/one.webp", headers={"Range": "bytes=10-19"})
        body = await part.read()
        by_tag = await client.get("/dunes/one.webp", headers={"If-None-Match": part.headers["ETag"]})
        by_date = await client.get("/dunes/one.webp", headers={"If-Modified-Since": part.headers["Last-Modified"]})

    assert (part.status, body) == (206, PICTURE[10:20])
    assert (by_tag.status, by_date.status) == (304, 304)


def test_the_server_ends_when_its_starter_is_gone(gallery: Path) -> None:
    """As a process it says where it listens, answers there, and ends when its input closes."""
    with subprocess.Popen(
        [sys.executable, "-m", "guard.demo.upstream", str(gallery), "--until-eof"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    ) as server:
        assert server.stderr is not None
        assert server.stdin is not None
        try:
            said = server.stderr.readline()
            connection = HTTPConnection("127.0.0.1", int(said.rpartition(":")[2]), timeout=5)
            connection.request("GET", "/dunes/one.webp")
            body = connection.getresponse().read()
            connection.close()
            before = time.monotonic()
            server.stdin.close()
            status = server.wait(10)
        finally:
            server.kill()

    assert said.startswith("upstream: listening on http://127.0.0.1:")
    assert body == PICTURE
    assert (status, time.monotonic() - before < 5) == (0, True)
