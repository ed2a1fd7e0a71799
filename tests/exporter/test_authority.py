"""Is an authority believed only for a good reply, and never longer waited for than it is worth?"""

import asyncio
import time

import pytest

from guard.exporter import token_trust
from guard.exporter.authority import AskError, ask, session, system_trust
from guard.exporter.token_trust import Trust
from tests.support.authority import Authority, serving

DATA = b"photo.example/evidence/1\n3\nroot\n"
GOOD = Authority(name="Good")
TRUST = Trust(certificates=(GOOD.root.certificate,))


async def asked(url: str, trust: Trust = TRUST, seconds: float = 5):
    async with session() as http:
        return await ask(http, url, DATA, trust, seconds=seconds)


async def test_a_good_reply_is_returned_as_it_came():
    """Byte by byte: it is kept as evidence."""
    replies = []
    with serving(lambda query: replies.append(GOOD.reply(query)) or replies[-1]) as server:
        stamped = await asked(server.url)

    assert [stamped.reply] == replies
    assert token_trust.verify(stamped.reply, DATA, TRUST).time == stamped.token.time


async def test_two_requests_have_two_nonces():
    """So that an old reply is never taken for a new one."""
    with serving(GOOD.reply) as server:
        await asked(server.url)
        await asked(server.url)

    assert server.asked[0] != server.asked[1]


PORTAL = b"<html><body>Welcome to Free WiFi. Log in to go on.</body></html>"
BROKEN = {
    "refuses": (lambda _: (500, {}, b""), "it answers with status 500"),
    "too many requests": (lambda _: (429, {}, b""), r"it asks to be left alone \(status 429\)"),
    "portal": (lambda _: (200, {"Content-Type": "text/html; charset=utf-8"}, PORTAL), "a log-in page of the network"),
    "portal that lies": (
        lambda _: (200, {"Content-Type": "application/timestamp-reply"}, PORTAL),
        "no time-stamp reply",
    ),
    "garbage": (lambda _: b"\x30\x82\xff\xff", "no time-stamp reply"),
    "nothing": (lambda _: b"", "no time-stamp reply"),
    "too much": (lambda _: b"0" * 300_000, "more than 262144 bytes"),
    "elsewhere": (lambda _: (302, {"Location": "http://127.0.0.1:1/"}, b""), "it answers with status 302"),
    "rejects": (Authority(status="rejection").reply, r"not granted: rejected \(too many requests\)"),
    "an old reply": (Authority(name="Good", changes={"nonce": 5}).reply, "nonce is not that of the request"),
    "a stranger": (Authority(name="Good").reply, "'CN=Good' is no authority that is trusted here"),
}


@pytest.mark.parametrize(("reply", "said"), BROKEN.values(), ids=list(BROKEN))
async def test_everything_else_is_told_for_what_it_is(reply, said):
    """Fault 31: so that the owner knows whether to wait or to change the address."""
    with serving(reply) as server:
        with pytest.raises(AskError, match=said):
            await asked(server.url)
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("value", "seconds"), [("120", 120), ("999999999", 86_400), ("Fri, 01 Jan 2027", 0), ("-5", 0)]
)
async def test_the_time_to_wait_is_read_and_bounded(value, seconds):
    """An authority can not silence us for a year."""
    with serving(lambda _: (429, {"Retry-After": value}, b"")) as server, pytest.raises(AskError) as caught:
        await asked(server.url)

    assert caught.value.retry_after == seconds


async def test_a_slow_authority_is_given_up():
    """After the seconds it was given."""
    with serving(lambda _: time.sleep(1) or b"") as server:
        started = time.monotonic()
        with pytest.raises(AskError, match=r"no answer within 0\.2 seconds"):
            await asked(server.url, seconds=0.2)
        assert time.monotonic() - started < 0.9


async def test_an_authority_that_trickles_is_given_up_too():
    """The time is for the whole answer, not for each byte."""
    ended = asyncio.Event()

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        for _ in range(12):
            writer.write(b"0")
            await asyncio.sleep(0.05)
        writer.close()
        ended.set()

    server = await asyncio.start_server(trickle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(AskError, match="no answer within"):
        await asked(f"http://127.0.0.1:{port}/", seconds=0.3)
    await ended.wait()
    server.close()
    await server.wait_closed()


async def test_nobody_there_is_told():
    """A name that leads nowhere, a port that is closed."""
    with pytest.raises(AskError, match="it can not be reached: ClientConnectorError"):
        await asked("http://127.0.0.1:9/tsr")


async def test_a_proxy_of_the_environment_is_not_asked(monkeypatch):
    """Nobody but who the owner named."""
    with serving(lambda _: (500, {}, b"")) as proxy, serving(GOOD.reply) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        await asked(server.url)

    assert proxy.asked == []


def test_this_machine_trusts_somebody():
    """Most public authorities are under a root that is here."""
    assert len(system_trust().certificates) > 20
