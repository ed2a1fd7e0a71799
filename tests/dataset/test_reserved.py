"""Opt-out lists of many forms are read; what can not be understood stops, lest a reservation is weakened."""

import gzip

import pytest

from guard.dataset.reserved import read_list
from guard.errors import ConfigurationError, UsageError
from tests.support.datasets import parquet

SHA, MD5, PHASH = "ab" * 32, "cd" * 16, "d1c4f0e2a3b49687"


def written(tmp_path, text: str, name: str = "list.txt"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


def test_plain_text_may_hold_everything(tmp_path):
    """One a line: hosts, addresses, patterns, hashes; and remarks."""
    text = (
        f"# ours\nPhoto.example\n*.shop.example\nhttps://a.example/x.jpg\nhttps://b.example/p/*\n{SHA}\n{MD5}  # boat\n"
    )
    found = read_list(written(tmp_path, text + f"{PHASH}\nhttps://whole.example/\n"))

    assert found.hosts == {"photo.example", "shop.example", "whole.example"}
    assert found.pictures == {"a.example/x.jpg"}
    assert found.urls == {"https://b.example/p/*"}
    assert (set(found.sha256), set(found.md5), set(found.phash)) == ({SHA}, {MD5}, {PHASH})


def test_tables_are_known_by_their_columns(tmp_path):
    """CSV, JSON lines and Parquet, other columns ignored, empty cells too."""
    csv = f"Domain,sha256,file,other\na.example,,,1\n,{SHA},boat.jpg,2\n"
    json = f'{{"domain": "a.example"}}\n{{"sha256": "{SHA}", "file": "boat.jpg", "width": 3}}\n'
    columns = {"domain": ["a.example", None], "sha256": [None, SHA], "file": [None, "boat.jpg"], "n": [1, 2]}
    packed = tmp_path / "list.csv.gz"
    packed.write_bytes(gzip.compress(csv.encode()))
    lists = (
        written(tmp_path, csv), written(tmp_path, json, "list.jsonl"), parquet(tmp_path / "l.parquet", columns), packed
    )  # fmt: skip
    for path in lists:
        found = read_list(path)
        assert (found.hosts, dict(found.sha256), found.files) == ({"a.example"}, {SHA: "boat.jpg"}, {"boat.jpg"})


def test_an_owners_file_is_a_list_too(tmp_path):
    """With the lists that it names, beside it."""
    written(tmp_path, "b.example\n", "more.txt")
    found = read_list(written(tmp_path, "hosts: a.example\nlists: more.txt\n", "mine.yaml"))

    assert found.hosts == {"a.example", "b.example"}


FAULTS = {
    "a line that is nothing": ("a.example\nwhat is this\n", "list.txt:2: is no host, address or hash: 'what is this'"),
    "an address that is none": ("https:///x\n", "list.txt:1: is no address"),
    "a hash of a wrong length": ("sha256\nabc\n", "sha256 is not 64 hexadecimal digits"),
    "JSON that breaks off": ('{"url": "https://a.example/x"}\n{"url"\n', "list.txt:2: is no JSON object"),
}


@pytest.mark.parametrize(("text", "message"), FAULTS.values(), ids=FAULTS)
def test_what_can_not_be_understood_stops(tmp_path, text, message):
    """With the line."""
    with pytest.raises(UsageError) as caught:
        read_list(written(tmp_path, text))

    assert message in str(caught.value)


def test_a_list_that_is_not_there_or_has_faults_stops(tmp_path):
    """Likewise."""
    with pytest.raises(UsageError, match="can not be read"):
        read_list(tmp_path / "gone.txt")
    with pytest.raises(ConfigurationError):
        read_list(written(tmp_path, "host: a", "mine.yaml"))
    with pytest.raises(UsageError, match="has none of the columns"):
        read_list(parquet(tmp_path / "l.parquet", {"x": [1]}))
    with pytest.raises(UsageError, match="is empty"):
        read_list(written(tmp_path, ""))
