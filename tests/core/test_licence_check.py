"""A licence covers what it says and nothing beside it: every limit has what it must cover and what it must not."""

from dataclasses import replace
from datetime import timedelta

import pytest

from guard.core.classification import Classification, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import Kind, RequestFacts
from guard.core.licence import NO_LICENCE, LicenceState
from guard.core.licence_check import SKEW, LicenseeKeys, check
from guard.core.licence_token import licensee_key
from guard.core.signatures import SignatureStatus, verify
from guard.core.signing_keys import thumbprint
from tests.support.facts import GPTBOT, request, who
from tests.support.licences import licence
from tests.support.signing import ED25519, NOW, P256, jwk, signed

KEY = thumbprint(jwk(ED25519))


def asked(path: str = "/a.jpg", **fields) -> RequestFacts:
    """Return a request."""
    return replace(request(path), **{"at": NOW, **fields})


def state(found: RequestFacts, believed: Classification | None = None, *, revoked=False, signed_with="", **limits):
    """Return what a licence with these limits is worth."""
    return check(licence(**limits), found, believed or who(), revoked=revoked, signed_with=signed_with).state


def test_a_licence_without_limits_covers_the_whole_site() -> None:
    """And gives no reason."""
    verdict = check(licence(), asked(), who())

    assert (verdict.state, verdict.reason, verdict.id) == (LicenceState.VALID, "", "7K3QF9X2TM")


TIMES = {
    "in its time": (timedelta(0), LicenceState.VALID),
    "in its last second": (timedelta(days=1, seconds=-1), LicenceState.VALID),
    "when it ends": (timedelta(days=1), LicenceState.EXPIRED),
    "long after": (timedelta(days=4000), LicenceState.EXPIRED),
    "before, by less than clocks differ": (-timedelta(days=1) - SKEW, LicenceState.VALID),
    "before, by more": (-timedelta(days=1, seconds=1) - SKEW, LicenceState.NOT_COVERED),
}


@pytest.mark.parametrize(("after", "expected"), TIMES.values(), ids=TIMES.keys())
def test_a_licence_holds_from_when_it_was_issued_to_its_end(after: timedelta, expected: LicenceState) -> None:
    """The issuing machine's clock may be a minute ahead; nothing is added at the end."""
    assert state(asked(at=NOW + after)) is expected


def test_a_revoked_licence_is_revoked_before_all_else() -> None:
    """Also when it has ended, and wherever it is shown."""
    assert state(asked(at=NOW + timedelta(days=9), host="x.example"), revoked=True) is LicenceState.REVOKED


HOSTS = {
    "its host": ("photo.example", "photo.example", True),
    "its host at a site for every name": ("photo.example", "*", True),
    "another site": ("b.example", "b.example", False),
    "its host as a name that nobody configured": ("photo.example", "b.example", False),
    "a name below it": ("www.photo.example", "*", False),
    "a name that ends like it": ("evilphoto.example", "*", False),
    "with a dot behind": ("photo.example.", "*", False),
    "no name": ("", "*", False),
}


@pytest.mark.parametrize(("host", "site", "covered"), HOSTS.values(), ids=HOSTS.keys())
def test_a_licence_is_for_its_hosts(host: str, site: str, covered: bool) -> None:
    """The client chooses the Host field, so the site that answers must be the one of that name."""
    assert (state(asked(host=host, site=site)) is LicenceState.VALID) is covered


PATHS = {
    "the path itself": ("/stock", "/stock", True),
    "below it": ("/stock", "/stock/a/b.jpg", True),
    "with a query": ("/stock", "/stock/a.jpg?size=l", True),
    "a longer name": ("/stock", "/stockholm/a.jpg", False),
    "below a directory": ("/stock/", "/stock/a.jpg", True),
    "a directory without its slash": ("/stock/", "/stock", False),
    "one file": ("/a.jpg", "/a.jpg", True),
    "a file that begins like it": ("/a.jpg", "/a.jpg.orig", False),
    "in other letters": ("/stock", "/Stock/a.jpg", False),
    "another": ("/stock", "/private/a.jpg", False),
    "everything": ("/", "/private/a.jpg", True),
    "an encoded slash, which some servers decode": ("/stock", "/stock/..%2fprivate/a.jpg", False),
    "an encoded slash in small and large letters": ("/stock", "/stock/..%2Fprivate/a.jpg", False),
    "a backslash": ("/stock", "/stock/..%5cprivate/a.jpg", False),
    "encoded twice": ("/stock", "/stock/%252e%252e/private/a.jpg", False),
    "a parameter in a dot segment": ("/stock", "/stock/..;/private/a.jpg", False),
}


@pytest.mark.parametrize(("path", "target", "covered"), PATHS.values(), ids=PATHS.keys())
def test_a_path_covers_itself_and_what_is_below(path: str, target: str, covered: bool) -> None:
    """By whole segments; what some servers read as another path is covered by none."""
    assert (state(asked(target), paths=(path,)) is LicenceState.VALID) is covered


def test_a_licence_is_for_reading() -> None:
    """GET and HEAD."""
    covered = [one for one in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PROPFIND")
               if state(asked(method=one)) is LicenceState.VALID]  # fmt: skip

    assert covered == ["GET", "HEAD"]


def test_a_purpose_is_that_of_the_crawler_that_asks() -> None:
    """One of several is enough; none named is any."""
    limited = {"purposes": frozenset({"ai_training", "ai_dataset"})}

    assert state(asked(), who(Purpose.AI_TRAINING), **limited) is LicenceState.VALID
    assert state(asked(), who(Purpose.AI_SEARCH), **limited) is LicenceState.NOT_COVERED
    assert state(asked(), who(Purpose.BROWSER, crawler=None), **limited) is LicenceState.NOT_COVERED
    assert state(asked(), who(Purpose.BROWSER, crawler=None)) is LicenceState.VALID


@pytest.mark.parametrize("identity", Identity)
def test_a_crawlers_licence_is_for_the_verified_crawler_only(identity: Identity) -> None:
    """Its name in the user agent is anybody's."""
    believed = who(identity=identity)

    valid = state(asked(), believed, crawler="openai-gptbot") is LicenceState.VALID

    assert valid is (identity is Identity.VERIFIED)
    other = replace(GPTBOT, id="another-bot")
    assert state(asked(), replace(believed, crawler=other), crawler="openai-gptbot") is LicenceState.NOT_COVERED
    assert state(asked(), replace(believed, crawler=None), crawler="openai-gptbot") is LicenceState.NOT_COVERED


@pytest.mark.parametrize(
    ("signed_with", "covered"), [(KEY, True), (thumbprint(jwk(P256)), False), ("", False), (KEY[:-1], False)],
    ids=["its key", "another key", "unsigned", "nearly its key"],
)  # fmt: skip
def test_a_licence_for_a_key_is_for_requests_signed_with_it(signed_with: str, covered: bool) -> None:
    """A copied token alone opens nothing."""
    assert (state(asked(), thumbprint=KEY, signed_with=signed_with) is LicenceState.VALID) is covered


def test_a_licence_for_a_crawler_and_a_key_needs_both() -> None:
    """Either alone is not enough."""
    bound = {"crawler": "openai-gptbot", "thumbprint": KEY}
    verified = who(identity=Identity.VERIFIED)

    assert state(asked(), verified, signed_with=KEY, **bound) is LicenceState.VALID
    assert state(asked(), verified, **bound) is LicenceState.NOT_COVERED
    assert state(asked(), who(), signed_with=KEY, **bound) is LicenceState.NOT_COVERED


@pytest.mark.parametrize("agent", ["https://acme.example", "https://elsewhere.example", None])
def test_the_licensees_key_is_known_whatever_directory_is_named(agent: str | None) -> None:
    """The owner vouches for the key, so nothing has to be fetched; another's key is still not known."""
    keys = LicenseeKeys(licensee_key(jwk(ED25519)))

    assert verify(signed(ED25519, agent=agent), keys).status is SignatureStatus.VERIFIED
    assert verify(signed(P256, agent=agent), keys).status is SignatureStatus.UNVERIFIED
    assert list(keys) == [("", KEY)]
    assert len(keys) == 1


def test_the_kind_counts_once_it_is_known() -> None:
    """The request alone does not tell; of a licence that has ended the kind changes nothing."""
    verdict = check(licence(kinds=frozenset({"image"})), asked(), who())
    ended = check(licence(kinds=frozenset({"image"})), asked(at=NOW + timedelta(days=2)), who())

    assert verdict.depends_on_kind
    assert verdict.state_for(None) is LicenceState.VALID
    assert verdict.state_for(Kind.IMAGE) is LicenceState.VALID
    assert verdict.state_for(Kind.ORIGINAL) is LicenceState.NOT_COVERED
    assert not ended.depends_on_kind
    assert ended.state_for(Kind.IMAGE) is LicenceState.EXPIRED
    assert NO_LICENCE.state_for(Kind.IMAGE) is LicenceState.NONE
