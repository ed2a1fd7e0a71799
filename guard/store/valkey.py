"""How does a guard talk to the Valkey or Redis server that several guards share?

One round trip for as many scripts as there are to run, and a bound on how long that may take. The
scripts run in the server, one at a time, so that two guards never act on the same old value. They need nothing but
plain keys, one for each call: `EVALSHA` instead of `FUNCTION`, because managed servers and those before 7.0 often
know no functions, and a server that has lost its scripts (after a restart) is simply given them again.

Nobody who decides about a request ever waits here.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha1
from typing import TYPE_CHECKING, Any, Final

from guard.errors import StoreAwayError
from guard.extras import need

if TYPE_CHECKING:
    from redis.asyncio import Redis

PATIENCE: Final = 0.25
"""Seconds for connecting, and for one round trip; who is slower counts as away."""
MOST_CALLS: Final = 500
"""In one round trip."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the server is to do by itself, in Lua; `KEYS[1]` is the one key it touches."""

    text: str

    @property
    def digest(self) -> str:
        """The name that the server knows it by."""
        return sha1(self.text.encode(), usedforsecurity=False).hexdigest()


TAKE: Final = Script("""
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local whole = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now + ARGV[1]) + ARGV[2]
if whole <= now then return 0 end
redis.call('SET', KEYS[1], string.format('%.0f', whole), 'PX', math.ceil((whole - now) / 1000))
return whole - now
""")
"""The generic cell rate algorithm by the server's clock. `KEYS[1]` holds when an allowance is whole again.

Takes in microseconds: for how long it is used up at least, as the caller knows it, and what more was used. Returns for
how long it is used up now. It never refuses: what was let pass is counted, so that more than the allowance is a debt.
"""

SWAP: Final = Script("""
local held = redis.call('GET', KEYS[1])
if held and string.sub(held, 1, 8) ~= ARGV[1] then return held end
if not held and ARGV[1] ~= '' then return '' end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return false
""")
"""Put a value, whose first 8 bytes name its version, in the place of the version that the caller knows.

Takes that version (empty: there is none), the new value, and the seconds that it lives. Returns nothing when it was
done, else what is there (empty: nothing) and changes nothing.
"""


class Valkey:
    """A way to the server, opened when it is first needed and again after every failure."""

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        """Take the server's `url`; nothing is connected yet.

        Raises:
            UsageError: The client library is not installed.
        """
        redis = need("redis.asyncio", "cluster")
        retry, backoff = need("redis.asyncio.retry", "cluster"), need("redis.backoff", "cluster")
        exceptions = need("redis.exceptions", "cluster")
        self._errors: tuple[type[Exception], ...] = (exceptions.RedisError, OSError, TimeoutError)
        self._no_script: type[Exception] = exceptions.NoScriptError
        self._patience = patience
        self._client: Redis = redis.Redis.from_url(
            url,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=retry.Retry(backoff.NoBackoff(), 0),  # we try again ourselves, and say so
            protocol=2,
        )

    async def run(self, script: Script, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        """Run `script` once for each key with its arguments, and return the answers in the same order.

        Raises:
            StoreAwayError: The server does not answer in time, or not as it should. What was done is not known.
        """
        found: list[Any] = []
        for start in range(0, len(calls), MOST_CALLS):
            found += await self._bounded(self._run(script, calls[start : start + MOST_CALLS]))
        return found

    async def _run(self, script: Script, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        answers = await self._evaluate(script, calls)
        lost = [place for place, answer in enumerate(answers) if isinstance(answer, self._no_script)]
        if lost:
            await self._client.script_load(script.text)
            again = await self._evaluate(script, [calls[place] for place in lost])
            for place, answer in zip(lost, again, strict=True):
                answers[place] = answer
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
        return answers

    async def _evaluate(self, script: Script, calls: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
        pipeline = self._client.pipeline(transaction=False)
        for key, arguments in calls:
            pipeline.execute_command("EVALSHA", script.digest, 1, key, *arguments)
        answers: list[Any] = await pipeline.execute(raise_on_error=False)
        return answers

    async def ask(self, *command: Any) -> Any:
        """Send one command and return its answer.

        Raises:
            StoreAwayError: As `run`.
        """
        return await self._bounded(self._client.execute_command(*command))  # type: ignore[no-untyped-call]

    async def _bounded(self, work: Any) -> Any:
        try:
            async with asyncio.timeout(2 * self._patience):
                return await work
        except self._errors as error:
            # What is left of a broken conversation must not be taken for the answer to the next question.
            with contextlib.suppress(*self._errors):
                await self._client.connection_pool.disconnect(inuse_connections=True)
            raise StoreAwayError(f"Valkey does not answer: {str(error) or 'it takes too long'}") from error

    async def close(self) -> None:
        """Let go of the connection."""
        with contextlib.suppress(*self._errors):
            await self._client.aclose()
