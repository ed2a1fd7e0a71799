"""Is the answer there at once, better a moment later, and never an accusation for want of an answer?"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import orjson
import pytest

from guard.core.classification import Identity
from guard.core.crawlers import Catalogue, Crawler, Purpose, RobotsStance
from guard.core.dns_messages import RecordType, reverse_name
from guard.core.facts import RequestFacts
from guard.core.identity import Grade, IdentityVerdict
from guard.core.range_file import Proof, RangeFile, RangeFormat, RangeSource, SigningAgent
from guard.core.range_lists import RangeList
from guard.core.signatures import SignatureStatus
from guard.core.signing_keys import MEDIA_TYPE, directory_url
from guard.errors import FetchError
from guard.server.identities import VERIFICATIONS_PER_SECOND, Identities, IdentityOptions
from guard.server.safe_fetch import Fetched, Limits
from guard.store.range_files import SEED, write_list
from guard.store.rule_files import load_crawler_files, rules_root
from tests.support.facts import request
from tests.support.name_server import NameServer, answer
from tests.support.signing import AGENT, ED25519, NOW, P256, jwk, signed

INSIDE, OUTSIDE = "66.249.66.1", "8.8.8.8"
HOST = "crawl-66-249-66-1.googlebot.com"


def entry(token: str, operator: str, purpose: Purpose, **fields) -> Crawler:
    """Return a catalogue entry."""
    return Crawler(
        id=token.lower(), token=token, operator=operator, purpose=purpose, robots=RobotsStance.DOCUMENTED,
        references=(), checked=date(2026, 11, 22), **fields,
    )  # fmt: skip


CATALOGUE = Catalogue(
    [
        entry("GPTBot", "OpenAI", Purpose.AI_TRAINING, ranges=("gptbot",)),
        entry("Googlebot", "Google", Purpose.SEARCH_ENGINE, rdns=("crawl-*.googlebot.com",)),
        entry("bingbot", "Microsoft", Purpose.SEARCH_ENGINE, ranges=("bing",), rdns=("*.search.msn.com",)),
        entry("SignedAgent", "Signer", Purpose.AI_AGENT, signature_agent=AGENT),
    ]
)
RANGES = RangeFile(
    ranges={
        name: RangeSource(name=name, urls=("https://l.example/x",), format=RangeFormat.JAFAR, proof=Proof.CRAWLER,
                          prefixes=(), asns=(), note="")
        for name in ("gptbot", "bing")
    },
    signing_agents=(SigningAgent(origin=AGENT, operator="Signer", agent="SignedAgent", note=""),),
)  # fmt: skip


class Origin:
    """Stands for the internet: a key directory."""

    def __init__(self) -> None:
        self.keys = [jwk(ED25519)]
        self.down = False
        self.asked: list[str] = []

    async def get(self, url: str, limits: Limits) -> Fetched:  # noqa: ARG002  # as the real one is called
        """Answer."""
        self.asked.append(url)
        if self.down:
            raise FetchError("no answer within 3 seconds")
        return Fetched(body=orjson.dumps({"keys": self.keys}), media_type=MEDIA_TYPE, max_age=0)


Make = Callable[..., Identities]


def keep(folder: Path, name: str, prefix: str, at: datetime = NOW) -> None:
    """Put a list on disk."""
    write_list(folder, RangeList(name=name, prefixes=(ip_network(prefix),), fetched_at=at, source="", complete=True))


@pytest.fixture
async def make(tmp_path: Path) -> AsyncIterator[Make]:
    """Makes what is tested, with two fresh lists on disk."""
    keep(tmp_path / "seed", "gptbot", "66.249.66.0/24")
    keep(tmp_path / "seed", "bing", "40.77.167.0/24")
    made: list[Identities] = []

    def build(origin: Origin | None = None, servers=(), **options) -> Identities:
        one = Identities(
            CATALOGUE, RANGES, tmp_path / "seed", IdentityOptions(**options), now=lambda: NOW,
            fetch=origin or Origin(), name_servers=servers,
        )  # fmt: skip
        one.start()
        made.append(one)
        return one

    yield build
    for one in made:
        await one.stop()


def ask(identities: Identities, token: str, address: str = OUTSIDE, **headers: str) -> IdentityVerdict:
    """Judge a request that names `token`."""
    agent = f"Mozilla/5.0 (compatible; {token}/1.0)" if token else "Mozilla/5.0 (X11) Firefox/130.0"
    facts = request(address=address, User_Agent=agent, **headers)
    return identities.judge(facts, CATALOGUE.find(agent))


def ask_signed(identities: Identities, facts: RequestFacts) -> IdentityVerdict:
    """Judge a signed request of what looks like a browser."""
    return identities.judge(facts, CATALOGUE.find("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36"))


async def until(found: Callable[[], IdentityVerdict], identity: Identity) -> IdentityVerdict:
    """Ask again until the answer is there."""
    for _ in range(400):
        verdict = found()
        if verdict.identity is identity:
            return verdict
        await asyncio.sleep(0.01)
    raise AssertionError(f"still {verdict}")


async def test_lists_answer_at_once(make: Make):
    """Inside is confirmed, outside refuted, nobody is asked."""
    identities = make(origin := Origin())

    assert ask(identities, "GPTBot", INSIDE).identity is Identity.VERIFIED
    assert ask(identities, "GPTBot").identity is Identity.IMPOSTOR
    assert ask(identities, "").identity is Identity.NONE_CLAIMED
    assert ask(identities, "GPTBot", "127.0.0.1").identity is Identity.UNKNOWN
    assert origin.asked == []


async def test_each_client_and_each_claim_has_its_own_verdict(make: Make):
    """What is remembered for one says nothing about the next, also where two numbers are alike."""
    identities = make()
    for _ in range(2):
        assert ask(identities, "GPTBot", INSIDE).identity is Identity.VERIFIED
        assert ask(identities, "bingbot", INSIDE).identity is Identity.IMPOSTOR
        assert ask(identities, "GPTBot", "66.249.67.1").identity is Identity.IMPOSTOR
        # The number of this IPv6 address is that of the IPv4 address inside.
        assert ask(identities, "GPTBot", f"::{INSIDE}").identity is Identity.UNKNOWN


async def test_a_name_is_looked_up_in_the_background(make: Make):
    """`unknown` first, then what the name servers say; the request does not wait."""
    async with NameServer() as server:
        address = request(address=INSIDE).client.address
        assert address is not None
        server.zone = {(reverse_name(address), RecordType.PTR): [HOST], (HOST, RecordType.A): [INSIDE]}
        identities = make(servers=[server.address], reverse_dns=True)

        started = time.perf_counter()
        assert ask(identities, "Googlebot", INSIDE).identity is Identity.UNKNOWN
        assert time.perf_counter() - started < 0.5
        found = await until(lambda: ask(identities, "Googlebot", INSIDE), Identity.VERIFIED)
        assert (found.grade, found.source) == (Grade.NETWORK, "crawl-*.googlebot.com")
        await until(lambda: ask(identities, "Googlebot", OUTSIDE), Identity.IMPOSTOR)


async def test_a_dead_name_server_makes_no_impostor(make: Make):
    """However often and however long it is asked, and whatever the list says."""
    async with NameServer() as server:
        server.answering = lambda question: answer(question, [], status=2)
        identities = make(servers=[server.address], reverse_dns=True)
        for _ in range(40):
            assert ask(identities, "Googlebot").identity is Identity.UNKNOWN
            assert ask(identities, "bingbot").identity is Identity.UNKNOWN
            await asyncio.sleep(0.01)
        assert server.questions


async def test_names_are_not_looked_up_unless_that_is_allowed_and_could_help(make: Make):
    """Not for people, not for crawlers without names, not for an address that a list confirms."""
    async with NameServer() as server:
        identities = make(servers=[server.address], reverse_dns=True)
        for token, address in [
            ("", INSIDE),
            ("GPTBot", OUTSIDE),
            ("bingbot", "40.77.167.9"),
            ("Googlebot", "10.0.0.1"),
        ]:
            ask(identities, token, address)
        ask(make(servers=[server.address]), "Googlebot", INSIDE)
        await asyncio.sleep(0.1)

        assert server.questions == []


async def test_a_signature_is_known_after_its_directory_was_fetched(make: Make):
    """The client looks like a browser; who it is stands in the verdict."""
    identities = make(origin := Origin(), key_directories=True)

    assert ask_signed(identities, signed()).identity is Identity.NONE_CLAIMED
    found = await until(lambda: ask_signed(identities, signed()), Identity.VERIFIED)
    assert found.grade is Grade.SIGNATURE
    assert found.crawler is not None
    assert found.crawler.token == "SignedAgent"
    assert origin.asked == [directory_url(AGENT)]
    assert identities.signature(signed()).base


@pytest.mark.parametrize("agent", ["https://evil.test", "https://127.0.0.1", "http://signer.example"])
async def test_a_signature_does_not_choose_whom_we_ask(make: Make, agent):
    """Only origins of the rules and of the owner are fetched from."""
    identities = make(origin := Origin(), key_directories=True)
    ask_signed(identities, signed(agent=agent))
    await asyncio.sleep(0.05)

    assert origin.asked == []


async def test_nothing_is_fetched_unless_that_is_allowed(make: Make):
    """Without key directories every signature is one that is not known."""
    identities = make(origin := Origin())
    ask_signed(identities, signed())
    await asyncio.sleep(0.05)

    assert origin.asked == []
    assert identities.signature(signed()).status is SignatureStatus.UNVERIFIED


async def test_an_owners_own_origin_counts(make: Make):
    """Someone the rules do not know is known by his key, if the owner says so."""
    identities = make(origin := Origin(), key_directories=True, origins=("https://partner.example",))
    facts = signed(agent="https://partner.example")
    found = await until(lambda: ask_signed(identities, facts), Identity.VERIFIED)

    assert found.crawler is None
    assert "https://partner.example" in found.reason
    assert origin.asked == [directory_url("https://partner.example")]


async def known(make: Make) -> Identities:
    """Return one that has the signer's keys."""
    identities = make(Origin(), key_directories=True)
    await until(lambda: ask_signed(identities, signed()), Identity.VERIFIED)
    return identities


async def test_a_remembered_signature_is_not_taken_for_another_request(make: Make):
    """Another authority, or another path where that is signed: checked anew, and refused."""
    identities = await known(make)
    on_path = signed(components=[('"@authority"', "photo.example"), ('"@path"', "/a.jpg"),
                                 ('"signature-agent";key="sig1"', f'"{AGENT}"')])  # fmt: skip

    assert ask_signed(identities, on_path).identity is Identity.VERIFIED
    assert ask_signed(identities, replace(on_path, target="/b.jpg", path="/b.jpg")).identity is Identity.NONE_CLAIMED
    assert ask_signed(identities, replace(signed(), authority="other.example")).identity is Identity.NONE_CLAIMED
    assert ask_signed(identities, signed()).identity is Identity.VERIFIED


async def test_a_remembered_signature_ends_with_its_own_time(make: Make):
    """It was verified, and a moment later it has expired."""
    identities = await known(make)

    assert ask_signed(identities, signed()).identity is Identity.VERIFIED
    late = replace(signed(), at=NOW + timedelta(seconds=300))
    assert ask_signed(identities, late).identity is Identity.NONE_CLAIMED


async def test_a_signed_request_does_not_decide_for_an_unsigned_one(make: Make):
    """Who comes from the same address without a signature has none."""
    identities = await known(make)
    ask_signed(identities, signed())
    plain = replace(signed(), headers=())

    assert ask_signed(identities, plain).identity is Identity.NONE_CLAIMED


async def test_a_flood_of_signatures_costs_a_bounded_time(make: Make):
    """Beyond a number a second they are not checked; a verdict that is remembered still counts."""
    identities = await known(make)
    good = signed()
    ask_signed(identities, good)
    statuses = [
        identities.signature(signed(P256, parameters={"nonce": str(number)})).reason
        for number in range(2 * VERIFICATIONS_PER_SECOND)
    ]

    assert "too many signatures are being checked" in statuses
    assert ask_signed(identities, good).identity is Identity.VERIFIED


async def test_new_lists_are_used_all_at_once(make: Make, tmp_path: Path):
    """Also for clients that were judged by the old ones."""
    identities = make(kept=tmp_path / "kept")
    assert ask(identities, "GPTBot").identity is Identity.IMPOSTOR
    before = identities.published
    keep(tmp_path / "kept", "gptbot", "8.8.8.0/24", NOW + timedelta(minutes=1))
    identities.reload()

    assert ask(identities, "GPTBot").identity is Identity.VERIFIED
    assert "8.8.8.0/24" not in {str(one) for one in before.lists["gptbot"].prefixes}


async def test_what_is_remembered_is_bounded(make: Make):
    """A million addresses cost no more than the limit."""
    identities = make()
    sighting = CATALOGUE.find("GPTBot/1.0")
    facts = request(address=OUTSIDE, User_Agent="GPTBot/1.0")
    for number in range(20_000):
        address = type(facts.client.address)(0x08080000 + number)
        identities.judge(replace(facts, client=replace(facts.client, address=address)), sighting)

    assert "verdicts=16384" in repr(identities)


async def test_the_shipped_rules_start(tmp_path: Path):
    """The catalogue, the snapshot and the signers' origins fit together."""
    root = rules_root().path
    files, ranges = load_crawler_files(root)
    catalogue = Catalogue([crawler for file in files for crawler in file.crawlers])
    identities = Identities(catalogue, ranges, root / SEED, IdentityOptions(key_directories=True), now=lambda: NOW)
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    found = identities.judge(request(address="66.249.66.1", User_Agent=agent), catalogue.find(agent))
    await identities.stop()

    assert (found.identity, found.source) == (Identity.VERIFIED, "google-common")
