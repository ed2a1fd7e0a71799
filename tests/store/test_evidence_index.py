"""The index finds what reading the whole log finds."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from guard.errors import StoreAwayError
from guard.evidence.record import RecordKind
from guard.store.batch import Entry
from guard.store.evidence_index import EvidenceIndex, helps
from guard.store.log_follower import Place, follow
from guard.store.record_filter import Filter, matching
from tests.support.clusters import PostgresqlServer
from tests.support.evidence import AT, end_leaf, fill, open_log, request_entry

MARK = "ab" * 8
FILTERS = {
    "crawler": Filter(crawlers=frozenset({"gptbot"})),
    "operator": Filter(operators=frozenset({"openai"})),
    "mark": Filter(marks=frozenset({MARK})),
    "action and grade": Filter(actions=frozenset({"mark"}), grades=frozenset({"E"})),
    "times": Filter(since=AT + 10, until=AT + 30),
    "records": Filter(records=frozenset({0, 5, 11})),
    "hash": Filter(pictures=frozenset({"cd" * 32})),
    "nothing there": Filter(crawlers=frozenset({"nobody"})),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a log with requests of several crawlers."""
    log = open_log(tmp_path)
    fill(log, 3)
    for number in range(30):
        claimed = ("GPTBot", "ClaudeBot", "")[number % 3]
        entry = request_entry(
            at=AT + number, claimed=claimed, operator=("OpenAI", "Anthropic", "")[number % 3],
            action=("refuse", "allow", "mark")[number % 3], grade=("D", "B", "E")[number % 3],
            mark=MARK if number % 6 == 2 else "", original="cd" * 32 if number % 5 == 0 else "",
        )  # fmt: skip
        (index,) = log.append([entry])
        if number % 4:
            log.append([Entry(end_leaf(int(str(index)), at=AT + 100_000 + number))])
    log.close()
    return tmp_path


@pytest.fixture
async def index(postgresql: PostgresqlServer) -> AsyncIterator[EvidenceIndex]:
    """An index for one test; logs have names of their own."""
    index = EvidenceIndex(postgresql.url)
    yield index
    await index.close()


async def taken_in(index: EvidenceIndex, root: Path, name: str, at_once: int = 7):
    log = await index.log(name)
    found = list(follow(root / "log", Place()))
    for start in range(0, len(found), at_once):
        log, _ = await index.add(log, found[start : start + at_once])
    return log


@pytest.mark.parametrize("name", FILTERS)
async def test_a_question_is_answered_as_by_the_log(index: EvidenceIndex, root: Path, name: str):
    """Requests with their ends, in order; what belongs to them is found in later batches too."""
    log = await taken_in(index, root, f"a/{name}/{root}")
    also = frozenset({RecordKind.RESERVATION})

    for kinds in (frozenset[RecordKind](), also):
        found = [number async for number, _ in index.search(log, FILTERS[name], kinds)]
        expected = [number for number, *_ in matching(root, FILTERS[name], also=kinds)]
        assert found == sorted(found)
        assert set(expected) <= set(found)
        assert len(found) <= len(expected) + (10 if name == "records" else 0)


async def test_what_two_take_in_at_once_is_in_it_once(index: EvidenceIndex, root: Path, postgresql: PostgresqlServer):
    """The second finds that it was done."""
    other = EvidenceIndex(postgresql.url)
    name = f"twice/{root}"
    mine, theirs = await index.log(name), await other.log(name)
    found = list(follow(root / "log", Place()))

    mine, _ = await index.add(mine, found[:20])
    theirs, taken = await other.add(theirs, found[:30])
    assert (theirs.place.next, taken) == (20, 0)
    theirs, taken = await other.add(theirs, found[20:])
    assert taken == len(found) - 20
    mine, _ = await index.add(mine, found[20:25])
    numbers = [number async for number, _ in index.search(theirs, Filter())]
    await other.close()

    assert numbers == list(range(len(found)))
    assert mine.place == theirs.place == found[-1].after


async def test_a_database_that_was_killed_is_used_again(index: EvidenceIndex, root: Path):
    """What was taken in is there, and nothing by halves."""
    server = PostgresqlServer()
    try:
        own = EvidenceIndex(server.url)
        log = await own.log("killed")
        found = list(follow(root / "log", Place()))
        log, _ = await own.add(log, found[:10])
        server.kill()
        with pytest.raises(StoreAwayError, match="PostgreSQL does not answer"):
            await own.add(log, found[10:20])
        with pytest.raises(StoreAwayError):
            await own.log("killed")
        server.start()
        log, _ = await own.add(await own.log("killed"), found[10:])
        numbers = [number async for number, _ in own.search(log, Filter())]
        await own.close()
    finally:
        server.stop()

    assert numbers == list(range(len(found)))


async def test_a_log_can_be_taken_out(index: EvidenceIndex, root: Path):
    """With all of its records; it begins anew."""
    name = f"out/{root}"
    log = await taken_in(index, root, name)
    await index.forget(name)

    again = await index.log(name)
    assert again.place == Place()
    assert again.id != log.id
    assert [one async for one in index.search(log, Filter())] == []


async def test_no_disclosed_value_is_in_it(index: EvidenceIndex, root: Path, postgresql: PostgresqlServer):
    """Addresses and header lines stay where they can be erased."""
    log = await taken_in(index, root, f"values/{root}")
    leaves = [leaf async for _, leaf in index.search(log, Filter())]

    assert leaves
    assert not any(b"203.0.113" in leaf or b"User-Agent" in leaf for leaf in leaves)


def test_it_is_asked_only_where_it_helps():
    """What only values say, or everything, is read from the log."""
    assert all(helps(one) for one in FILTERS.values())
    assert not helps(Filter())
    assert not helps(Filter(pictures=frozenset({"/a.jpg"})))
    assert helps(Filter(pictures=frozenset({"/a.jpg"}), crawlers=frozenset({"gptbot"})))
