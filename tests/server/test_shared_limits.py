"""An allowance is one, at however many guards a client uses it up; and each gives its share when they are cut off."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from guard.core.policy import Limit
from guard.exporter.metrics import Metrics
from guard.server.limits import Limiter
from guard.server.shared_limits import GATHERED, LOOK, SharedLimiter, limiter_of
from guard.settings import Settings
from guard.store.valkey import Valkey
from tests.support.clusters import SECRET, ValkeyServer, until

THIRTY_A_MINUTE = Limit(count=30, per_seconds=60, pictures_only=False)
SITE = {"host": "photo.example", "upstream": "http://127.0.0.1:1"}


@pytest.fixture
async def three(valkey: ValkeyServer) -> AsyncIterator[list[SharedLimiter]]:
    """Three guards' limiters that have found the server."""
    report = Metrics().cluster_part("limits")
    limiters = [SharedLimiter(Valkey(valkey.url, patience=0.1), SECRET, shares=3, report=report) for _ in range(3)]
    for one in limiters:
        one.start()
    await until(lambda: not any(one.away for one in limiters))
    yield limiters
    for one in limiters:
        await one.stop()


def take(limiter: SharedLimiter, client: str = "192.0.2.1", rule: str = "r") -> bool:
    return limiter.take(rule, client, THIRTY_A_MINUTE, time.monotonic()) == 0


async def test_a_client_that_goes_from_guard_to_guard_has_one_allowance(three: list[SharedLimiter]):
    """At a pace at which each guard knows what the others have let pass, it gets what one guard would give it."""
    passed = 0
    for number in range(60):
        passed += take(three[number % 3])
        await asyncio.sleep(8 * GATHERED)

    # 30, and what comes back in the time that the test takes; one more where a machine under load was late.
    assert 30 <= passed <= 30 + 60 * 8 * GATHERED / 2 + 3


async def test_who_asks_all_at_once_gets_at_most_an_allowance_of_each_and_owes_it(three: list[SharedLimiter]):
    """The error that the sharing has, at its largest; it is waited off."""
    passed = sum(take(three[number % 3]) for number in range(300))
    await until(lambda: not any(one._untold for one in three))
    await asyncio.gather(*(one.tell() for one in three))

    longest = max(one.wait("r", "192.0.2.1", THIRTY_A_MINUTE, time.monotonic()) for one in three)

    assert passed == 90
    assert 110 <= longest <= 123  # two allowances too many, of a minute each


async def test_without_the_store_all_together_give_one_allowance(three: list[SharedLimiter], valkey: ValkeyServer):
    """Each its share, by its own memory."""
    valkey.kill()
    await until(lambda: all(one.away for one in three))

    passed = [sum(take(one) for _ in range(40)) for one in three]

    assert passed == [10, 10, 10]


async def test_a_small_allowance_leaves_one_for_each(valkey: ValkeyServer):
    """Nobody is shut out because it can not be divided."""
    valkey.kill()
    limiter = SharedLimiter(Valkey(valkey.url), SECRET, shares=100, report=Metrics().cluster_part("limits"))

    assert [take(limiter) for _ in range(3)] == [True, False, False]


async def test_it_comes_back_by_itself_and_knows_what_was_taken_meanwhile(
    three: list[SharedLimiter], valkey: ValkeyServer
):
    """The server is empty then; what each let pass while it was alone counts for all."""
    valkey.kill()
    await until(lambda: all(one.away for one in three))
    for one in three:
        for _ in range(10):
            take(one)
    await asyncio.sleep(1.2 * LOOK)  # it is tried in vain, too
    valkey.start()
    await until(lambda: not any(one.away for one in three))
    await until(lambda: not any(one._untold for one in three))

    newcomer = SharedLimiter(Valkey(valkey.url), SECRET, shares=3, report=Metrics().cluster_part("limits"))
    newcomer.start()
    await until(lambda: not newcomer.away)
    more = 0
    for _ in range(5):  # each learns of the others with the first that it lets pass
        more += sum(take(one) for one in (*three, newcomer))
        await asyncio.sleep(10 * GATHERED)
    await newcomer.stop()

    assert more <= 4


async def test_a_store_that_hangs_delays_no_decision(three: list[SharedLimiter], valkey: ValkeyServer):
    """Taking never waits, whatever the server does."""
    valkey.hold()
    began = time.perf_counter()
    for number in range(1000):
        take(three[0], client=f"192.0.2.{number % 200}")
    spent = time.perf_counter() - began
    await until(lambda: three[0].away)
    valkey.go_on()
    await until(lambda: not three[0].away)

    assert spent < 1.0  # a thousand round trips that time out would be four minutes


async def test_no_address_is_in_the_store(three: list[SharedLimiter], valkey: ValkeyServer):
    """Names are keyed and change every day; a licence is no person."""
    take(three[0])
    take(three[0], client="K7M2X", rule="licence")
    store = Valkey(valkey.url)
    await until(lambda: not three[0]._untold)
    await three[0].tell()
    keys = await store.ask("KEYS", "*")
    held = [await store.ask("GET", key) for key in keys]
    left = [await store.ask("TTL", key) for key in keys]
    await store.close()

    assert not any(b"192.0.2" in text for text in (*keys, *held))
    assert sum(key.endswith(b":K7M2X") for key in keys) == 1
    assert all(0 <= seconds <= 60 for seconds in left)


async def test_a_new_day_is_no_new_allowance(valkey: ValkeyServer):
    """What was used up before midnight goes over to the new name."""
    at = [86_399.0]
    report = Metrics().cluster_part("limits")
    limiter = SharedLimiter(Valkey(valkey.url), SECRET, shares=1, report=report, now=lambda: at[0])
    for _ in range(20):
        take(limiter)
    await limiter.tell()
    at[0] += 2
    take(limiter)
    await limiter.tell()

    passed = sum(take(limiter) for _ in range(40))

    assert passed == 9
    await limiter.stop()


def test_a_guard_by_itself_shares_nothing():
    """Without `cluster` there is the plain limiter, and no client library is looked for."""
    alone = Settings.model_validate({"sites": [SITE]})
    shared = Settings.model_validate(
        {"sites": [SITE], "cluster": {"valkey": {"url": "redis://127.0.0.1:1/0", "secret": SECRET, "guards": 3}}}
    )

    assert type(limiter_of(alone, Metrics())) is Limiter
    assert type(limiter_of(shared, Metrics())) is SharedLimiter
