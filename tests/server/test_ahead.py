"""What sitemaps lead to is prepared before anybody asks for it."""

import asyncio
import io
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from aiohttp import web
from PIL import Image

from guard.server import ahead
from guard.server.ahead import Ahead
from guard.server.self_requests import SelfRequests
from tests.support.http import ask
from tests.support.pictures import encoded, scenery
from tests.support.running import RunningGuard, wait_until

SITEMAP = b"""<urlset><url><loc>https://photo.example/album</loc><image:loc>https://photo.example/1.jpg</image:loc></url>
<url><loc>https://elsewhere.example/2.jpg</loc></url><url><loc>https://photo.example/gone</loc></url></urlset>"""
ALBUM = b"""<html><body><img src="/3.jpg" srcset="/4.jpg 800w, https://cdn.example/5.jpg 900w">
<a href="big/6.jpg">big</a>
<a href="/about">about</a><img src="/1.jpg"></body></html>"""
FILES = {
    "/robots.txt": (b"User-agent: *\nAllow: /\n\nSitemap: https://photo.example/index.xml\n", "text/plain"),
    "/index.xml": (b"<sitemapindex><loc>https://photo.example/a.xml</loc></sitemapindex>", "text/xml"),
    "/a.xml": (SITEMAP, "text/xml"),
    "/album": (ALBUM, "text/html"),
}


async def asked_for(monkeypatch, *, idle=lambda: True, seconds=1.5, **limits):
    """Run one round against a server that stands for the guard, and return what it was asked for."""
    for name, value in limits.items():
        monkeypatch.setattr(ahead, name, value)
    seen = []

    async def answer(request):
        seen.append(request.path)
        body, kind = FILES.get(request.path, (b"a picture", "image/jpeg"))
        if request.path == "/gone":
            raise web.HTTPNotFound
        assert request.host == "photo.example"
        assert request.headers["guard-self-check"] == "token https person"
        return web.Response(body=body, content_type=kind)

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    site = SimpleNamespace(public_url=lambda _: "https://photo.example", in_image=True)
    other = SimpleNamespace(public_url=lambda _: "https://as-it-is.example", in_image=False)
    work = Ahead(SelfRequests("token", {}), [other, site], idle, pause=0.001)
    work.start(runner.addresses[0], first=0.001, every=60)
    await asyncio.sleep(seconds)
    await work.stop()
    await runner.cleanup()
    return seen


async def test_every_picture_that_a_sitemap_leads_to_is_asked_for_once(monkeypatch):
    """Named there or shown on a page that is; on this site alone, and after all that leads to them."""
    seen = await asked_for(monkeypatch)

    assert seen == ["/robots.txt", "/index.xml", "/sitemap.xml", "/a.xml", "/album", "/gone", "/1.jpg", "/3.jpg",
                    "/4.jpg", "/big/6.jpg"]  # fmt: skip


@pytest.mark.parametrize(
    ("limit", "last"), [("MOST_PICTURES", "/3.jpg"), ("MOST_PAGES", "/big/6.jpg"), ("MOST_SITEMAPS", "/sitemap.xml")]
)
async def test_a_round_has_its_limits(monkeypatch, limit, last):
    """Of pictures, pages and sitemaps."""
    seen = await asked_for(monkeypatch, **{limit: 1 if limit == "MOST_PAGES" else 2})

    assert seen[-1] == last
    assert "/gone" not in seen


async def test_while_something_waits_to_be_prepared_nothing_is_asked(monkeypatch):
    """A suspect's picture comes first."""
    assert await asked_for(monkeypatch, idle=lambda: False, seconds=0.3) == []


@pytest.fixture
def upstream(tmp_path):
    folder = tmp_path / "gallery"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(encoded(scenery(1200, 800), "JPEG", quality=88))
    (folder / "sitemap.xml").write_bytes(SITEMAP)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_bulk_client_finds_its_first_picture_marked(upstream, tmp_path):
    """Nobody has looked at it before."""
    (tmp_path / "guard").mkdir()
    running = RunningGuard(
        tmp_path / "guard",
        {
            "sites": [{"host": "photo.example", "upstream": upstream}],
            "in_image": {"rights": True},
            "marks": {"ahead_after": 1},
            "rules": [{"id": "marked", "when": {"kind": ["image", "original"]}, "action": "mark"}],
        },
    )
    packs = running.evidence / "guard" / "marks" / "packs"
    wait_until(lambda: list(packs.glob("*/*")) or None, 30)

    first = ask(running.port, "/1.jpg", agent="python-requests/2.32.3")

    assert Image.open(io.BytesIO(first.body)).size == (1200, 800)
    assert first.get("cache-control").startswith("private")
    assert running.stop() == 0, "".join(running.said)
