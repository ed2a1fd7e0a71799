"""Real crawlers in front of the guard, a real web server behind it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import Upstreams
from tests.support import fronts
from tests.support.http import CHROME, Reply, ask
from tests.support.picture_readers import PICTURE_CHECKS
from tests.support.plain_site import PlainSite, plain_site
from tests.support.readers import CHECKS, Place, configuration, fill, scrapy
from tests.support.running import PATIENT, RunningGuard
from tests.support.upstream import PICTURES


@pytest.fixture(scope="module")
def open_guard(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that answers for every host name, as programs on loopback ask for 127.0.0.1."""
    running = RunningGuard(tmp_path_factory.mktemp("open"), {"sites": [{"host": "*", "upstream": upstreams.good}]})
    yield running
    assert running.stop() == 0


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PlainSite, RunningGuard]]:
    """A gallery with a robots.txt of its own, and a guard before it."""
    with plain_site() as site:
        fill(site)
        running = RunningGuard(tmp_path_factory.mktemp("gallery"), configuration(site))
        yield site, running
        assert running.stop() == 0


@pytest.mark.parametrize("program", [*CHECKS, *PICTURE_CHECKS])
def test_every_reader_understands_and_its_control_takes_the_picture(
    gallery: tuple[PlainSite, RunningGuard], tmp_path: Path, program: str
):
    """What the table in the README says, row by row."""
    site, running = gallery
    read = (CHECKS | PICTURE_CHECKS)[program](Place(site, running, tmp_path))

    assert read.holds, read


def test_scrapy_that_obeys_robots_txt_asks_for_nothing_else(open_guard: RunningGuard, tmp_path: Path):
    """It reads the file and asks for none of the pictures."""
    assert scrapy(tmp_path, open_guard.url, obey=True, agent="GPTBot/1.2") == []

    asked = [line["path"] for line in open_guard.lines() if line["crawler"] == "openai-gptbot"]
    assert asked == ["/robots.txt"]


def test_scrapy_that_does_not_obey_is_refused(open_guard: RunningGuard, tmp_path: Path):
    """The same spider without obedience asks for all, and gets licence cards."""
    got = scrapy(tmp_path, open_guard.url, obey=False, agent="CCBot/2.0 (https://commoncrawl.org/faq/)")

    assert sorted(one["status"] for one in got) == [403, 403, 403]


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the pictures with a real nginx; return its port."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "site").mkdir()
    for path, body in PICTURES.items():
        if path.count("/") == 1:
            (folder / "site" / path[1:]).write_bytes(body)
    (folder / "site" / "index.html").write_text("<p>" + "gallery " * 1000)
    port = fronts.free_port()
    site = f"server {{ listen unix:{folder}/nginx.sock; listen 127.0.0.1:{port}; root {folder}/site; gzip on; }}"
    with fronts.running(fronts.nginx(folder, site), folder, port):
        yield port


@pytest.fixture(scope="module")
def before_nginx(nginx: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard in front of nginx."""
    configuration = {"sites": [{"host": "*", "upstream": f"http://127.0.0.1:{nginx}"}], "rules": PATIENT}
    running = RunningGuard(tmp_path_factory.mktemp("before-nginx"), configuration)
    yield running
    assert running.stop() == 0


REQUESTS = {
    "a picture": ("/original.jpg", "GET", ()),
    "its head": ("/original.jpg", "HEAD", ()),
    "a part": ("/original.jpg", "GET", (("Range", "bytes=5-104"),)),
    "its end": ("/original.jpg", "GET", (("Range", "bytes=-10"),)),
    "two parts": ("/original.jpg", "GET", (("Range", "bytes=0-9,20-29"),)),
    "a part that is not there": ("/original.jpg", "GET", (("Range", "bytes=99999999-"),)),
    "a newer one": ("/original.jpg", "GET", (("If-Modified-Since", "Sun, 22 Nov 2099 00:00:00 GMT"),)),
    "a compressed page": ("/", "GET", (("Accept-Encoding", "gzip"),)),
    "nothing": ("/missing.jpg", "GET", ()),
    "a directory": ("/%2e%2e/%2e%2e/etc/passwd", "GET", ()),
    "a method that is not allowed": ("/original.jpg", "DELETE", ()),
}

OURS = {"x-robots-tag", "tdm-reservation", "tdm-policy", "content-usage", "content-signal", "link"}
OF_ONE_HOP = {"connection", "transfer-encoding", "date", "keep-alive"}


def compared(reply: Reply) -> tuple[object, ...]:
    lines = sorted((name.lower(), value) for name, value in reply.lines if name.lower() not in OURS | OF_ONE_HOP)
    body = reply.body
    if boundary := reply.get("Content-Type").partition("boundary=")[2]:
        body = body.replace(boundary.encode(), b"boundary")  # nginx counts it up
        lines = [(name, value.replace(boundary, "boundary")) for name, value in lines]
    if "image/" in reply.get("Content-Type") and reply.all("Cache-Control") == ["private"]:
        # A cache between us and people may not give this picture to crawlers: that much they can tell.
        lines.remove(("cache-control", "private"))
    return reply.status, lines, body, reply.whole


@pytest.mark.parametrize(("target", "method", "lines"), REQUESTS.values(), ids=REQUESTS.keys())
def test_a_person_can_not_tell_the_guard_from_nginx(
    before_nginx: RunningGuard, nginx: int, target: str, method: str, lines: tuple[tuple[str, str], ...]
):
    """Status, all headers but ours, and the body are what nginx sends without us."""
    direct = ask(nginx, target, *lines, method=method, host="photo.example")
    guarded = ask(before_nginx.port, target, *lines, method=method, host="photo.example", agent=CHROME)

    assert compared(guarded) == compared(direct)
    assert guarded.get("tdm-reservation") == "1"
