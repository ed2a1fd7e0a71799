"""Is what proved a claim kept in its bytes: the list, the keys, the name?"""

from dataclasses import replace

import orjson

from guard.core.classification import Classification
from guard.core.identity import Grade, HostNames, IdentityVerdict, NameState, Published
from guard.core.signing_keys import directory_url
from guard.evidence.identity_record import SourceKind
from guard.server.identity_sources import IdentitySources
from tests.server.test_identities import CATALOGUE, INSIDE, NOW, Make, Origin, ask, ask_signed, make, until
from tests.support.facts import request
from tests.support.signing import AGENT, signed

__all__ = ["make"]


async def test_a_list_is_kept_as_it_was_used(make: Make):
    """Written out once, with its name, date and every network; both lists where a claim was refuted by two."""
    identities = make(Origin())
    sources = IdentitySources(identities)
    (used,) = sources.of(ask(identities, "GPTBot", INSIDE))

    said = orjson.loads(used.data)
    assert (used.what, used.name) == (SourceKind.ADDRESSES, "gptbot")
    assert (said["name"], said["prefixes"], said["complete"]) == ("gptbot", ["66.249.66.0/24"], True)
    assert said["fetched_at"] == NOW.isoformat()
    assert sources.of(ask(identities, "GPTBot", INSIDE))[0] is used
    assert [one.name for one in sources.of(ask(identities, "GPTBot"))] == ["gptbot"]
    assert sources.of(ask(identities, "")) == ()


async def test_a_directory_of_keys_is_kept_as_it_was_fetched(make: Make):
    """The exact bytes, and when."""
    origin = Origin()
    identities = make(origin, key_directories=True)
    verdict = await until(lambda: ask_signed(identities, signed()), ask(identities, "GPTBot", INSIDE).identity)
    (used,) = IdentitySources(identities).of(verdict)

    assert verdict.grade is Grade.SIGNATURE
    assert (used.what, used.url) == (SourceKind.KEYS, directory_url(AGENT))
    assert orjson.loads(used.data) == {"keys": origin.keys}
    assert used.fetched == int(NOW.timestamp()) * 1_000_000


class Known:
    """Stands for identities that have asked the name servers."""

    published = Published()

    def host_names(self, _address, _crawler) -> HostNames:
        """Answer."""
        return HostNames(state=NameState.ANSWERED, confirmed=("crawl-1.googlebot.com",), at=NOW)


def test_a_name_that_proved_a_claim_is_told_with_its_time():
    """It is a value beside the log, for the address is in it; nobody else has one."""
    crawler = next(one for one in CATALOGUE.crawlers if one.token == "Googlebot")
    verdict = IdentityVerdict(identity=None, grade=Grade.NETWORK, reason="", source="crawl-*.googlebot.com")  # type: ignore[arg-type]
    who = Classification.__new__(Classification)
    object.__setattr__(who, "crawler", crawler)
    sources = IdentitySources(Known())  # type: ignore[arg-type]

    assert sources.names(request(address=INSIDE), who, verdict) == {
        "at": int(NOW.timestamp()) * 1_000_000, "mask": "crawl-*.googlebot.com", "names": ["crawl-1.googlebot.com"],
    }  # fmt: skip
    assert sources.names(request(), who, replace(verdict, grade=Grade.CLAIM)) is None
