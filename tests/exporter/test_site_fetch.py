"""The audit asks a site within its budget, and is not led anywhere else."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from guard.exporter import site_fetch
from guard.exporter.site_fetch import SiteFetch
from guard.reservation.site import Asker, Failure

Serving = Callable[[str, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def serving(answer: Serving, host: str = "127.0.0.1"):
    """Serve raw answers; yields the port and the list of request heads."""
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            heads.append(head)
            await answer(head, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, host, 0)
    try:
        yield server.sockets[0].getsockname()[1], heads
    finally:
        server.close()
        await asyncio.sleep(0)


def reply(body: bytes = b"ok", *lines: str, status: int = 200) -> Serving:
    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join((f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", "Connection: close", *lines))
        writer.write(f"{head}\r\n\r\n".encode() + body)
        await writer.drain()

    return answer


def only_this_is_public(address: object) -> bool:
    return str(address) == "127.0.0.1"


async def test_names_and_order_of_header_lines_come_as_they_were_sent():
    """One reader looks for a name in lower case, another sees only the first line: both must be seen here."""
    sent = reply(b"x", "TDM-Reservation: 1", "x-robots-tag: b", "X-Robots-Tag: a")
    async with serving(sent) as (port, heads), SiteFetch(f"http://127.0.0.1:{port}/") as fetch:
        answer = await fetch.ask(f"http://127.0.0.1:{port}/", 100)

    assert answer.headers[2:] == (("TDM-Reservation", "1"), ("x-robots-tag", "b"), ("X-Robots-Tag", "a"))
    assert f"User-Agent: {site_fetch.NAME}" in heads[0]


@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.2:{port}/", "http://localhost2.invalid/", "http://[::1]:{port}/", "file:///etc/passwd",
     "http://a:b@127.0.0.1:{port}/", "http://localhost:{port}/", "http://2130706434:{port}/"],
)  # fmt: skip
async def test_a_public_site_leads_nowhere_private(target: str):
    """Neither by a literal address, nor by a name, nor by another scheme: nothing is asked there."""
    async with serving(reply(), "127.0.0.2") as (port, heads):
        location = target.format(port=port)
        async with serving(reply(b"", f"Location: {location}", status=302)) as (start, _):
            url = f"http://127.0.0.1:{start}/"
            async with SiteFetch(url, public=only_this_is_public, seconds=3) as fetch:
                redirected, direct = await fetch.ask(url, 100), await fetch.ask(location, 100)

    expected = {Failure.ADDRESS, Failure.NAME} if "invalid" in target else {Failure.ADDRESS}
    if target.startswith("http://localhost:"):
        expected |= {Failure.CONNECTION}  # where a machine calls 127.0.0.1 alone by that name, it is the public one
    assert {redirected.failure, direct.failure} <= expected
    assert heads == []


async def test_a_site_on_this_machine_may_lead_to_another_one():
    """The owner tries out what is not online yet."""
    async with (
        serving(reply(b"there"), "127.0.0.2") as (port, _),
        serving(reply(b"", f"Location: http://127.0.0.2:{port}/", status=302)) as (start, _heads),
        SiteFetch(f"http://127.0.0.1:{start}/") as fetch,
    ):
        answer = await fetch.ask(f"http://127.0.0.1:{start}/", 100)

    assert answer.body == b"there"
    assert answer.url == f"http://127.0.0.2:{port}/"


async def test_five_redirects_are_followed_and_no_sixth():
    """As RFC 9309, section 2.3.1.2, asks for robots.txt."""

    async def count(head: str, writer: asyncio.StreamWriter) -> None:
        number = int(head.split(" ")[1].strip("/") or 0)
        await reply(b"", f"Location: /{number - 1}", status=301)(head, writer) if number else await reply()(
            head, writer
        )

    async with serving(count) as (port, _), SiteFetch(f"http://127.0.0.1:{port}/") as fetch:
        five = await fetch.ask(f"http://127.0.0.1:{port}/5", 100)
        six = await fetch.ask(f"http://127.0.0.1:{port}/6", 100)

    assert five.body == b"ok"
    assert six.failure is Failure.REDIRECTS


async def test_a_body_without_an_end_is_cut():
    """What was read of it is kept, and that it is not whole."""

    async def endless(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"x" * 65536)
            await writer.drain()

    async with serving(endless) as (port, _), SiteFetch(f"http://127.0.0.1:{port}/") as fetch:
        answer = await fetch.ask(f"http://127.0.0.1:{port}/", 1000)

    assert (answer.status, answer.body, answer.whole) == (200, b"x" * 1000, False)


async def test_a_byte_now_and_then_does_not_hold_the_audit():
    """The time is for the whole answer, and for the whole audit."""

    async def drip(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.05)

    before = time.monotonic()
    async with serving(drip) as (port, _):
        url = f"http://127.0.0.1:{port}/"
        async with SiteFetch(url, seconds=0.3, all_seconds=0.5) as fetch:
            failures = [(await fetch.ask(url, 1000)).failure for _ in range(4)]

    assert failures == [Failure.TIMEOUT, Failure.TIMEOUT, Failure.BUDGET, Failure.BUDGET]
    assert time.monotonic() - before < 2


async def test_requests_are_counted(monkeypatch):
    """A site that answers everything can not keep the audit asking."""
    monkeypatch.setattr(site_fetch, "MAX_REQUESTS", 2)
    async with serving(reply()) as (port, heads), SiteFetch(f"http://127.0.0.1:{port}/") as fetch:
        failures = [(await fetch.ask(f"http://127.0.0.1:{port}/", 100)).failure for _ in range(3)]

    assert failures == [Failure.NONE, Failure.NONE, Failure.BUDGET]
    assert len(heads) == 2


@pytest.mark.parametrize("raw", [b"no http at all\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", b""])
async def test_what_is_no_whole_answer_is_none(raw: bytes):
    """Half a robots.txt is not read as one."""

    async def answer(_head: str, writer: asyncio.StreamWriter) -> None:
        writer.write(raw)
        await writer.drain()

    async with serving(answer) as (port, _), SiteFetch(f"http://127.0.0.1:{port}/") as fetch:
        got = await fetch.ask(f"http://127.0.0.1:{port}/", 100)

    assert got.status == 0
    assert got.failure in {Failure.PROTOCOL, Failure.CONNECTION}


def test_only_what_stands_in_for_a_browser_hides_who_asks():
    """A person who reads the log finds the audit's name."""
    assert all(
        site_fetch.NAME in agent for asker, agent in site_fetch.USER_AGENTS.items() if asker is not Asker.BROWSER
    )
