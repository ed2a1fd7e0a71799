"""Real crawlers in front of the guard, a real web server behind it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server.conftest import Upstreams
from tests.support.http import CHROME, Reply, ask
from tests.support.programs import need
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES

PATHS = ("/thumb.jpg", "/display.jpg", "/original.jpg")


@pytest.fixture(scope="module")
def open_guard(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that answers for every host name, as programs on loopback ask for 127.0.0.1."""
    running = RunningGuard(tmp_path_factory.mktemp("open"), {"sites": [{"host": "*", "upstream": upstreams.good}]})
    yield running
    assert running.stop() == 0


def img2dataset(folder: Path, base: str, *options: str) -> dict[str, int]:
    """Run img2dataset over three pictures and return its count of outcomes."""
    urls = folder / "urls.txt"
    urls.write_text("".join(f"{base}{path}\n" for path in PATHS))
    out = folder / "out"
    subprocess.run(
        [
            need("img2dataset"), f"--url_list={urls}", f"--output_folder={out}", "--output_format=files",
            "--processes_count=1", "--thread_count=2", "--image_size=64", "--enable_wandb=False", *options,
        ],
        check=True, capture_output=True, timeout=100, env={**os.environ, "WANDB_MODE": "disabled"},
    )  # fmt: skip
    return json.loads((out / "00000_stats.json").read_text())["status_dict"]  # type: ignore[no-any-return]


def test_img2dataset_skips_every_picture(open_guard: RunningGuard, tmp_path: Path):
    """Its default directives include noai; it reads our header and takes nothing."""
    outcomes = img2dataset(tmp_path, open_guard.url)

    assert outcomes == {"Use of image disallowed by X-Robots-Tag directive": 3}


def test_img2dataset_would_take_them_without_our_header(upstreams: Upstreams, tmp_path: Path):
    """The control: straight from the upstream, all three are downloaded."""
    assert img2dataset(tmp_path, upstreams.good) == {"success": 3}


SPIDER = """
import scrapy
class Spider(scrapy.Spider):
    name = "gallery"
    def start_requests(self):
        for url in {urls!r}:
            yield scrapy.Request(url, dont_filter=True)
    async def start(self):
        for request in self.start_requests():
            yield request
    def parse(self, response):
        yield {{"url": response.url, "status": response.status, "bytes": len(response.body)}}
"""


def scrapy(folder: Path, base: str, *, obey: bool, agent: str) -> list[dict[str, object]]:
    """Run a Scrapy spider over three pictures, one after the other, and return what it got.

    Not at once: of several requests that wait for robots.txt, Scrapy 2.19 lets all but two through unasked.
    """
    pytest.importorskip("scrapy")
    spider, out = folder / "spider.py", folder / "out.json"
    spider.write_text(SPIDER.format(urls=[base + path for path in PATHS]))
    subprocess.run(
        [
            sys.executable, "-m", "scrapy", "runspider", str(spider), "-o", str(out), "--nolog",
            "-s", f"ROBOTSTXT_OBEY={obey}", "-s", f"USER_AGENT={agent}", "-s", "HTTPERROR_ALLOW_ALL=True",
            "-s", "CONCURRENT_REQUESTS=1",
        ],
        check=True, capture_output=True, timeout=100, cwd=folder,
    )  # fmt: skip
    return json.loads(out.read_text() or "[]") if out.exists() else []  # type: ignore[no-any-return]


def test_scrapy_that_obeys_robots_txt_takes_nothing(open_guard: RunningGuard, tmp_path: Path):
    """It reads the file and asks for none of the pictures."""
    assert scrapy(tmp_path, open_guard.url, obey=True, agent="GPTBot/1.2") == []

    asked = [line["path"] for line in open_guard.lines() if line["crawler"] == "openai-gptbot"]
    assert asked == ["/robots.txt"]


def test_scrapy_that_does_not_obey_is_refused(open_guard: RunningGuard, tmp_path: Path):
    """The control: the same spider without obedience asks for all, and gets licence cards."""
    got = scrapy(tmp_path, open_guard.url, obey=False, agent="CCBot/2.0 (https://commoncrawl.org/faq/)")

    assert sorted(one["status"] for one in got) == [403, 403, 403]


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 64; }}
http {{
  types {{ image/jpeg jpg; text/html html; }}
  access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
  uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
  server {{ listen unix:{folder}/nginx.sock; listen 127.0.0.1:{port}; root {folder}/site; gzip on; }}
}}
"""


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Serve the pictures with a real nginx; return its port."""
    import socket

    program = need("nginx")
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "site").mkdir()
    for path, body in PICTURES.items():
        if path.count("/") == 1:
            (folder / "site" / path[1:]).write_bytes(body)
    (folder / "site" / "index.html").write_text("<p>" + "gallery " * 1000)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL
    )

    def up() -> bool | None:
        try:
            return ask(port, "/").status == 200
        except OSError:
            return None

    wait_until(up, 10)
    yield port
    process.terminate()
    process.wait(10)


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
