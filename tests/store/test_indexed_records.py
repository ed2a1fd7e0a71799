"""Through the index one sees what one sees in the log, to the byte, and a forged index is found out."""

import os
from pathlib import Path

import pytest

from guard.errors import LogDamagedError, UsageError
from guard.evidence import disclosure
from guard.evidence.record import RecordKind
from guard.store.batch import Entry
from guard.store.indexed_records import opened
from guard.store.log_follower import head
from guard.store.record_filter import Filter, matching
from tests.store.test_evidence_index import FILTERS, MARK
from tests.support.clusters import PostgresqlServer
from tests.support.evidence import AT, end_leaf, open_log, request_leaf
from tests.support.indexes import take_in

MORE = {
    "everything": Filter(),
    "path": Filter(pictures=frozenset({"/3.jpg", "/4.jpg"})),
    "crawler and path": Filter(crawlers=frozenset({"gptbot"}), pictures=frozenset({"/3.jpg"})),
    "crawler and address": Filter(crawlers=frozenset({"gptbot"}), since=AT),
}


@pytest.fixture
def root(tmp_path: Path, postgresql: PostgresqlServer) -> Path:
    """Return a log of which the index has the first half."""
    log = open_log(tmp_path)
    for number in range(300):
        if number == 150:
            log.checkpoint()
            take_in(postgresql.url, tmp_path / "log")
        groups = (
            disclosure.commit("person", {"address": f"192.0.2.{number % 9}", "port": 1}, os.urandom(16)),
            disclosure.commit("target", {"path": f"/{number % 7}.jpg"}, os.urandom(16)),
        )
        leaf = request_leaf(
            sd=[one.commitment for one in groups], at=AT + number, claimed=("GPTBot", "ClaudeBot", "")[number % 3],
            operator=("OpenAI", "Anthropic", "")[number % 3], action=("refuse", "allow", "mark")[number % 3],
            grade=("D", "B", "E")[number % 3], mark=MARK if number % 6 == 2 else "",
            original="cd" * 32 if number % 5 == 0 else "",
        )  # fmt: skip
        (index,) = log.append([Entry(leaf, groups)])
        log.append([Entry(end_leaf(int(str(index))))])
    log.close()
    return tmp_path


def test_what_is_found_is_what_the_log_says(root: Path, postgresql: PostgresqlServer):
    """Leaves, ends and values, the part that the index does not have included."""
    with opened(postgresql.url) as reader:
        for name, wanted in {**FILTERS, **MORE}.items():
            for also in (frozenset[RecordKind](), frozenset({RecordKind.RESERVATION})):
                assert list(reader.matching(root, wanted, also=also)) == list(matching(root, wanted, also=also)), name


def test_an_erased_value_is_not_in_the_index(root: Path, postgresql: PostgresqlServer):
    """The values are those that are still there."""
    wanted = Filter(crawlers=frozenset({"gptbot"}))
    (root / "side" / "disclosures.db").unlink()

    with opened(postgresql.url) as reader:
        found = list(reader.matching(root, wanted))

    assert found == list(matching(root, wanted))
    assert not any(values for *_, values in found)


def test_an_index_that_lies_is_found_out(root: Path, postgresql: PostgresqlServer):
    """A leaf that is not the log's is never shown."""
    import asyncio

    from guard.store.evidence_index import EvidenceIndex

    async def forge() -> None:
        index = EvidenceIndex(postgresql.url)
        forged = request_leaf(claimed="GPTBot", operator="OpenAI", action="allow")
        log = await index.log(head(root / "log").origin)
        await index._do("execute", "UPDATE guard_records SET leaf = $2 WHERE log = $1 AND index = 4", log.id, forged)
        await index._do("execute", "UPDATE guard_records SET claimed = 'gptbot' WHERE log = $1 AND index = 4", log.id)
        await index.close()

    asyncio.run(forge())

    with opened(postgresql.url) as reader, pytest.raises(LogDamagedError, match="guard evidence index --anew"):
        list(reader.matching(root, Filter(crawlers=frozenset({"gptbot"}))))


def test_another_guards_log_is_shown_without_its_values(root: Path, postgresql: PostgresqlServer):
    """By the name of the log, or an end of it that only it has."""
    origin = head(root / "log").origin
    wanted = Filter(crawlers=frozenset({"gptbot"}), until=AT + 100)
    with opened(postgresql.url) as reader:
        log = reader.named(origin.rpartition("/")[2])
        found = list(reader.elsewhere(log, wanted))
        with pytest.raises(UsageError, match="names 0 logs"):
            reader.named("nobody")

    assert [one[:3] for one in found] == [one[:3] for one in matching(root, wanted)]
    assert not any(values for *_, values in found)
