"""Under which mark id does a client get its copies?

One random id for an *actor* and a day, over all pictures and renditions: evidence of several
pictures adds up, and one actor can not collect differently marked copies to average
them. An actor is a verified operator, else the address together with the shape of the header
lines. The table is in memory, shared by all workers; who an id belonged to stands in the
evidence log only, where it can be erased.
"""

import secrets
from datetime import datetime
from hashlib import blake2b

from guard.core.classification import Identity
from guard.image.chips import MARK_ID_SIZE
from guard.server.exchange import Exchange
from guard.store.clients import KEY_SIZE, ClientTable, Standing


class MarkIds:
    """Issues ids."""

    def __init__(self, table: ClientTable) -> None:
        self._table = table

    def of(self, exchange: Exchange) -> bytes:
        """Return the id for the client of this request, 8 random bytes, the same all day (UTC)."""
        return self._issue(_actor(exchange), exchange.facts.at)

    def _issue(self, actor: bytes, at: datetime) -> bytes:
        key = blake2b(at.date().isoformat().encode() + actor, digest_size=KEY_SIZE).digest()
        fresh = secrets.token_bytes(MARK_ID_SIZE)

        def keep(old: bytes | None) -> tuple[bytes, Standing, bytes]:
            known = old or fresh
            return known, Standing.NOTED, known

        return self._table.update(key, keep)


def _actor(exchange: Exchange) -> bytes:
    if exchange.who.identity is Identity.VERIFIED and exchange.who.operator:
        return b"operator " + exchange.who.operator.encode()
    if exchange.judged is not None:
        return b"client " + exchange.judged.key
    return b"address " + str(exchange.facts.client.address).encode()
