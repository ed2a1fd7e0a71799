"""The index grows with the log, from wherever it was, and is of no other log."""

from pathlib import Path

import pytest

from guard.store import index_follower
from guard.store.evidence_index import EvidenceIndex
from guard.store.index_follower import IndexFollower, bring_up
from guard.store.log_follower import head
from guard.store.record_filter import Filter
from tests.support.clusters import PostgresqlServer
from tests.support.evidence import fill, open_log


@pytest.fixture
async def index(postgresql: PostgresqlServer):
    """An index for one test."""
    index = EvidenceIndex(postgresql.url)
    yield index
    await index.close()


async def numbers(index: EvidenceIndex, root: Path) -> list[int]:
    log = await index.log(head(root / "log").origin)
    return [number async for number, _ in index.search(log, Filter())]


async def test_what_is_signed_is_taken_in_as_it_comes(
    index: EvidenceIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Each record once, whoever looks how often."""
    monkeypatch.setattr(index_follower, "AT_ONCE", 7)
    log = open_log(tmp_path)
    follower, other = IndexFollower(index, tmp_path / "log"), IndexFollower(index, tmp_path / "log")
    counts = []
    for _ in range(3):
        fill(log, 5)
        counts += [await follower.look(), await other.look(), await follower.look()]
    log.close()

    assert await follower.look() == head(tmp_path / "log").size - sum(counts[::3])
    assert counts[1::3] == counts[2::3] == [0, 0, 0]
    assert await numbers(index, tmp_path) == list(range(head(tmp_path / "log").size))
    assert follower.behind == 0


async def test_an_index_of_another_history_is_made_anew(
    index: EvidenceIndex, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """As after a backup of the database that is from another log of this name; the log is the truth."""
    log = open_log(tmp_path)
    fill(log, 5)
    await bring_up(index, tmp_path / "log")
    fill(log, 5)
    log.close()
    origin, size = head(tmp_path / "log").origin, head(tmp_path / "log").size
    await index._do("execute", "UPDATE guard_logs SET newest = '\\x00' WHERE origin = $1", origin)

    assert await bring_up(index, tmp_path / "log") == size
    assert "is made anew" in capsys.readouterr().err
    assert await bring_up(index, tmp_path / "log", anew=True) == size
    assert await numbers(index, tmp_path) == list(range(size))
