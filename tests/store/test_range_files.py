"""Are lists read from disk with their age, and is a damaged file no loss?"""

import json
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path

import pytest

from guard.core.addresses import is_public
from guard.core.range_file import Proof, RangeFormat, RangeSource
from guard.core.range_lists import RangeList
from guard.errors import RangeListError
from guard.store.range_files import SEED, changed_at, encode_list, load_lists, read_list, write_list
from guard.store.rule_files import load_crawler_files, rules_root

OLD, NEW = datetime(2026, 9, 2, tzinfo=UTC), datetime(2026, 11, 20, 8, 30, 1, tzinfo=UTC)


def source(name: str = "bing", **fields) -> RangeSource:
    """Return where a list is published."""
    given = {"urls": ("https://a.example/b.json",), "format": RangeFormat.JAFAR, "proof": Proof.CRAWLER,
             "prefixes": (), "asns": (), "note": ""}  # fmt: skip
    return RangeSource(name=name, **{**given, **fields})


def made(prefix: str, at: datetime, name: str = "bing", *, complete: bool = True) -> RangeList:
    """Return a list."""
    return RangeList(
        name=name, prefixes=(ip_network(prefix), ip_network("2620:1ec:c::/48")), fetched_at=at,
        source="https://a.example/b.json", complete=complete,
    )  # fmt: skip


def test_a_list_comes_back_as_it_was_kept(tmp_path: Path):
    """There and back: prefixes, age, source, whether it is whole."""
    for complete in (True, False):
        one = made("40.77.167.0/24", NEW, complete=complete)
        write_list(tmp_path, one)
        assert read_list(tmp_path / "bing.json", source()) == one


def test_the_newer_copy_counts(tmp_path: Path):
    """The kept one after an update, the snapshot after an upgrade."""
    seed, kept = tmp_path / "seed", tmp_path / "kept"
    for first, second in [(seed, kept), (kept, seed)]:
        write_list(first, made("40.77.167.0/24", OLD))
        write_list(second, made("157.55.39.0/24", NEW))
        assert load_lists({"bing": source()}, seed, kept).lists["bing"].fetched_at == NEW
    assert load_lists({"bing": source()}, seed, None).lists["bing"].fetched_at == NEW


@pytest.mark.parametrize(
    "damaged",
    [b"", b"{", b"<html>", b'{"name": "bing", "prefixes": []}', b'{"name": "other", "prefixes": ["8.8.8.8"]}',
     b'["8.8.8.8"]', b'{"name": "bing", "prefixes": ["10.0.0.0/8"]}'],
)  # fmt: skip
def test_a_damaged_file_is_told_about_and_the_other_copy_is_used(tmp_path: Path, damaged):
    """Never an empty list, which would refute every claim."""
    seed, kept = tmp_path / "seed", tmp_path / "kept"
    write_list(seed, made("40.77.167.0/24", OLD))
    kept.mkdir()
    (kept / "bing.json").write_bytes(damaged)
    loaded = load_lists({"bing": source()}, seed, kept)

    assert loaded.lists["bing"].fetched_at == OLD
    assert [one.name for one in loaded.refused] == ["bing"]
    with pytest.raises(RangeListError):
        read_list(kept / "bing.json", source())


@pytest.mark.parametrize("age", ['"yesterday"', "7", "null", '"2026-13-01"'])
def test_a_list_of_unknown_age_confirms_and_refutes_nothing(tmp_path: Path, age):
    """It has no date to be explained with."""
    path = tmp_path / "bing.json"
    path.write_text(f'{{"name": "bing", "complete": true, "fetchedAt": {age}, "prefixes": ["40.77.167.0/24"]}}')
    found = read_list(path, source())

    assert found.fetched_at is None
    assert not found.refutes(NEW)


def test_a_list_that_does_not_say_that_it_is_whole_is_not():
    """A file that a person put there by hand."""
    text = encode_list(made("40.77.167.0/24", NEW))

    assert json.loads(text)["fetchedAt"] == "2026-11-20T08:30:01Z"
    assert json.loads(text)["complete"] is True


def test_customers_hosts_and_own_networks_are_told_apart(tmp_path: Path):
    """A network with its own autonomous systems is the operator's; another may hold anybody's programs."""
    write_list(tmp_path, made("40.77.167.0/24", NEW))
    path = tmp_path / "bing.json"

    assert read_list(path, source()).own_network
    assert read_list(path, source(proof=Proof.NETWORK, asns=(32934,))).own_network
    assert not read_list(path, source(proof=Proof.NETWORK)).own_network


def test_a_fixed_list_needs_no_file_and_refutes_nothing(tmp_path: Path):
    """Nobody wrote down when it was looked up."""
    fixed = source(format=RangeFormat.FIXED, urls=(), prefixes=(ip_network("91.242.162.0/24"),))
    found = load_lists({"bing": fixed}, tmp_path, tmp_path / "none").lists["bing"]

    assert found.prefixes == fixed.prefixes
    assert not found.refutes(NEW)


def test_a_change_in_the_folder_is_seen(tmp_path: Path):
    """Workers look for it; no folder is no change."""
    before = changed_at(tmp_path)
    write_list(tmp_path, made("40.77.167.0/24", NEW))

    assert before == changed_at(None) == changed_at(tmp_path / "none") == 0
    assert changed_at(tmp_path) > 0


# --- the snapshot that ships

ROOT = rules_root().path
SOURCES = load_crawler_files(ROOT)[1].ranges
SEEDS = sorted((ROOT / SEED).glob("*.json"))


def test_the_snapshot_is_sound():
    """Every file is a list of the rules, whole, dated, with nothing dropped, and from the operator's own address."""
    loaded = load_lists(SOURCES, ROOT / SEED, None)

    assert loaded.refused == ()
    assert {path.stem for path in SEEDS} <= set(SOURCES)
    assert len(SEEDS) >= 15
    for path in SEEDS:
        one = loaded.lists[path.stem]
        document = json.loads(path.read_text())
        assert one.complete, path.stem
        assert one.fetched_at is not None
        assert len(one.prefixes) == len(document["prefixes"])
        assert document["source"][0].startswith("https://")
        assert "CC0-1.0" in document["mirror"]
        assert all(is_public(prefix.network_address) for prefix in one.prefixes)


def test_the_snapshot_refutes_nothing_a_month_later():
    """Whoever installs an old release accuses nobody."""
    loaded = load_lists(SOURCES, ROOT / SEED, None)
    later = max(one.fetched_at for one in loaded.lists.values() if one.fetched_at) + timedelta(days=31)

    assert not any(one.refutes(later) for one in loaded.lists.values())
