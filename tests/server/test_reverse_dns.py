"""Is a name believed only when it leads back, and nothing concluded from a server that fails?"""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path

import pytest

from guard.core.dns_messages import RecordType, reverse_name
from guard.core.identity import HostNames, NameState
from guard.server import reverse_dns
from guard.server.reverse_dns import IN_FLIGHT, MAX_NAMES, ReverseDns, system_servers
from tests.support.name_server import NameServer, answer, asked, record

CLIENT = ip_address("66.249.66.1")
HOST = "crawl-66-249-66-1.googlebot.com"
MASKS = ("crawl-*.googlebot.com", "geo-crawl-*.geo.googlebot.com")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PTR, A = RecordType.PTR, RecordType.A
REVERSE = reverse_name(CLIENT)


class Clock:
    """A clock that a test turns."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def server() -> AsyncIterator[NameServer]:
    """A name server on loopback."""
    async with NameServer() as running:
        yield running


@pytest.fixture
async def make(server: NameServer) -> AsyncIterator[Callable[..., ReverseDns]]:
    """Makes what is tested, asking that server."""
    made: list[ReverseDns] = []

    def build(**how) -> ReverseDns:
        made.append(ReverseDns(how.pop("servers", [server.address]), lambda: NOW, **how))
        return made[-1]

    yield build
    for one in made:
        await one.close()


async def settled(dns: ReverseDns, address=CLIENT, masks=MASKS) -> HostNames:
    """Ask until there is an answer."""
    for _ in range(500):
        names = dns.names(address, masks)
        if names.state is not NameState.PENDING:
            return names
        await asyncio.sleep(0.01)
    raise AssertionError("no answer in five seconds")


async def test_a_name_that_leads_back_is_confirmed(server: NameServer, make):
    """There and back; the first answer is `pending`, because nobody waits."""
    server.zone = {(REVERSE, PTR): [HOST], (HOST, A): ["66.249.66.2", "66.249.66.1"]}
    dns = make()

    assert dns.names(CLIENT, MASKS).state is NameState.PENDING
    assert await settled(dns) == HostNames(state=NameState.ANSWERED, confirmed=(HOST,), at=NOW)


async def test_ipv6_is_confirmed_by_its_own_kind_of_record(server: NameServer, make):
    """AAAA, not A."""
    address = ip_address("2001:4860:4801:10::1")
    server.zone = {(reverse_name(address), PTR): [HOST], (HOST, RecordType.AAAA): [str(address)]}

    assert (await settled(make(), address)).confirmed == (HOST,)


@pytest.mark.parametrize(
    "zone",
    [
        {(REVERSE, PTR): [HOST]},
        {(REVERSE, PTR): [HOST], (HOST, A): ["66.249.66.2"]},
        {(REVERSE, PTR): [HOST], (HOST, A): []},
        {(REVERSE, PTR): ["crawl-1.googlebot.com.evil.test"], ("crawl-1.googlebot.com.evil.test", A): [str(CLIENT)]},
        {(REVERSE, PTR): ["1.bc.googleusercontent.com"], ("1.bc.googleusercontent.com", A): [str(CLIENT)]},
        {(REVERSE, PTR): []},
        {},
    ],
    ids=["name-unknown", "leads-elsewhere", "no-address", "longer-name", "clouds-customer", "no-name", "not-there"],
)
async def test_a_name_that_does_not_lead_back_is_no_name(server: NameServer, make, zone):
    """Whoever owns an address writes into its name what he likes; these are answers, and refute."""
    server.zone = zone

    assert await settled(make()) == HostNames(state=NameState.ANSWERED, at=NOW)


async def test_a_foreign_name_is_not_even_asked_for(server: NameServer, make):
    """Else the owner of an address has us ask any server he names."""
    server.zone = {(REVERSE, PTR): ["evil.test"]}
    await settled(make())

    assert server.questions == [(REVERSE, PTR)]


async def test_several_names_are_tried_but_few(server: NameServer, make):
    """The right one may be the second; a hundred are an attempt to make us work, and prove nothing."""
    names = [f"crawl-{number}.googlebot.com" for number in range(40)]
    server.zone = {(REVERSE, PTR): ["www.example.org", names[1], HOST], (HOST, A): [str(CLIENT)]}
    assert (await settled(make())).confirmed == (HOST,)

    server.zone = {(REVERSE, PTR): names}
    server.questions.clear()
    assert (await settled(make())).state is NameState.FAILED
    assert len(server.questions) == 1 + MAX_NAMES


def no_answer(question: bytes) -> None:
    """Hang."""


def failing(question: bytes) -> bytes:
    """Say SERVFAIL."""
    return answer(question, [], status=2)


def cut_short(question: bytes) -> bytes:
    """Say that there is more than fits."""
    return answer(question, [record(REVERSE, PTR, HOST)], cut=True)


def huge(question: bytes) -> bytes:
    """Answer with a packet of almost 64 KiB."""
    return answer(question, [record(REVERSE, PTR, HOST)] * 60) + b"\0" * 60_000


def garbage(question: bytes) -> bytes:
    """Answer with the right number and nonsense."""
    return question[:2] + b"\xff" * 40


def alias_loop(question: bytes) -> bytes:
    """Answer with aliases that lead to each other."""
    loop = [record(REVERSE, RecordType.CNAME, "a.test"), record("a.test", RecordType.CNAME, REVERSE)]
    return answer(question, loop)


def too_many(question: bytes) -> bytes:
    """Answer with more records than anybody has."""
    return answer(question, [record(REVERSE, PTR, HOST)] * 200)


@pytest.mark.parametrize("answering", [no_answer, failing, cut_short, garbage, alias_loop, too_many])
async def test_a_server_that_fails_says_nothing(server: NameServer, make, answering):
    """The answer is `failed` within the limit of time, and never that there is no name."""
    server.answering = answering
    started = time.monotonic()
    found = await settled(make())

    assert found == HostNames(state=NameState.FAILED)
    assert time.monotonic() - started < 3.5


async def test_a_huge_answer_is_read_or_refused_but_never_waits_for_more(server: NameServer, make):
    """What follows the records is not looked at."""
    server.answering = huge

    assert (await settled(make())).state in (NameState.ANSWERED, NameState.FAILED)


async def test_a_failure_on_the_way_back_says_nothing_either(server: NameServer, make):
    """The name fits, and only its zone does not answer."""
    server.answering = lambda question: (
        answer(question, [record(REVERSE, PTR, HOST)]) if asked(question)[1] is PTR else failing(question)
    )

    assert (await settled(make())).state is NameState.FAILED


async def test_a_forged_answer_is_passed_over(server: NameServer, make):
    """Somebody guesses the number wrongly before the real answer comes."""

    def forged_first(question: bytes) -> list[bytes]:
        wrong = bytes([question[0] ^ 1]) + question[1:]
        return [answer(wrong, []), server.from_zone(question)]

    server.zone = {(REVERSE, PTR): [HOST], (HOST, A): [str(CLIENT)]}
    server.answering = forged_first

    assert (await settled(make())).confirmed == (HOST,)


async def test_the_next_server_is_asked_when_one_is_dead(server: NameServer, make):
    """As the machine's own resolver does."""
    server.zone = {(REVERSE, PTR): [HOST], (HOST, A): [str(CLIENT)]}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as dead:
        dead.bind(("127.0.0.1", 0))
        port = dead.getsockname()[1]

    assert (await settled(make(servers=[("127.0.0.1", port), server.address]))).confirmed == (HOST,)


async def test_without_a_server_nothing_is_concluded(make):
    """A machine without name servers knows nothing about anybody."""
    assert (await settled(make(servers=[]))).state is NameState.FAILED


async def test_answers_are_kept_for_their_time(server: NameServer, make):
    """A day if confirmed, an hour if refuted, a minute if nobody answered."""
    clock = Clock()
    dns = make(clock=clock)
    for zone, answering, seconds in [
        ({(REVERSE, PTR): [HOST], (HOST, A): [str(CLIENT)]}, server.from_zone, 24 * 3600),
        ({}, server.from_zone, 3600),
        ({}, failing, 60),
    ]:
        server.zone, server.answering = zone, answering
        known = await settled(dns)
        server.questions.clear()
        clock.now += seconds - 1
        assert dns.names(CLIENT, MASKS) is known
        assert server.questions == []
        clock.now += 2
        assert dns.names(CLIENT, MASKS).state is NameState.PENDING
        await dns.close()


async def test_one_address_is_asked_about_once_and_few_at_a_time(server: NameServer, make):
    """Single flight, and a bound on all flights together; what is above it is asked later."""
    server.answering = no_answer
    dns = make()
    for _ in range(3):
        for number in range(100):
            assert dns.names(ip_address(0x08080000 + number), MASKS).state is NameState.PENDING

    assert dns.running == IN_FLIGHT
    await asyncio.sleep(0.2)
    assert len(server.questions) == IN_FLIGHT


async def test_what_is_remembered_is_bounded(server: NameServer, make):
    """The address asked about longest ago goes first."""
    dns = make(remembered=5)
    for number in range(9):
        await settled(dns, ip_address(0x08080000 + number))

    assert "known=5" in repr(dns)


async def test_closing_ends_what_is_under_way(server: NameServer, make):
    """Without a warning and without waiting."""
    server.answering = no_answer
    dns = make()
    dns.names(CLIENT, MASKS)
    await asyncio.sleep(0.05)
    started = time.monotonic()
    await dns.close()

    assert dns.running == 0
    assert time.monotonic() - started < 0.5


def test_the_machines_name_servers_are_found(tmp_path: Path):
    """At most three, and only addresses."""
    path = tmp_path / "resolv.conf"
    path.write_text("# x\nsearch example\nnameserver 9.9.9.9\nnameserver nonsense\nnameserver fe80::1%eth0\n"
                    "nameserver 2620:fe::fe\nnameserver 1.1.1.1\n")  # fmt: skip

    assert system_servers(path) == (("9.9.9.9", 53), ("fe80::1%eth0", 53), ("2620:fe::fe", 53))
    assert system_servers(tmp_path / "none") == ()
    assert reverse_dns.SECONDS == 2.0
