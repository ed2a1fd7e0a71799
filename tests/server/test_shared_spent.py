"""A challenge is solved once, at whichever guard."""

from guard.server.challenge import SpentChallenges
from guard.server.shared import SPENT_LAYOUT
from guard.server.shared_spent import SharedSpent
from guard.store.clients import ClientTable
from guard.store.valkey import Valkey
from tests.support.clusters import ValkeyServer

NONCE = b"n" * 16


async def test_what_was_solved_here_is_no_solution_there(valkey: ValkeyServer):
    """Moments later, and for a guard that starts later too."""
    tables = [ClientTable.create(80, layout=SPENT_LAYOUT) for _ in range(3)]
    store = Valkey(valkey.url)
    one, two, _ = (SharedSpent(table, store) for table in tables)
    first = SpentChallenges(tables[0]).spend(NONCE)
    told = await one.look()
    learnt = await two.look()
    again = [SpentChallenges(table).spend(NONCE) for table in tables[:2]]
    await SharedSpent(tables[2], store).look()

    assert (first, told, learnt) == (True, 1, 1)
    assert again == [False, False]
    assert not SpentChallenges(tables[2]).spend(NONCE)
    assert 0 < await store.ask("TTL", "guard:spent") <= 3600
    assert await one.look() + await two.look() == 0
    await store.close()
    for table in tables:
        table.close()
