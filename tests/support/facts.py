"""Facts as short as a test can write them."""

from datetime import UTC, date, datetime
from ipaddress import ip_address

from guard.core.classification import Classification, Conduct, HardFact, Identity
from guard.core.crawlers import Crawler, Purpose, RobotsStance, TokenMatch
from guard.core.facts import AddressSource, ClientAddress, Kind, KindSource, RequestFacts, ResponseFacts

GPTBOT = Crawler(
    id="openai-gptbot",
    token="GPTBot",
    operator="OpenAI",
    purpose=Purpose.AI_TRAINING,
    match=TokenMatch.SUBSTRING,
    robots=RobotsStance.DOCUMENTED,
    ranges=("openai-gptbot",),
    rdns=(),
    references=(),
    checked=date(2026, 11, 22),
    note="",
)


def request(
    path: str = "/a.jpg",
    *,
    address: str = "192.0.2.7",
    method: str = "GET",
    host: str = "photo.example",
    **headers: str,
) -> RequestFacts:
    """Return a request; header names are given with `_` for `-`."""
    lines = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return RequestFacts(
        at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        site="photo.example",
        scheme="https",
        authority=host,
        host=host,
        method=method,
        target=path,
        path=path.partition("?")[0],
        version="1.1",
        headers=lines,
        client=ClientAddress(address=ip_address(address), port=40000, source=AddressSource.PEER, peer=address),
    )


def who(
    purpose: Purpose = Purpose.AI_TRAINING,
    *,
    identity: Identity = Identity.UNKNOWN,
    conduct: Conduct = Conduct.CLEAN,
    crawler: Crawler | None = GPTBOT,
    facts: frozenset[HardFact] = frozenset(),
) -> Classification:
    """Return a classification."""
    return Classification(
        purpose=purpose, identity=identity, conduct=conduct, claimed="GPTBot", crawler=crawler, facts=facts
    )


def seen(kind: Kind, *, source: KindSource = KindSource.RESPONSE, hands_off: bool = False) -> ResponseFacts:
    """Return what a response showed."""
    return ResponseFacts(kind=kind, source=source, hands_off=hands_off)
