"""The server is asked in one round trip, and a server that is away is told apart from an answer."""

import time

import pytest

from guard import extras
from guard.errors import StoreAwayError, UsageError
from guard.store.valkey import SWAP, TAKE, Valkey
from tests.support.clusters import ValkeyServer


async def test_what_is_taken_adds_up_over_those_who_take(valkey: ValkeyServer):
    """The answer is for how long the allowance is used up, in microseconds, whoever used it."""
    one, other = Valkey(valkey.url), Valkey(valkey.url)

    first = await one.run(TAKE, [("k", (0, 2_000_000)), ("l", (0, 500_000))])
    second = await other.run(TAKE, [("k", (0, 1_000_000))])

    assert first[0] == 2_000_000
    assert first[1] == 500_000
    assert 2_900_000 < second[0] <= 3_000_000
    await one.close()
    await other.close()


async def test_what_the_caller_knows_is_used_up_outlives_the_server(valkey: ValkeyServer):
    """A server that was empty, or another day's name, is no new allowance."""
    store = Valkey(valkey.url)
    await store.run(TAKE, [("k", (0, 30_000_000))])
    valkey.kill()
    valkey.start()
    with pytest.raises(StoreAwayError):  # the old connection
        await store.ask("PING")

    found = await store.run(TAKE, [("k", (29_000_000, 1_000_000))])

    assert found == [30_000_000]
    await store.close()


async def test_a_server_that_lost_the_scripts_is_given_them_again(valkey: ValkeyServer):
    """As after a restart; the caller notices nothing."""
    store = Valkey(valkey.url)
    await store.run(TAKE, [("k", (0, 1_000_000))])
    await store.ask("SCRIPT", "FLUSH")

    assert len(await store.run(TAKE, [("k", (0, 1_000_000)), ("l", (0, 1_000_000))])) == 2
    await store.close()


async def test_a_value_is_replaced_only_by_who_knows_it(valkey: ValkeyServer):
    """Who does not is told what is there, and nothing changes."""
    store = Valkey(valkey.url)

    missing = await store.run(SWAP, [("k", (b"version1", b"version2two", 60))])
    made = await store.run(SWAP, [("k", (b"", b"version1one", 60))])
    taken = await store.run(SWAP, [("k", (b"", b"version9new", 60))])
    replaced = await store.run(SWAP, [("k", (b"version1", b"version2two", 60))])
    stale = await store.run(SWAP, [("k", (b"version1", b"version3three", 60))])

    assert (missing, made, taken, replaced, stale) == ([b""], [None], [b"version1one"], [None], [b"version2two"])
    await store.close()


async def test_a_server_that_is_away_or_does_not_answer_is_told(valkey: ValkeyServer):
    """Within the bound, and it may come back."""
    store = Valkey(valkey.url, patience=0.1)
    await store.ask("PING")
    valkey.hold()
    began = time.monotonic()

    with pytest.raises(StoreAwayError, match="Valkey does not answer"):
        await store.ask("PING")
    waited = time.monotonic() - began
    valkey.go_on()
    answer = await store.run(TAKE, [("k", (0, 7_000_000))])
    valkey.kill()
    with pytest.raises(StoreAwayError):
        await store.ask("PING")

    assert waited < 5
    assert answer == [7_000_000]
    await store.close()


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch):
    """The owner knows what to install."""
    monkeypatch.setitem(__import__("sys").modules, "redis.asyncio", None)

    with pytest.raises(UsageError, match=r"pip install 'crawler-guard\[cluster\]'"):
        extras.need("redis.asyncio", "cluster")
