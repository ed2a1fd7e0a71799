"""Which challenges have been solved at the other guards?

A challenge is solved once. Each guard notes its own at once, tells the others moments later and notes theirs. Whoever
brings the same solution to two guards within these moments gets a second pass, for the same client, address and hours
as the first: nothing that a second solution would not bring. The numbers are random and name nobody.
"""

import time
from collections.abc import Callable
from secrets import token_hex
from typing import Final

from guard.store.clients import KEY_SIZE, ClientTable, Standing
from guard.store.valkey import Valkey

KEPT: Final = 3600
"""Seconds; a challenge lives for a part of that."""
MOST: Final = 32_768
_STREAM: Final = "guard:spent"


class SharedSpent:
    """Keeps the table of solved challenges of one guard in step with those of the others."""

    def __init__(
        self,
        table: ClientTable,
        store: Valkey,
        *,
        clock: Callable[[], int] = time.monotonic_ns,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._table = table
        self._store = store
        self._clock = clock
        self._now = now
        self._own = token_hex(8)
        self._looked = 0
        self._known: dict[bytes, None] = {}
        self._read_to = "0"

    async def look(self) -> int:
        """Tell what was solved here, take over what was solved elsewhere, and return how many those were.

        Raises:
            StoreAwayError: The store does not answer; what was not told is told by a later look.
        """
        began = self._clock()
        solved = [key for _, key, _, _ in self._table.since(self._looked) if key not in self._known]
        if solved:
            oldest = f"{int((self._now() - KEPT) * 1000)}"
            numbers = "".join(key.hex() for key in solved)
            await self._store.ask("XADD", _STREAM, "MINID", "~", oldest, "*", "by", self._own, "solved", numbers)
            await self._store.ask("EXPIRE", _STREAM, KEPT)
            self._known |= dict.fromkeys(solved)
        self._looked = began
        return len(solved) + await self._learn()

    async def _learn(self) -> int:
        found = await self._store.ask("XREAD", "COUNT", 1000, "STREAMS", _STREAM, self._read_to)
        learnt = 0
        for number, fields in found[0][1] if found else []:
            self._read_to = number.decode()
            if fields[b"by"] == self._own.encode():
                continue
            numbers = bytes.fromhex(fields[b"solved"].decode())
            for place in range(0, len(numbers) // KEY_SIZE * KEY_SIZE, KEY_SIZE):
                key = numbers[place : place + KEY_SIZE]
                self._known[key] = None
                self._table.update(key, lambda _: (b"\x01", Standing.ORDINARY, None))
                learnt += 1
        while len(self._known) > MOST:
            del self._known[next(iter(self._known))]
        return learnt
