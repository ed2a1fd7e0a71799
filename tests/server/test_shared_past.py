"""What a client does at one guard the others know moments later, each once and under no readable name."""

import pytest

from guard.core import behaviour
from guard.core.behaviour import Past, summary
from guard.core.classification import Conduct
from guard.errors import StoreAwayError
from guard.server.shared_past import SHARED_AFTER, SharedPast
from guard.store.clients import ClientTable, Standing
from guard.store.valkey import Valkey
from tests.support.captures import START, capture, judge, rules
from tests.support.clusters import SECRET, ValkeyServer

KEY = b"k" * 16
DAY = 86_400.0
TOOL = capture("tool-curl").requests
PERSON = capture("person-gallery").requests


class AGuard:
    """A table and what keeps it in step with others, without the sockets."""

    def __init__(self, valkey: ValkeyServer, at: list[float]) -> None:
        self.table = ClientTable.create(800, layout=behaviour.VERSION)
        self.judge = judge()
        self.store = Valkey(valkey.url)
        self.at = at
        self.restart()

    def restart(self) -> None:
        self.past = SharedPast(self.table, self.store, SECRET, rules(), now=lambda: self.at[0])

    def serve(self, first: int, count: int, requests=TOOL) -> Conduct:
        """Answer requests of the capture; return what the client was at the last."""
        for after, facts, answered in requests[first : first + count]:
            look = self.judge.look(facts, START + after)

            def head(record, look=look):
                state, verdict = self.judge.at_request(record, look)
                return state, Standing.ORDINARY, verdict

            def answer(record, look=look, answered=answered):
                state, verdict = self.judge.after_response(record, look, answered)
                return state, Standing.ORDINARY if verdict.conduct is Conduct.CLEAN else Standing.NOTED, verdict

            verdict = self.table.update(KEY, head)
            self.table.update(KEY, answer)
        return verdict.conduct

    def seen(self) -> int:
        return Past.from_bytes(self.table.get(KEY), 0).seen


@pytest.fixture
async def guards(valkey: ValkeyServer):
    """Three guards on one day."""
    at = [1000 * DAY + 100.0]
    three = [AGuard(valkey, at) for _ in range(3)]
    yield three
    for one in three:
        await one.store.close()
        one.table.close()


async def look(guards: list[AGuard], rounds: int = 2) -> None:
    for _ in range(rounds):
        for one in guards:
            await one.past.look()


async def test_what_each_has_seen_adds_up_once(guards: list[AGuard]):
    """However often they look."""
    one, two, three = guards
    one.serve(0, 6)
    await look(guards)
    two.serve(6, 5)
    await look(guards, 4)
    one.serve(11, 3)
    two.serve(14, 4)
    three.serve(18, 7)
    await look(guards, 4)

    assert [each.seen() for each in guards] == [25, 25, 25]
    records = {each.table.get(KEY) for each in guards}
    assert len(records) == 1
    assert summary(records.pop()).pictures == sum(
        answered.kind in ("image", "original") for _, _, answered in TOOL[:25]
    )


async def test_a_client_found_out_by_one_is_known_to_another(guards: list[AGuard]):
    """After as few requests there as take it to be looked up."""
    one, two, _ = guards
    assert one.serve(0, 30) is Conduct.HOSTILE
    await look(guards)

    assert two.serve(30, 1) is Conduct.CLEAN
    two.serve(31, SHARED_AFTER - 1)
    await look(guards)

    assert two.serve(34, 1) is Conduct.HOSTILE
    assert two.table.standing(KEY) is Standing.NOTED


async def test_a_worker_that_goes_on_meanwhile_loses_nothing(guards: list[AGuard], monkeypatch: pytest.MonkeyPatch):
    """Its requests come on top of what the others have told, and are told next."""
    one, two, _ = guards
    one.serve(0, 6)
    await look(guards)
    run = two.store.run

    async def slowly(script, calls):
        answers = await run(script, calls)
        two.serve(12, 2)  # while the store is being asked
        return answers

    two.serve(6, 6)
    monkeypatch.setattr(two.store, "run", slowly)
    await two.past.look()
    monkeypatch.undo()
    during = two.seen()
    await look(guards, 3)

    assert during >= 16
    assert [one.seen(), two.seen()] == [during, during]


async def test_few_requests_of_somebody_unremarkable_stay_at_home(guards: list[AGuard]):
    """Most visitors never get into the store."""
    guards[0].serve(0, SHARED_AFTER - 1, PERSON)
    await look(guards)

    assert await guards[0].store.ask("DBSIZE") == 0
    guards[0].serve(SHARED_AFTER - 1, 1, PERSON)
    await look(guards)
    assert await guards[0].store.ask("DBSIZE") == 2


async def test_the_store_names_nobody(guards: list[AGuard], valkey: ValkeyServer):
    """The key of the table, which is a hash of the address, is not in it; every entry of a client ends by itself."""
    guards[0].serve(0, 6)
    await look(guards)
    names = await guards[0].store.ask("KEYS", "guard:past:*")
    dumps = [await guards[0].store.ask("GET", name) for name in names]

    assert len(names) == 1
    assert not any(KEY in text or KEY.hex().encode() in text for text in (*names, *dumps))
    assert 0 < await guards[0].store.ask("TTL", names[0]) <= DAY


async def test_a_new_day_brings_new_names_and_the_same_past(guards: list[AGuard]):
    """For who was known to the guard, and for who comes to another one."""
    one, _, three = guards
    one.serve(0, 6)
    await look(guards)
    one.at[0] += DAY
    three.serve(6, 5)
    await look([three])
    one.serve(11, 4)
    await look(guards, 3)

    names = await one.store.ask("KEYS", "guard:past:*")
    assert len(names) == 2
    assert three.seen() == one.seen() == 15


async def test_a_store_that_was_emptied_makes_nothing_double(guards: list[AGuard], valkey: ValkeyServer):
    """Each guard still has what it had, and they agree again."""
    for number, one in enumerate(guards):
        one.serve(6 * number, 6)
    await look(guards, 3)
    valkey.kill()
    for one in guards:
        with pytest.raises(StoreAwayError):
            await one.past.look()
    valkey.start()
    for number, one in enumerate(guards):
        one.serve(18 + 2 * number, 2)
    await look(guards, 4)

    assert {one.seen() for one in guards} == {24}


async def test_what_happened_while_the_store_was_away_is_told_when_it_is_back(
    guards: list[AGuard], valkey: ValkeyServer
):
    """A guard goes by its own table in between."""
    one, two, _ = guards
    await look(guards)
    valkey.hold()
    one.serve(0, 6)
    with pytest.raises(StoreAwayError):
        await one.past.look()
    one.serve(6, 6)
    valkey.go_on()
    two.serve(12, 6)
    await look(guards, 4)

    assert one.seen() == two.seen()
    assert 18 <= one.seen() <= 24  # what was being told when the answer did not come may count twice


async def test_a_guard_that_starts_again_counts_nobody_twice(guards: list[AGuard]):
    """What it had kept on its disk the others know already."""
    one, two, _ = guards
    one.serve(0, 6)
    two.serve(6, 6)
    await look(guards, 3)
    one.restart()
    one.serve(12, 4)
    await look(guards, 3)

    assert one.seen() == two.seen() == 16


async def test_other_forms_of_record_do_not_meet(guards: list[AGuard]):
    """Nonsense in the store is no past."""
    one = guards[0]
    one.serve(0, 6)
    await look(guards)
    (name,) = await one.store.ask("KEYS", "guard:past:*")
    await one.store.ask("SET", name, b"x")
    one.serve(6, 6)
    await look(guards, 3)

    assert one.seen() == 12
