"""Is only that fetched which was meant, from where it was meant, and no more than was allowed?"""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from guard.core.addresses import is_public
from guard.errors import FetchError
from guard.server.safe_fetch import Limits, SafeFetch
from tests.support.tls_site import TlsSite, certificate

HOST = "lists.example"
LIMITS = Limits(bytes=1000, seconds=3.0)


@pytest.fixture
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TlsSite]:
    """A site whose certificate is for `lists.example`."""
    server, client = certificate(tmp_path_factory.mktemp("tls"), HOST)
    async with TlsSite(server) as running:
        running.client = client  # type: ignore[attr-defined]
        yield running


def fetcher(site: TlsSite, found=("127.0.0.1",), allow=lambda _address: True) -> SafeFetch:
    """Return a fetcher that finds every name on loopback."""

    async def resolve(host: str, port: int) -> list[str]:
        return list(found)

    return SafeFetch(resolve=resolve, allow=allow, tls=site.client)  # type: ignore[attr-defined]


async def get(site: TlsSite, path: str = "/a", limits: Limits = LIMITS, host: str = HOST, **how):
    """Fetch once."""
    fetch = fetcher(site, **how)
    try:
        return await fetch.get(f"https://{host}:{site.port}{path}", limits)
    finally:
        await fetch.close()


async def test_a_page_is_fetched_and_little_is_said_about_us(site: TlsSite):
    """The body, its type and how long it may be kept; no cookie, no language, nothing of the environment."""
    site.page("/a", b"{}", extra="Cache-Control: public, max-age=600\r\nSet-Cookie: a=b\r\n")
    fetched = await get(site)

    assert (fetched.body, fetched.media_type, fetched.max_age) == (b"{}", "application/json", 600)
    names = {line.partition(":")[0].lower() for line in site.requests[0].splitlines()[1:] if line}
    assert names == {"host", "user-agent", "accept", "accept-encoding", "connection"}


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], ["::ffff:127.0.0.1"], ["64:ff9b::a00:1"],
     ["2002:7f00:1::"], ["fec0::1"], ["0.0.0.0"], ["100.64.0.1"], ["8.8.8.8", "127.0.0.1"]],
)  # fmt: skip
async def test_a_name_that_leads_inside_is_not_asked(site: TlsSite, addresses):
    """Also in the forms that hide an address in another, and if only one of several leads there."""
    site.page("/a", b"{}")

    with pytest.raises(FetchError, match="not public"):
        await get(site, found=addresses, allow=is_public)
    assert site.requests == []


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://lists.example/", "only https"),
        ("ftp://lists.example/", "only https"),
        ("file:///etc/passwd", "only https"),
        ("//lists.example/", "only https"),
        ("", "only https"),
        ("https://u:p@lists.example/", "only https"),
        ("https://127.0.0.1/", "an address and no host"),
        ("https://[::1]/", "an address and no host"),
        ("https://2130706433/", "an address and no host"),
        ("https://0x7f.1/", "an address and no host"),
        ("https://127.1/", "an address and no host"),
        ("https://127.0.0.1./", "an address and no host"),
        ("https:///", "only https"),
        ("https://lists.example:99999/", "could not be fetched"),
    ],
)
async def test_only_https_by_name_is_fetched(site: TlsSite, url, reason):
    """A literal address would be connected to without being looked up, whichever way it is written."""
    fetch = fetcher(site)

    with pytest.raises(FetchError, match=reason):
        await fetch.get(url, LIMITS)
    await fetch.close()
    assert site.requests == []


async def test_a_certificate_of_another_host_is_refused(site: TlsSite):
    """Connecting by address must not mean trusting by address."""
    site.page("/a", b"{}")

    with pytest.raises(FetchError, match="Certificate"):
        await get(site, host="other.example")
    assert site.requests == []


def redirect(to: str) -> bytes:
    """Return a redirect."""
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


@pytest.mark.parametrize(
    "to", ["/b", "http://lists.example/", "https://evil.test/", "//evil.test/b", "https://127.0.0.1/"]
)
async def test_a_redirect_is_not_followed(site: TlsSite, to):
    """Not even to itself, unless that is allowed."""
    site.pages["/a"] = redirect(to)
    site.page("/b", b"{}")

    with pytest.raises(FetchError, match="redirects"):
        await get(site)
    assert len(site.requests) == 1


async def test_a_redirect_inside_the_origin_is_followed_where_that_is_allowed(site: TlsSite):
    """A few times; never elsewhere."""
    allowed = Limits(bytes=1000, seconds=3.0, same_origin_redirects=True)
    site.pages["/a"] = redirect("/b")
    site.page("/b", b"[]")
    site.pages["/loop"] = redirect("/loop")
    site.pages["/out"] = redirect("https://evil.test/")
    site.pages["/down"] = redirect(f"http://{HOST}:{site.port}/b")

    assert (await get(site, "/a", allowed)).body == b"[]"
    for path, reason in [("/loop", "too often"), ("/out", "another origin"), ("/down", "only https")]:
        with pytest.raises(FetchError, match=reason):
            await get(site, path, allowed)
    assert len(site.requests) == 2 + 4 + 1 + 1


async def endless(head: str, writer: asyncio.StreamWriter) -> None:
    """Send without end, and without a length."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    for _ in range(10_000):
        writer.write(b" " * 65536)
        await writer.drain()


async def slow(head: str, writer: asyncio.StreamWriter) -> None:
    """Send one byte a tenth of a second."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n")
    for _ in range(100):
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.1)


async def silent(head: str, writer: asyncio.StreamWriter) -> None:
    """Send nothing."""
    await asyncio.sleep(5)


async def headers(head: str, writer: asyncio.StreamWriter) -> None:
    """Send a head without end."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(20_000):
        writer.write(b"X-%d: %s\r\n" % (number, b"a" * 500))
        await writer.drain()


async def cut(head: str, writer: asyncio.StreamWriter) -> None:
    """Send less than announced."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{}")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        (endless, "more than 1000 bytes"),
        (slow, "within 1 seconds"),
        (silent, "within 1 seconds"),
        (headers, "could not be fetched"),
        (cut, "could not be fetched"),
    ],
)
async def test_an_answer_without_end_is_given_up(site: TlsSite, page, reason):
    """After so many bytes or so much time, whichever comes first; half an answer is none."""
    site.pages["/a"] = page
    started = time.monotonic()

    with pytest.raises(FetchError, match=reason):
        await get(site, limits=Limits(bytes=1000, seconds=1.0))
    assert time.monotonic() - started < 3


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", "status 404"),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 2\r\n\r\n{}", "status 206"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\n{}", "media type"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "media type"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",
            "compressed",
        ),
        (b"garbage\r\n\r\n", "could not be fetched"),
    ],
)
async def test_an_answer_that_is_not_what_was_asked_for_is_refused(site: TlsSite, answer, reason):
    """A page instead of JSON; a bomb that would unpack itself."""
    site.pages["/a"] = answer

    with pytest.raises(FetchError, match=reason):
        await get(site, limits=Limits(bytes=1000, seconds=3.0, media_types=frozenset({"application/json"})))


async def test_a_name_that_is_not_there_is_a_fetch_error(site: TlsSite):
    """The machine's own resolver may answer nothing at all, or fail."""
    with pytest.raises(FetchError):
        await get(site, found=())
