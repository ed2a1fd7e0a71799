"""Are keys learnt only from origins that are allowed, and never lost by a failure?"""

import asyncio

import orjson
import pytest

from guard.core.signing_keys import MEDIA_TYPE, directory_url, thumbprint
from guard.errors import FetchError
from guard.server.key_directories import LIMITS, MISSING_SECONDS, KeyDirectories
from guard.server.safe_fetch import Fetched, Limits
from tests.support.signing import AGENT, ED25519, P256, jwk

URL = directory_url(AGENT)
ED, EC = thumbprint(jwk(ED25519)), thumbprint(jwk(P256))


class Origin:
    """Stands for the internet: answers with `self.answer`, which may be an error."""

    def __init__(self) -> None:
        self.answer: bytes | Exception = orjson.dumps({"keys": [jwk(ED25519)]})
        self.max_age = 0
        self.asked: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def get(self, url: str, limits: Limits) -> Fetched:
        """Answer."""
        self.asked.append(url)
        await self.gate.wait()
        assert limits == LIMITS
        if isinstance(self.answer, Exception):
            raise self.answer
        return Fetched(body=self.answer, media_type=MEDIA_TYPE, max_age=self.max_age)


class Clock:
    """A clock that a test turns."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def build(origin: Origin) -> tuple[KeyDirectories, Clock]:
    """Return directories with one allowed origin."""
    clock = Clock()
    return KeyDirectories(origin, [AGENT], clock=clock), clock


async def settle() -> None:
    """Let the background work finish."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_directory_is_fetched_when_its_key_is_needed():
    """Not before; and then its keys are known under its address."""
    origin = Origin()
    keys, _ = build(origin)
    await settle()
    assert origin.asked == []
    assert keys.want(URL, ED)
    await settle()

    assert origin.asked == [URL]
    assert list(keys.keys) == [(URL, ED)]
    assert keys.version == 1


@pytest.mark.parametrize("url", ["https://evil.test/.well-known/http-message-signatures-directory", "", f"{URL}x"])
async def test_an_origin_that_nobody_allowed_is_never_asked(url):
    """The address in a request is its sender's: he would choose whom we ask."""
    origin = Origin()
    keys, _ = build(origin)

    assert not keys.want(url, ED)
    await settle()
    assert origin.asked == []


async def test_many_requests_are_one_fetch():
    """Also while it takes its time, and also when it does not bring what they want."""
    origin = Origin()
    origin.gate.clear()
    keys, _ = build(origin)
    for _ in range(50):
        keys.want(URL, EC)
    await settle()
    assert len(origin.asked) == 1
    origin.gate.set()
    await settle()
    for _ in range(50):
        keys.want(URL, EC)
    await settle()

    assert len(origin.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [FetchError("no answer within 3 seconds"), b"<html>", b"{}", b'{"keys": [{"kty": "oct"}]}', b"[" * 60_000],
)
async def test_a_failure_takes_no_key_away_and_is_not_repeated_at_once(answer):
    """A signer whose directory is down for an hour keeps his identity."""
    origin = Origin()
    keys, clock = build(origin)
    keys.want(URL, ED)
    await settle()
    origin.answer = answer
    clock.now += 25 * 3600
    for _ in range(3):
        keys.want(URL, ED)
        await settle()

    assert len(origin.asked) == 2
    assert (URL, ED) in keys.keys
    assert URL in keys.problems
    clock.now += MISSING_SECONDS
    keys.want(URL, ED)
    await settle()
    assert len(origin.asked) == 3


async def test_a_key_that_was_withdrawn_is_gone_with_the_next_directory():
    """Rotation: the directory replaces the one before it whole."""
    origin = Origin()
    keys, clock = build(origin)
    keys.want(URL, ED)
    await settle()
    origin.answer = orjson.dumps({"keys": [jwk(P256)]})
    clock.now += MISSING_SECONDS + 1
    keys.want(URL, EC)
    await settle()

    assert list(keys.keys) == [(URL, EC)]


@pytest.mark.parametrize(("max_age", "kept"), [(0, 24 * 3600), (3600, 3600), (1, 300), (10**8, 24 * 3600)])
async def test_a_directory_is_kept_as_long_as_it_says_within_limits(max_age, kept):
    """A known key starts a fetch only after that."""
    origin = Origin()
    origin.max_age = max_age
    keys, clock = build(origin)
    keys.want(URL, ED)
    await settle()
    clock.now += kept - 1
    keys.want(URL, ED)
    await settle()
    assert len(origin.asked) == 1
    clock.now += 2
    keys.want(URL, ED)
    await settle()

    assert len(origin.asked) == 2


async def test_closing_ends_a_fetch_that_hangs():
    """The worker stops without waiting for it."""
    origin = Origin()
    origin.gate.clear()
    keys, _ = build(origin)
    keys.want(URL, ED)
    await settle()
    await asyncio.wait_for(keys.close(), 1)

    assert dict(keys.keys) == {}


def test_a_wrong_origin_is_found_at_the_start():
    """It stands in the owner's settings."""
    with pytest.raises(ValueError, match="http://"):
        KeyDirectories(Origin(), ["http://signer.example"])
