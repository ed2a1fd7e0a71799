"""The reservation is put into the head of pages on request, and every other byte stays what it was."""

import gzip
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from guard.server.decoys import Decoys
from guard.server.pages import Pages
from tests.support.facts import request
from tests.support.http import CHROME, GPTBOT, Reply, ask
from tests.support.plain_site import PlainSite, plain_site
from tests.support.running import RunningGuard

PAGE = '<!doctype html><html><head><meta charset="utf-8"><title>Ärger</title></head><body>ß</body></html>'
HTML = "text/html; charset=utf-8"


@pytest.fixture(scope="module")
def site() -> Iterator[PlainSite]:
    with plain_site() as site:
        yield site


@pytest.fixture(scope="module")
def guard(site: PlainSite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """A guard that says the reservation in pages, and one site where it does not."""
    running = RunningGuard(
        tmp_path_factory.mktemp("pages"),
        {
            "sites": [
                {"host": "photo.example", "upstream": site.url, "rights": {"html": "yes"}},
                {"host": "plain.example", "upstream": site.url},
            ],
            "rights": {"holder": "Jane Doe", "paths": [{"path": "/free/", "train": "yes"}]},
            "upstream_robots": {"every": 0},
        },
    )
    yield running
    assert running.stop() == 0


def get(guard: RunningGuard, path: str, *lines: tuple[str, str], host: str = "photo.example", **more: str) -> Reply:
    return ask(guard.port, path, ("Accept", "text/html"), *lines, host=host, agent=CHROME, **more)


def test_a_page_says_the_reservation_in_its_head(guard: RunningGuard, site: PlainSite):
    """As a parser reads it; length and charset are right, and the rest of the page is the same."""
    site.put("/", PAGE, HTML, ETag='"1"', Last_Modified="Sun, 22 Nov 2026 00:00:00 GMT", Content_MD5="x")
    reply = get(guard, "/")
    page = BeautifulSoup(reply.body, "lxml")

    assert reply.status == 200
    assert [m["content"] for m in page.head.find_all("meta", attrs={"name": "tdm-reservation"})] == ["1"]
    assert "noai" in page.head.find("meta", attrs={"name": "robots"})["content"]
    assert page.title.string == "Ärger"
    start, end = PAGE.encode().split(b"<head>")
    assert reply.body.startswith(start + b"<head><meta")
    assert reply.body.endswith(end)
    assert reply.get("Content-Length") == str(len(reply.body))
    assert [reply.get(name) for name in ("ETag", "Last-Modified", "Content-MD5", "Accept-Ranges")] == [""] * 4


def test_the_answers_are_those_of_the_path(guard: RunningGuard, site: PlainSite):
    """A part of the site that may be trained on says so in its pages too."""
    site.put("/free/x", PAGE, HTML)

    assert b"noai" not in get(guard, "/free/x").body
    assert b"noai" in get(guard, "/").body


def test_only_where_it_is_asked_for(guard: RunningGuard, site: PlainSite):
    """The other site's page is what it was, with its validator."""
    reply = get(guard, "/", host="plain.example")

    assert (reply.body, reply.get("ETag")) == (PAGE.encode(), '"1"')


def test_a_client_that_has_an_old_copy_gets_the_page(guard: RunningGuard, site: PlainSite):
    """Neither 304 for a copy without the reservation, nor a part of it."""
    assert get(guard, "/", ("If-None-Match", '"1"')).status == 200
    assert get(guard, "/", ("Range", "bytes=0-9")).status == 200
    assert site.asked[-1][2].get("range") is None


def test_head_says_nothing_that_get_does_not(guard: RunningGuard):
    """No length of a page that will be longer."""
    reply = get(guard, "/", method="HEAD")

    assert (reply.status, reply.get("Content-Length"), reply.get("ETag")) == (200, "", "")
    assert reply.get("tdm-reservation") == "1"


def test_pages_are_asked_for_uncompressed_and_pictures_as_the_client_wants(guard: RunningGuard, site: PlainSite):
    """A crawler that takes anything gets the page changed, a browser's script stays compressed."""
    site.put("/a.js", gzip.compress(b"x" * 500), "text/javascript", Content_Encoding="gzip")
    crawler = ask(guard.port, "/", ("Accept", "*/*"), ("Accept-Encoding", "gzip"), host="photo.example", agent="curl/8")
    asked = site.asked[-1][2]
    ask(guard.port, "/a.js", ("Accept", "*/*"), ("Accept-Encoding", "gzip"), ("Sec-Fetch-Dest", "script"),
        ("Range", "bytes=0-5"), host="photo.example", agent=CHROME)  # fmt: skip

    assert b"tdm-reservation" in crawler.body
    assert "accept-encoding" not in asked
    assert (site.asked[-1][2]["accept-encoding"], site.asked[-1][2]["range"]) == ("gzip", "bytes=0-5")


UNTOUCHED = {
    "an error": {"status": 404},
    "private": {"Cache_Control": "private"},
    "no-store": {"Cache_Control": "no-store"},
    "no-transform": {"Cache_Control": "public, no-transform"},
    "a download": {"Content_Disposition": "attachment"},
    "personal": {"Set_Cookie": "session=1"},
    "signed": {"Signature": "x"},
    "compressed all the same": {"Content_Encoding": "gzip"},
    "XHTML": {"media_type": "application/xhtml+xml; charset=utf-8"},
    "text": {"media_type": "text/plain; charset=utf-8"},
    "UTF-16": {"media_type": "text/html; charset=utf-16"},
    "an unknown charset": {"media_type": "text/html; charset=x-mac-roman"},
}


@pytest.mark.parametrize("answer", UNTOUCHED.values(), ids=UNTOUCHED.keys())
def test_any_other_answer_stays_as_it_is(guard: RunningGuard, site: PlainSite, answer: dict[str, object]):
    """To the byte, with its validator."""
    site.put("/other", PAGE, **{"media_type": HTML, "ETag": '"9"', **answer})  # type: ignore[arg-type]
    reply = get(guard, "/other")

    assert (reply.body, reply.get("ETag"), reply.get("Content-Length")) == (
        PAGE.encode(),
        '"9"',
        str(len(PAGE.encode())),
    )
    assert reply.get("tdm-reservation") == "1"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<p>no head</p>",
        b"<!-- <head> -->",
        "<html><head>".encode("utf-16"),
        b"x" * 100_000,
        b"<html>" + b" " * 99_999,
    ],
    ids=["empty", "no head", "a comment", "UTF-16", "text", "blanks"],
)
def test_a_page_without_a_plain_head_stays_as_it_is(guard: RunningGuard, site: PlainSite, body: bytes):
    """Whatever its header says."""
    site.put("/odd", body, HTML, ETag='"9"')

    assert (get(guard, "/odd").body, get(guard, "/odd").get("ETag")) == (body, '"9"')


def test_a_large_page_streams_and_is_changed_at_its_beginning_only(guard: RunningGuard, site: PlainSite):
    """Two megabytes."""
    site.put("/large", PAGE + "x" * 2_000_000, HTML)
    reply = get(guard, "/large")

    assert reply.whole
    assert reply.body.endswith(b"x" * 2_000_000)
    assert b"tdm-reservation" in reply.body[:2000]


def test_http_1_0_gets_it_too(guard: RunningGuard):
    """nginx asks so by default; the length is known before anything is sent."""
    from tests.support.http import connect, read_reply

    with connect(guard.port) as connection:
        connection.sendall(
            f"GET / HTTP/1.0\r\nHost: photo.example\r\nAccept: text/html\r\nUser-Agent: {CHROME}\r\n\r\n".encode()
        )
        reply = read_reply(connection)

    assert b"tdm-reservation" in reply.body
    assert reply.get("Content-Length") == str(len(reply.body))


def test_a_refused_crawler_gets_no_page(guard: RunningGuard):
    """Its refusal is ours, and has the header lines."""
    reply = ask(guard.port, "/", ("Accept", "text/html"), host="photo.example", agent=GPTBOT)

    assert (reply.status, reply.get("tdm-reservation")) == (403, "1")


class _Answered:
    """An upstream's answer to a page."""

    def __init__(self, body: bytes, **more: str) -> None:
        self.status, self.head, self.complete = 200, body, True
        self.headers = (("Content-Type", HTML), *((n.replace("_", "-"), v) for n, v in more.items()))

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name), "")

    async def peek(self, _enough: int = 1) -> bytes:
        return self.head

    async def body(self):
        yield self.head


@pytest.mark.parametrize(
    ("more", "version", "wanted"),
    [
        ({}, "1.1", True),
        ({"sec_fetch_dest": "document"}, "1.1", True),
        ({"sec_fetch_dest": "iframe"}, "1.1", False),
        ({"sec_fetch_dest": "empty"}, "1.1", False),
        ({"method": "HEAD"}, "1.1", False),
        ({"method": "POST"}, "1.1", False),
        ({}, "1.0", False),
    ],
)
async def test_only_whole_pages_that_somebody_opens_get_a_link_to_a_decoy(more, version, wanted):
    """Not what a script fetches and puts into a page; the head says nothing about the old bytes then."""
    from dataclasses import replace

    facts = replace(request("/", **more), version=version)
    exchange = SimpleNamespace(facts=facts, site=SimpleNamespace(page_head=None))
    answered = _Answered(b"<body>x</body>", ETag='"a"', Content_Length="14", X_Frame_Options="DENY")
    headers, body = await Pages(Decoys(bytes(32))).change(exchange, answered)  # type: ignore[arg-type]
    sent = b"".join([piece async for piece in body])

    assert (b"<div hidden" in sent) is wanted
    assert {name for name, _ in headers} == {
        "Content-Type",
        "X-Frame-Options",
        *(() if wanted else ("ETag", "Content-Length")),
    }


async def test_head_and_end_of_one_page_can_both_be_changed():
    """One look decides about both."""
    exchange = SimpleNamespace(
        facts=request("/"),
        site=SimpleNamespace(page_head=lambda _base, _path: b"<meta name=a>"),
        base_url="https://p.example",
    )
    answered = _Answered(b"<html><head><title>x</title></head><body>x</body></html>")
    _, body = await Pages(Decoys(bytes(32))).change(exchange, answered)  # type: ignore[arg-type]
    sent = b"".join([piece async for piece in body])

    assert b"<head><meta name=a><title>" in sent
    assert b"x<div hidden" in sent
