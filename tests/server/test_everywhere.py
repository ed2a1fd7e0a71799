"""Whatever is answered, and to whom, the strictest reader that is known finds the reservation in it."""

import os
import signal
from collections.abc import Iterator

import pytest

from tests.server.conftest import Upstreams
from tests.support.http import CHATGPT_USER, CHROME, GOOGLEBOT_IMAGE, GPTBOT, ask, connect, head
from tests.support.plain_site import plain_site
from tests.support.running import RunningGuard
from tests.support.strict_reader import AGENT, StrictReader, UnreachableError, Verdict

HOST = "photo.example"
HOSTS = (HOST, "unix.example", "raw.example", "nobody.example", "www.unknown.example")
DOCUMENTS = (
    "/robots.txt", "/ai.txt", "/.well-known/tdmrep.json", "/.well-known/guard/terms", "/rsl.xml", "/trust.txt",
    "/.well-known/trust.txt",
)  # fmt: skip


@pytest.fixture(scope="module")
def reader(guard: RunningGuard) -> StrictReader:
    """The reader, as a client that does not name itself and so gets what people get."""
    return StrictReader(guard.port, HOST, agent=CHROME)


ANSWERS: dict[str, tuple[str, str, str, tuple[tuple[str, str], ...], str, int]] = {
    # name: host, path, method, header lines, user agent, status
    "a page": (HOST, "/", "GET", (), CHROME, 200),
    "the head of a page": (HOST, "/", "HEAD", (), CHROME, 200),
    "a thumbnail": (HOST, "/thumb.jpg", "GET", (), CHROME, 200),
    "a display size": (HOST, "/display.jpg", "GET", (), CHROME, 200),
    "an original": (HOST, "/original.jpg", "GET", (), CHROME, 200),
    "WebP": (HOST, "/original.webp", "GET", (), CHROME, 200),
    "SVG": (HOST, "/broken.jpg", "GET", (), CHROME, 200),
    "the head of a picture": (HOST, "/original.jpg", "HEAD", (), CHROME, 200),
    "a part": (HOST, "/original.jpg", "GET", (("Range", "bytes=0-99"),), CHROME, 206),
    "compressed": (HOST, "/zipped", "GET", (("Accept-Encoding", "gzip"),), CHROME, 200),
    "in chunks": (HOST, "/chunks", "GET", (), CHROME, 200),
    "private": (HOST, "/private.jpg", "GET", (), CHROME, 200),
    "another method": (HOST, "/echo", "OPTIONS", (), CHROME, 200),
    "from a unix socket": ("unix.example", "/thumb.jpg", "GET", (), CHROME, 200),
    "a name nobody configured": ("www.unknown.example", "/thumb.jpg", "GET", (), CHROME, 200),
    "a refused picture": (HOST, "/original.jpg", "GET", (), GPTBOT, 403),
    "the head of a refused picture": (HOST, "/original.jpg", "HEAD", (), GPTBOT, 403),
    "a part of a refused picture": (HOST, "/original.jpg", "GET", (("Range", "bytes=0-9"),), GPTBOT, 403),
    "a refused page": (HOST, "/", "GET", (("Accept", "text/html"),), GPTBOT, 403),
    "problem+json": (HOST, "/api", "GET", (("Accept", "application/json"),), GPTBOT, 403),
    "a smaller picture": (HOST, "/original.jpg", "GET", (), GOOGLEBOT_IMAGE, 200),
    "a preview": (HOST, "/display.jpg", "GET", (), CHATGPT_USER, 200),
    "a licence offer": (HOST, "/paid", "GET", (), CHROME, 402),
    "no upstream": ("nobody.example", "/x.jpg", "GET", (), CHROME, 502),
    "an upstream's garbage": ("raw.example", "/garbage", "GET", (), CHROME, 502),
    "an upstream that is late": (HOST, "/slow?seconds=9", "GET", (), CHROME, 504),
    "robots.txt": (HOST, "/robots.txt", "GET", (), GPTBOT, 200),
    "the head of robots.txt": (HOST, "/robots.txt", "HEAD", (), GPTBOT, 200),
    "tdmrep.json": (HOST, "/.well-known/tdmrep.json", "GET", (), GPTBOT, 200),
    "a document that is not to be written": (HOST, "/robots.txt", "PUT", (), CHROME, 405),
    "a host without meaning": ("exa mple", "/", "GET", (), CHROME, 400),
    "a target without meaning": (HOST, "nonsense", "GET", (), CHROME, 400),
    "a line that is no header": (HOST, "/", "GET", (("bad name", "x"),), CHROME, 400),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_the_reservation(guard: RunningGuard, reader: StrictReader, name: str):
    """Every header line refuses, in the words of each vocabulary."""
    host, path, method, lines, agent, status = ANSWERS[name]
    reply = ask(guard.port, path, *lines, method=method, host=host, agent=agent)
    verdict = reader.read(path, reply)

    assert reply.status == status
    assert verdict.headers_refuse, reply.lines
    assert not verdict.takes


def test_a_warm_cache_is_told_again(guard: RunningGuard, reader: StrictReader):
    """304, of a picture and of a document."""
    for path in ("/original.jpg", "/robots.txt"):
        tag = ask(guard.port, path, host=HOST).get("ETag")
        verdict = reader.get(path, ("If-None-Match", tag))

        assert (verdict.status, verdict.headers_refuse) == (304, True)


def test_a_throttled_client_is_told_and_still_reads_the_documents(guard: RunningGuard, reader: StrictReader):
    """429 carries the lines, and robots.txt is 200 for the same client."""
    client = ("X-Forwarded-For", "192.0.2.7")
    replies = [ask(guard.port, "/slowly", client, host=HOST, agent=CHROME) for _ in range(5)]

    assert replies[-1].status == 429
    assert reader.read("/slowly", replies[-1]).headers_refuse
    assert [ask(guard.port, path, client, host=HOST, agent=CHROME).status for path in DOCUMENTS] == [200] * len(
        DOCUMENTS
    )


HANDSHAKE = (
    ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)  # fmt: skip


@pytest.mark.parametrize(
    ("path", "agent", "status"), [("/socket", CHROME, 101), ("/thumb.jpg", CHROME, 502), ("/socket", GPTBOT, 403)]
)
def test_a_websocket_says_it_whether_it_is_opened_or_not(guard: RunningGuard, path: str, agent: str, status: int):
    """In the answer to the handshake: opened, not had by the site, refused by us."""
    with connect(guard.port) as connection:
        connection.sendall(head(path, *HANDSHAKE, host=HOST, agent=agent, close=False))
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(4096)

    assert received.startswith(b"HTTP/1.1 %d" % status)
    assert b"tdm-reservation: 1\r\n" in received
    assert b"X-Robots-Tag: noai, noimageai\r\n" in received


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("agent", [CHROME, GPTBOT, AGENT, ""], ids=["person", "refused", "unknown", "nobody"])
def test_every_document_is_answered_to_everyone_for_every_host(guard: RunningGuard, host: str, agent: str):
    """200, whole, at most a day old, under 500 KiB; also where the upstream is down."""
    for path in DOCUMENTS:
        reply = ask(guard.port, path, host=host, agent=agent)
        age = int(reply.get("Cache-Control").partition("max-age=")[2].partition(",")[0])

        assert (path, reply.status, reply.whole) == (path, 200, True)
        assert 0 < age <= 86_400
        assert 0 < len(reply.body) < 500 * 1024


@pytest.mark.parametrize("path", ["/thumb.jpg", "/display.jpg", "/original.webp", "/"])
@pytest.mark.parametrize(
    ("method", "lines"), [("GET", ()), ("HEAD", ()), ("GET", (("Range", "bytes=0-9"),))], ids=["GET", "HEAD", "Range"]
)
def test_all_carriers_tell_the_strict_reader_the_same(
    reader: StrictReader, path: str, method: str, lines: tuple[tuple[str, str], ...]
):
    """File, header, dictionary, signal: no carrier is silent and none says yes."""
    verdict = reader.get(path, *lines, method=method)

    assert verdict.headers_refuse
    assert (verdict.robots_usage, verdict.robots_signal, verdict.tdmrep) == (True, True, True)
    assert not verdict.takes


def test_the_strict_reader_takes_what_nobody_reserves():
    """The control: straight from a site without a word about rights it takes the picture."""
    with plain_site() as site:
        site.put("/a.jpg", b"picture", "image/jpeg")
        port = int(site.url.rpartition(":")[2])

        assert StrictReader(port, HOST).get("/a.jpg").takes


# Each is one way to say it that a strict reader does not understand, or that makes it give the whole site up.
EVERYBODY = "User-agent: *\nAllow: /\n"
NAMED = "\nUser-agent: StrictReaderBot\nAllow: /\n"
WRONG = {
    "a path in Content-Usage": ("/robots.txt", f"{EVERYBODY}Content-Usage: /a train-ai=n\n", "robots_usage"),
    "a word of Content Signals": ("/robots.txt", f"{EVERYBODY}Content-Usage: ai-train=n\n", "robots_usage"),
    "signals in another group": ("/robots.txt", f"{EVERYBODY}Content-Signal: ai-train=no\n{NAMED}", "robots_signal"),
}


@pytest.mark.parametrize(("path", "body", "carrier"), WRONG.values(), ids=WRONG.keys())
def test_the_strict_reader_misses_what_is_written_wrong(path: str, body: str, carrier: str):
    """So the tests above can fail."""
    with plain_site() as site:
        site.put("/a.jpg", b"picture", "image/jpeg")
        site.put(path, body)
        verdict = StrictReader(int(site.url.rpartition(":")[2]), HOST).get("/a.jpg")

        assert getattr(verdict, carrier) is None
        assert verdict.takes


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/robots.txt", 503, ""),
        ("/robots.txt", 403, ""),
        ("/robots.txt", 200, "# " + "x" * 600_000),
        ("/.well-known/tdmrep.json", 200, '{"policies": []}'),
        ("/.well-known/tdmrep.json", 200, '[{"location": "/", "tdm-reservation": "1"}]'),
    ],
)
def test_the_strict_reader_gives_up_a_site_whose_documents_are_broken(path: str, status: int, body: str):
    """It takes nothing then; a guard must not need that."""
    with plain_site() as site:
        site.put(path, body, status=status)
        with pytest.raises(UnreachableError):
            StrictReader(int(site.url.rpartition(":")[2]), HOST).get("/a.jpg")


def _with_line(line: str) -> Verdict:
    with plain_site() as site:
        site.put("/a.jpg", b"picture", "image/jpeg", X_Robots_Tag=line)
        return StrictReader(int(site.url.rpartition(":")[2]), HOST).get("/a.jpg")


def test_the_strict_reader_knows_lines_for_one_user_agent():
    """`otherbot: noai` is not for it; `noai, max-image-preview:none` is."""
    assert _with_line("otherbot: noai").takes
    assert not _with_line("noai, max-image-preview:none").takes


@pytest.fixture
def lonely(upstreams: Upstreams, tmp_path) -> Iterator[RunningGuard]:
    """A guard whose recorder a test stops."""
    running = RunningGuard(tmp_path, {"sites": [{"host": HOST, "upstream": upstreams.good}]})
    yield running
    running.stop()


def test_the_documents_are_answered_while_nothing_can_be_recorded(lonely: RunningGuard):
    """A recorder that hangs costs the owner evidence, which is counted, and crawlers no word of the reservation."""
    recorder = lonely.children()["guard.server.recorder"]
    os.kill(recorder, signal.SIGSTOP)
    try:
        replies = {path: ask(lonely.port, path, host=HOST, agent=GPTBOT) for path in DOCUMENTS[:3]}
        refused = ask(lonely.port, "/original.jpg", host=HOST, agent=GPTBOT)
    finally:
        os.kill(recorder, signal.SIGCONT)

    assert [reply.status for reply in replies.values()] == [200] * 3
    assert (refused.status, refused.get("tdm-reservation")) == (403, "1")


def test_the_lines_are_small(guard: RunningGuard):
    """At most 400 bytes in every response, with names, colons and line ends."""
    reply = ask(guard.port, "/original.jpg", host=HOST, agent=CHROME)
    ours = [
        (name, value) for name, value in reply.lines
        if name.lower() in {"tdm-reservation", "tdm-policy", "content-usage", "content-signal"}
        or (name.lower() == "x-robots-tag" and "max-image" not in value)
        or (name.lower() == "link" and "rsl" in value)
    ]  # fmt: skip

    assert len(ours) >= 7
    assert sum(len(name) + len(value) + 4 for name, value in ours) <= 400
