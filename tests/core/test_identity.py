"""Is a claim confirmed by any proof, refuted only by all of them, and left open by whatever is missing?"""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from guard.core.classification import Identity
from guard.core.crawlers import Catalogue, Crawler, Purpose, RobotsStance, Sighting, TokenMatch
from guard.core.identity import (
    NAMES_OFF,
    NAMES_PENDING,
    Grade,
    HostNames,
    NameState,
    Published,
    contradiction,
    fits_mask,
    judge,
)
from guard.core.range_file import Proof
from guard.core.range_lists import RangeList
from guard.core.signatures import UNSIGNED, SignatureStatus, SignatureVerdict
from guard.core.signing_keys import WELL_KNOWN
from guard.store.rule_files import load_catalogue, rules_root

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
INSIDE, OUTSIDE, SISTERS, CLOUD = "66.249.64.1", "8.8.8.8", "66.249.80.1", "35.190.0.1"
OLD = timedelta(days=40)


def crawler(name: str, operator: str = "Google", purpose: Purpose = Purpose.SEARCH_ENGINE, **fields) -> Crawler:
    """Return a catalogue entry."""
    return Crawler(
        id=name.lower(), token=name, operator=operator, purpose=purpose, match=TokenMatch.SUBSTRING,
        robots=RobotsStance.DOCUMENTED, references=(), checked=date(2026, 11, 22), **fields,
    )  # fmt: skip


LISTED = crawler("Listed", ranges=("common",))
NAMED = crawler("Named", rdns=("crawl-*.googlebot.com",))
BOTH = crawler("Both", ranges=("common",), rdns=("crawl-*.googlebot.com",))
SISTER = crawler("Sister", ranges=("special",))
CUSTOMERS = crawler("Customers", ranges=("cloud",))
NETWORK = crawler("Network", operator="Meta", ranges=("network",))
UNLISTED = crawler("Unlisted", ranges=("never-fetched",))
HALF = crawler("Half", ranges=("common", "never-fetched"))
SILENT = crawler("Silent", operator="Other")
SIGNER = crawler("Signer", operator="OpenAI", purpose=Purpose.AI_AGENT, signature_agent="https://chatgpt.com")
CURL = crawler("curl", operator="curl", purpose=Purpose.HTTP_LIBRARY)
RIVAL = crawler("Rival", operator="Microsoft", ranges=("rival",))
ALL = [LISTED, NAMED, BOTH, SISTER, CUSTOMERS, NETWORK, UNLISTED, HALF, SILENT, SIGNER, CURL, RIVAL]


def held(name: str, prefix: str, *, age: timedelta = timedelta(days=1), **fields) -> RangeList:
    """Return a list."""
    given = {"source": "", "complete": True, "proof": Proof.CRAWLER, "own_network": True, **fields}
    return RangeList(name=name, prefixes=(ip_network(prefix),), fetched_at=NOW - age, **given)


def lists(age: timedelta = timedelta(days=1), *, complete: bool = True) -> Published:
    """Return all lists at one age."""
    every = [
        held("common", "66.249.64.0/24", age=age, complete=complete),
        held("special", "66.249.80.0/24", age=age),
        held("cloud", "35.190.0.0/17", age=age, proof=Proof.NETWORK, own_network=False),
        held("network", "157.240.0.0/16", age=age, proof=Proof.NETWORK),
        held("rival", "40.77.167.0/24", age=age),
    ]
    return Published.of({one.name: one for one in every}, ALL)


FRESH, STALE = lists(), lists(OLD)
ANSWERED = HostNames(state=NameState.ANSWERED, at=NOW)
FAILED = HostNames(state=NameState.FAILED)
CONFIRMED = HostNames(state=NameState.ANSWERED, confirmed=("crawl-66-249-64-1.googlebot.com",), at=NOW)
FOREIGN = HostNames(state=NameState.ANSWERED, confirmed=("proxy-1.google.com",), at=NOW)


def ask(who: Crawler | None, address: str | None, published=FRESH, names=NAMES_OFF, *, signature=UNSIGNED, also=()):
    """Judge a claim."""
    sighting = Sighting(
        crawler=who,
        purpose=who.purpose if who else Purpose.UNKNOWN_DECLARED_BOT,
        claimed=who.token if who else "SomeBot",
        also=tuple(also),
    )
    signers = {"https://chatgpt.com": SIGNER}
    at = None if address is None else ip_address(address)
    return judge(sighting, at, published, names, signature, at=NOW, signers=signers)


V, I, U, N = Identity.VERIFIED, Identity.IMPOSTOR, Identity.UNKNOWN, Identity.UNVERIFIABLE  # noqa: E741

TABLE = {
    # Lists alone.
    "inside": (LISTED, INSIDE, FRESH, NAMES_OFF, V, "B"),
    "inside-a-stale-list": (LISTED, INSIDE, STALE, NAMES_OFF, V, "B"),
    "inside-an-incomplete-list": (LISTED, INSIDE, lists(complete=False), NAMES_OFF, V, "B"),
    "outside": (LISTED, OUTSIDE, FRESH, NAMES_OFF, I, "D"),
    "outside-by-ipv6": (LISTED, "2a00:1450::1", FRESH, NAMES_OFF, I, "D"),
    "outside-a-stale-list": (LISTED, OUTSIDE, STALE, NAMES_OFF, U, "D"),
    "outside-an-incomplete-list": (LISTED, OUTSIDE, lists(complete=False), NAMES_OFF, U, "D"),
    "outside-a-list-from-the-future": (LISTED, OUTSIDE, lists(timedelta(days=-3)), NAMES_OFF, U, "D"),
    "list-never-fetched": (UNLISTED, OUTSIDE, FRESH, NAMES_OFF, U, "D"),
    "one-of-two-lists-missing": (HALF, OUTSIDE, FRESH, NAMES_OFF, U, "D"),
    "one-of-two-lists-missing-but-inside": (HALF, INSIDE, FRESH, NAMES_OFF, V, "B"),
    "no-lists-at-all": (LISTED, OUTSIDE, Published(), NAMES_OFF, U, "D"),
    # A list of the same operator for another program.
    "in-a-sister-list": (LISTED, SISTERS, FRESH, NAMES_OFF, U, "D"),
    "in-another-operators-list": (LISTED, "40.77.167.1", FRESH, NAMES_OFF, I, "D"),
    # Networks.
    "operators-own-network": (NETWORK, "157.240.1.1", FRESH, NAMES_OFF, V, "C"),
    "outside-the-network": (NETWORK, OUTSIDE, FRESH, NAMES_OFF, I, "D"),
    "a-customers-host": (CUSTOMERS, CLOUD, FRESH, NAMES_OFF, U, "D"),
    # Names.
    "name-confirmed": (NAMED, OUTSIDE, FRESH, CONFIRMED, V, "C"),
    "name-of-another-mask": (NAMED, OUTSIDE, FRESH, FOREIGN, I, "D"),
    "name-refuted": (NAMED, OUTSIDE, FRESH, ANSWERED, I, "D"),
    "name-pending": (NAMED, OUTSIDE, FRESH, NAMES_PENDING, U, "D"),
    "name-servers-failed": (NAMED, OUTSIDE, FRESH, FAILED, U, "D"),
    "names-switched-off": (NAMED, OUTSIDE, FRESH, NAMES_OFF, U, "D"),
    # Both.
    "list-before-name": (BOTH, INSIDE, FRESH, CONFIRMED, V, "B"),
    "name-where-the-list-is-silent": (BOTH, OUTSIDE, FRESH, CONFIRMED, V, "C"),
    "both-refute": (BOTH, OUTSIDE, FRESH, ANSWERED, I, "D"),
    "list-refutes-name-pending": (BOTH, OUTSIDE, FRESH, NAMES_PENDING, U, "D"),
    "list-refutes-name-failed": (BOTH, OUTSIDE, FRESH, FAILED, U, "D"),
    "list-refutes-names-off": (BOTH, OUTSIDE, FRESH, NAMES_OFF, I, "D"),
    "list-stale-name-refutes": (BOTH, OUTSIDE, STALE, ANSWERED, I, "D"),
    "list-missing-name-refutes": (BOTH, OUTSIDE, Published(), ANSWERED, U, "D"),
    "list-stale-names-off": (BOTH, OUTSIDE, STALE, NAMES_OFF, U, "D"),
    # Nothing to check.
    "nothing-published": (SILENT, OUTSIDE, FRESH, NAMES_OFF, N, "D"),
    "not-in-the-catalogue": (None, INSIDE, FRESH, NAMES_OFF, N, "D"),
    "keys-only-and-unsigned": (SIGNER, OUTSIDE, FRESH, NAMES_OFF, U, "D"),
    # No public address.
    "loopback": (LISTED, "127.0.0.1", FRESH, ANSWERED, U, "D"),
    "loopback-6": (LISTED, "::1", FRESH, ANSWERED, U, "D"),
    "private": (BOTH, "192.168.1.4", FRESH, ANSWERED, U, "D"),
    "shared": (BOTH, "100.64.0.1", FRESH, ANSWERED, U, "D"),
    "unix-socket": (LISTED, None, FRESH, NAMES_OFF, U, "D"),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_claim_is_worth_what_the_proofs_say(name):
    """Every combination of what is published and what of it is at hand."""
    who, address, published, names, identity, grade = TABLE[name]
    found = ask(who, address, published, names)

    assert (found.identity, found.grade) == (identity, grade), found.reason
    assert found.reason.startswith(
        {V: "claim confirmed: ", I: "claim refuted: ", U: ("not checked: ", "the client has"), N: ""}[identity]
    )
    assert not address or address not in found.reason


@pytest.mark.parametrize("who", [one for one in ALL if one.verifiable], ids=lambda one: one.token)
@pytest.mark.parametrize("published", [Published(), STALE, lists(timedelta(days=-3))], ids=["none", "stale", "future"])
@pytest.mark.parametrize("names", [NAMES_OFF, NAMES_PENDING, FAILED], ids=["off", "pending", "failed"])
def test_without_a_fresh_list_or_an_answer_nobody_is_an_impostor(who, published, names):
    """No fetch that failed and no name server that hangs accuses anybody."""
    assert ask(who, OUTSIDE, published, names).identity is not Identity.IMPOSTOR


def test_the_reason_names_list_and_day():
    """It must be explainable a year later which copy of the list decided."""
    confirmed, refuted = ask(LISTED, INSIDE), ask(BOTH, OUTSIDE, names=ANSWERED)

    assert confirmed.reason == "claim confirmed: the address is in the operator's list common (2026-11-21)"
    assert (confirmed.source, confirmed.source_date) == ("common", NOW - timedelta(days=1))
    assert refuted.reason == (
        "claim refuted: the address is not in the operator's list common (2026-11-21) "
        "and not named crawl-*.googlebot.com"
    )
    assert refuted.source == "common, crawl-*.googlebot.com"


@pytest.mark.parametrize("purpose", [Purpose.BROWSER, Purpose.UNKNOWN])
def test_who_claims_nothing_is_not_judged(purpose):
    """A person's address is held against no list."""
    found = judge(Sighting(crawler=None, purpose=purpose, claimed=""), ip_address(INSIDE), FRESH, NAMES_OFF, at=NOW)

    assert (found.identity, found.grade) == (Identity.NONE_CLAIMED, Grade.BEHAVIOUR)


# --- signatures

SIGNED = SignatureVerdict(
    status=SignatureStatus.VERIFIED,
    reason="",
    agent=f"https://chatgpt.com{WELL_KNOWN}",
    keyid="kid",
    created=NOW,
    expires=NOW + timedelta(minutes=5),
)


def test_a_signature_names_a_client_that_looks_like_a_browser():
    """The only way to know an agent that sends a browser's user agent."""
    browser = Sighting(crawler=None, purpose=Purpose.BROWSER, claimed="")
    found = judge(browser, None, FRESH, NAMES_OFF, SIGNED, at=NOW, signers={"https://chatgpt.com": SIGNER})

    assert (found.identity, found.grade, found.crawler) == (Identity.VERIFIED, Grade.SIGNATURE, SIGNER)
    assert found.source == f"https://chatgpt.com{WELL_KNOWN}#kid"


@pytest.mark.parametrize("status", [SignatureStatus.INVALID, SignatureStatus.UNVERIFIED, SignatureStatus.NONE])
def test_only_a_verified_signature_counts_and_none_is_held_against_anybody(status):
    """A request that is signed wrongly is one that is not signed."""
    signature = replace(SIGNED, status=status)

    assert ask(SIGNER, OUTSIDE, signature=signature).identity is Identity.UNKNOWN
    assert ask(None, OUTSIDE, signature=signature).identity is Identity.UNVERIFIABLE


def test_a_signature_confirms_a_claim_of_its_operator_only():
    """Whoever holds one operator's key has not become another operator's crawler."""
    own = crawler("GPTBot", operator="OpenAI", purpose=Purpose.AI_TRAINING, ranges=("common",))

    assert ask(own, OUTSIDE, signature=SIGNED).grade is Grade.SIGNATURE
    assert ask(LISTED, OUTSIDE, signature=SIGNED).identity is Identity.IMPOSTOR
    assert ask(LISTED, INSIDE, signature=SIGNED).grade is Grade.LIST


# --- several names in one user agent


def test_another_name_that_may_be_true_makes_no_impostor():
    """A preview service names three others to get the page that they get; it comes from people's phones."""
    assert ask(LISTED, OUTSIDE, also=[SILENT]).identity is Identity.UNKNOWN
    assert ask(LISTED, OUTSIDE, also=[crawler("N", operator="X", rdns=("*.x.com",))]).identity is Identity.UNKNOWN
    assert "Silent" in ask(LISTED, OUTSIDE, also=[SILENT]).reason


def test_a_tools_name_or_a_second_lie_beside_a_lie_helps_nobody():
    """The library that fetches is no identity, and a name that is refuted too adds nothing."""
    assert ask(LISTED, OUTSIDE, also=[CURL]).identity is Identity.IMPOSTOR
    assert ask(LISTED, OUTSIDE, also=[RIVAL]).identity is Identity.IMPOSTOR
    assert ask(LISTED, OUTSIDE, also=[SISTER]).identity is Identity.IMPOSTOR


def test_another_name_beside_the_claim_confirms_nothing():
    """The address is Microsoft's, the claim that counts is Google's."""
    assert ask(LISTED, "40.77.167.1", also=[RIVAL]).identity is not Identity.VERIFIED
    assert ask(None, INSIDE, also=[LISTED]).identity is Identity.UNVERIFIABLE


def test_two_operators_at_once_contradict_each_other():
    """Both could be checked, and only one can be true; a tool or another crawler of the operator is no conflict."""

    def said(*named: Crawler) -> Sighting:
        return Sighting(crawler=named[0], purpose=named[0].purpose, claimed="", also=named[1:])

    assert contradiction(said(LISTED, RIVAL)) == (LISTED, RIVAL)
    assert contradiction(said(LISTED, SISTER)) is None
    assert contradiction(said(LISTED, CURL)) is None
    assert contradiction(said(LISTED, SILENT)) is None
    assert contradiction(said(LISTED)) is None


# --- masks


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("crawl-66-249-66-1.googlebot.com", "crawl-*.googlebot.com"),
        ("CRAWL-1.GoogleBot.com", "crawl-*.googlebot.com"),
        ("geo-crawl-1.geo.googlebot.com", "geo-crawl-*.geo.googlebot.com"),
        ("msnbot-157-55-39-1.search.msn.com", "*.search.msn.com"),
        ("5-255-253-1.spider.yandex.com", "*.yandex.com"),
    ],
)
def test_a_name_of_the_operator_fits(name, mask):
    """As they are documented."""
    assert fits_mask(name, mask)


@pytest.mark.parametrize(
    ("name", "mask"),
    [
        ("crawl-1.googlebot.com.evil.test", "crawl-*.googlebot.com"),
        ("crawl-1.evil.test.googlebot.com", "crawl-*.googlebot.com"),
        ("crawl-.googlebot.com", "crawl-*.googlebot.com"),
        ("1.bc.googleusercontent.com", "crawl-*.googlebot.com"),
        ("evil-crawl-1.googlebot.com", "crawl-*.googlebot.com"),
        ("search.msn.com", "*.search.msn.com"),
        ("evilsearch.msn.com", "*.search.msn.com"),
        ("x.search.msn.com.evil.test", "*.search.msn.com"),
        ("x.search-msn.com", "*.search.msn.com"),
        ("xsearch.msnxcom", "*.search.msn.com"),
        ("x\n.search.msn.com", "*.search.msn.com"),
        ("x.search.msn.com\n", "*.search.msn.com"),
        ("é.search.msn.com", "*.search.msn.com"),
        ("a." * 130 + "search.msn.com", "*.search.msn.com"),
        ("", "*.search.msn.com"),
    ],
)
def test_a_name_that_only_resembles_one_does_not(name, mask):
    """Only whole labels count, and only to the end of the name."""
    assert not fits_mask(name, mask)


# --- the catalogue that ships


def test_the_preview_of_a_phone_is_no_impostor():
    """It names two operators' crawlers and comes from a person's own address (a widely known preview service)."""
    catalogue = load_catalogue(rules_root().path)
    agent = (
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
        "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0"
    )
    published = Published.of({"meta-asn": held("meta-asn", "157.240.0.0/16", proof=Proof.NETWORK)}, catalogue.crawlers)
    sighting = catalogue.find(agent)
    found = judge(sighting, ip_address(OUTSIDE), published, NAMES_OFF, at=NOW)

    assert len(sighting.also) >= 1
    assert found.identity is not Identity.IMPOSTOR
    alone = judge(catalogue.find("facebookexternalhit/1.1"), ip_address(OUTSIDE), published, NAMES_OFF, at=NOW)
    assert alone.identity is Identity.IMPOSTOR


def test_every_entry_that_can_be_checked_comes_to_each_end():
    """For each of the shipped entries: inside is confirmed, outside is refuted, and nothing at hand is unknown."""
    catalogue: Catalogue = load_catalogue(rules_root().path)
    names = {name for one in catalogue.crawlers for name in one.ranges}
    every = Published.of({name: held(name, "66.249.64.0/24") for name in names}, catalogue.crawlers)
    for one in catalogue.crawlers:
        if not one.ranges and not one.rdns:
            continue
        sighting = Sighting(crawler=one, purpose=one.purpose, claimed=one.token)
        hosts = tuple(mask.replace("*", "x1") for mask in one.rdns)
        name = HostNames(state=NameState.ANSWERED, confirmed=hosts[:1], at=NOW)
        inside = judge(sighting, ip_address(INSIDE), every, name, at=NOW)
        outside = judge(sighting, ip_address(OUTSIDE), every, ANSWERED, at=NOW)
        nothing = judge(sighting, ip_address(OUTSIDE), Published(), FAILED, at=NOW)
        assert (inside.identity, outside.identity, nothing.identity) == (V, I, U), one.id
