"""What have clients done at the other guards?

A guard judges by its own table, as without other guards. This looks through the table a few times a second, tells the
shared store what has changed and puts what others have told into the table, where every worker sees that it was
written. No visitor waits for any of it, and no worker knows of it.

Two guards that have seen the same client merge what they know (`guard.core.past_merge`): whoever comes second with
its version is given the other's, and tries again. So nothing is counted twice and nothing is lost, but in a guard that
is killed between two looks.

The error of that: what a client does at one guard another one knows after `EVERY` and two round trips, and of a client
that is new to it after `SHARED_AFTER` requests, or at once if there is something odd about it. Those of whom less is
known never leave their guard: most are persons who look at one page. A client whose past is in no guard any more is
forgotten after `KEPT`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from secrets import token_hex
from typing import Final, NamedTuple

from guard.core.behaviour import VERSION
from guard.core.past_merge import merge
from guard.core.signals import BehaviourRules
from guard.store.clients import ClientTable, Standing
from guard.store.cluster_keys import DAY, Pseudonyms
from guard.store.valkey import SWAP, Valkey

EVERY: Final = 0.25
"""Seconds between two looks; a look that takes long makes the next one wait longer."""
SHARED_AFTER: Final = 4
"""Requests. Fewer are no past worth telling: a sequential test comes to no verdict before."""
KEPT: Final = 86_400
"""Seconds; what a client did a day ago has all but faded."""
TRIES: Final = 5
"""How often a guard comes second before it leaves a client to the next look."""
MOST_CHANGES: Final = 20_000
"""Names in the list of what has changed, from which the guards learn what to fetch."""
_CHANGES: Final = f"guard:changed:{VERSION}"
_VERSION_SIZE: Final = 8
_UPDATES: Final = 2 * SHARED_AFTER
"""A request with its answer is two."""


@dataclass(slots=True)
class _Known:
    """What the store and this guard both knew of a client when they last agreed."""

    total: bytes
    version: bytes
    day: int


class _Proposed(NamedTuple):
    """What a guard would put into the store."""

    state: bytes
    standing: int
    before: bytes
    """The version that it takes the place of; empty: there is none."""


class SharedPast:
    """Keeps the table of clients of one guard in step with those of the others."""

    def __init__(
        self,
        table: ClientTable,
        store: Valkey,
        secret: str,
        rules: BehaviourRules,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Take the table; who is in it already is from before and known to the others, or forgotten.

        Args:
            clock: The table's.
            now: Unix seconds.
        """
        self._table = table
        self._store = store
        self._names = Pseudonyms(secret)
        self._rules = rules
        self._clock = clock
        self._now = now
        self._looked = 0
        self._own = token_hex(8)
        self._read_to = ""
        self._known = {key: _Known(state, b"", 0) for _, key, state, _ in table.since(0)}
        self._clients: dict[str, bytes] = {}
        """Whom a name of today or yesterday stands for, of those who are known here."""

    @property
    def known(self) -> int:
        """Of how many clients this guard knows what the others know."""
        return len(self._known)

    async def look(self) -> int:
        """Tell what has changed here, take over what has changed elsewhere, and return how many clients that were.

        Raises:
            StoreAwayError: The store does not answer; what was not told is told by a later look.
        """
        await self._begin()
        began = self._clock()
        changed = {
            key: (state, standing)
            for _, key, state, standing in self._table.since(self._looked, _UPDATES)
            if key not in self._known or self._known[key].total != state
        }
        told = await self._tell(changed)
        self._looked = began
        learnt = await self._learn()
        if len(self._clients) > 2 * self._table.capacity:
            self._forget()
        return told + learnt

    async def _begin(self) -> None:
        if not self._read_to:  # what was told before is asked for when its client comes
            last = await self._store.ask("XREVRANGE", _CHANGES, "+", "-", "COUNT", 1)
            self._read_to = last[0][0].decode() if last else "0"

    async def _tell(self, changed: dict[bytes, tuple[bytes, int]]) -> int:
        """Put what has changed here into the store, merged with what is there."""
        day = int(self._now() // DAY)
        waiting = {key: self._proposed(key, *one, day) for key, one in changed.items()}
        for key, value in (await self._yesterday(list(changed), day)).items():
            waiting[key] = self._merged(key, *changed[key], value)._replace(before=b"")
        names: list[str] = []
        for _ in range(TRIES):
            if not waiting:
                break
            calls = [
                (self._key(key, day), (one.before, _version(one) + bytes([one.standing]) + one.state, KEPT))
                for key, one in waiting.items()
            ]
            answers = await self._store.run(SWAP, calls)
            proposed, waiting = waiting, {}
            for (key, one), answer in zip(proposed.items(), answers, strict=True):
                if answer is None:
                    self._agree(key, changed[key][0], one, day)
                    names.append(self._name(key, day))
                elif answer:
                    waiting[key] = self._merged(key, *changed[key], answer)
                else:
                    waiting[key] = one._replace(before=b"")
        if names:
            entry = ("by", self._own, "names", " ".join(names))
            await self._store.ask("XADD", _CHANGES, "MAXLEN", "~", MOST_CHANGES, "*", *entry)
            await self._store.ask("EXPIRE", _CHANGES, KEPT)
        return len(names)

    def _proposed(self, key: bytes, state: bytes, standing: int, day: int) -> _Proposed:
        known = self._known.get(key)
        return _Proposed(state, standing, known.version if known is not None and known.day == day else b"")

    def _merged(self, key: bytes, mine: bytes, standing: int, theirs: bytes) -> _Proposed:
        """Return what is to be in the store where another guard has been there since."""
        version, other, record = _parts(theirs)
        known = self._known.get(key)
        state = merge(None if known is None else known.total, mine, record, self._rules)
        return _Proposed(state, max(standing, other), version)

    async def _yesterday(self, keys: list[bytes], day: int) -> dict[bytes, bytes]:
        """Return what the store has under yesterday's name of those whose name of today may not be there yet."""
        wanted = [key for key in keys if key not in self._known or self._known[key].day != day]
        if not wanted:
            return {}
        values = await self._store.ask("MGET", *(self._key(key, day - 1) for key in wanted))
        return {key: value for key, value in zip(wanted, values, strict=True) if value}

    def _agree(self, key: bytes, mine: bytes, one: _Proposed, day: int) -> None:
        """Note what the store has now, and put it into the table where that is not what is there."""
        self._known[key] = _Known(one.state, _version(one), day)
        self._clients[self._name(key, day)] = key
        if one.state != mine:
            self._put(key, mine, one.state, one.standing)

    def _put(self, key: bytes, mine: bytes, total: bytes, standing: int) -> None:
        kept = Standing(max(standing, self._table.standing(key) or Standing.ORDINARY))

        def change(held: bytes | None) -> tuple[bytes, Standing, None]:
            # A worker has gone on meanwhile: what it has added comes on top, and is told next time.
            state = total if held is None or held == mine else merge(mine, held, total, self._rules)
            return state, kept, None

        self._table.update(key, change, worth=0)

    async def _learn(self) -> int:
        """Take over what others have told of clients whom this guard knows too."""
        found = await self._store.ask("XREAD", "COUNT", 1000, "STREAMS", _CHANGES, self._read_to)
        entries = found[0][1] if found else []
        if not entries:
            return 0
        self._read_to = entries[-1][0].decode()
        own = self._own.encode()
        names = {name.decode() for _, fields in entries if fields[b"by"] != own for name in fields[b"names"].split()}
        here = names & self._clients.keys()
        return await self._fetch([(name, self._clients[name]) for name in here])

    async def _fetch(self, wanted: list[tuple[str, bytes]]) -> int:
        day, learnt = int(self._now() // DAY), 0
        if not wanted:
            return 0
        values = await self._store.ask("MGET", *(_key_of(name) for name, _ in wanted))
        for (_, key), value in zip(wanted, values, strict=True):
            known = self._known.get(key)
            if value is None or known is None:
                continue
            version, standing, total = _parts(value)
            if version == known.version:
                continue
            mine, known.total, known.version, known.day = known.total, total, version, day
            self._put(key, mine, total, standing)
            learnt += 1
        return learnt

    def _forget(self) -> None:
        """Let go of clients who are not in the table any more, and of names of other days."""
        self._known = {key: known for key, known in self._known.items() if self._table.standing(key) is not None}
        self._clients = {self._name(key, known.day): key for key, known in self._known.items()}

    def _name(self, key: bytes, day: int) -> str:
        return self._names.of(key, day * DAY)

    def _key(self, key: bytes, day: int) -> str:
        return _key_of(self._name(key, day))


def _key_of(name: str) -> str:
    """Return where the store keeps a client; guards whose records have another form do not meet there."""
    return f"guard:past:{VERSION}:{name}"


def _version(one: _Proposed) -> bytes:
    return blake2b(one.before + one.state, digest_size=_VERSION_SIZE).digest()


def _parts(value: bytes) -> tuple[bytes, int, bytes]:
    """Return version, standing and record."""
    standing = value[_VERSION_SIZE] if len(value) > _VERSION_SIZE else 0
    return value[:_VERSION_SIZE], min(standing, int(Standing.DECLARED)), value[_VERSION_SIZE + 1 :]
