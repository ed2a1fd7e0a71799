"""What is left of a data set is the rest of it, exactly, in order, whole or not at all."""

import gzip
import os

import pyarrow
import pyarrow.parquet
import pytest

from guard.dataset.clean import Cleaning
from guard.dataset.identifiers import Identifiers, of_hosts
from guard.dataset.matcher import Matcher
from guard.dataset.sources import find_sources
from guard.errors import UsageError
from tests.dataset.test_scan import Silent
from tests.support.datasets import URLS, laion, parquet

KEPT = [1, 5, 6, 7, 8, 9]
"""Rows of `URLS` that are not photo.example's; the last only mentions it."""


def cleaned(path, target, identifiers=None, *, weak=False, **mapping):
    run = Cleaning(Matcher(identifiers or of_hosts(["photo.example"])), mapping, Silent(), weak)
    (source,), _ = find_sources([path])
    run.clean(source, target)
    return run.done[0]


def test_text_keeps_its_bytes(tmp_path):
    """Quotes, ends of lines, BOM and odd rows of what stays."""
    head = b"\xef\xbb\xbfURL;TEXT\r\n"
    kept = [b'"https://a.test/1";"two\r\nlines ""here"""\r\n', b"https://a.test/2;Gr\xfc\xdfe;more\n"]
    gone = b"https://photo.example/a;x\r\n"
    path = tmp_path / "a.csv"
    path.write_bytes(head + kept[0] + gone + kept[1] + gone)
    one = cleaned(path, tmp_path / "b.csv")

    assert (tmp_path / "b.csv").read_bytes() == head + b"".join(kept)
    assert (one.kept, one.report.found, one.report.rows, one.written) == (2, 2, 4, True)


def test_a_last_row_without_an_end_does_not_run_into_another(tmp_path):
    """Nor does one before it lose its own."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"url": "https://photo.example/a"}\n{"url": "https://a.test/1"}')

    assert cleaned(path, tmp_path / "b.jsonl").kept == 1
    assert (tmp_path / "b.jsonl").read_bytes() == b'{"url": "https://a.test/1"}'


def test_packed_text_stays_packed(tmp_path):
    """And the same input gives the same bytes."""
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"url\nhttps://photo.example/a\nhttps://a.test/1\n"))
    for name in ("b.gz", "c.gz"):
        cleaned(path, tmp_path / name)

    assert gzip.decompress((tmp_path / "b.gz").read_bytes()) == b"url\nhttps://a.test/1\n"
    assert (tmp_path / "b.gz").read_bytes() == (tmp_path / "c.gz").read_bytes()


def test_rows_that_can_not_be_read_are_left_out(tmp_path):
    """Nobody can say that they are not reserved."""
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"url": "https://a.test/1"}\n{"url": "https://photo.exam\n{"url": "https://a.test/2"}\n')
    one = cleaned(path, tmp_path / "b.jsonl")

    assert (one.kept, one.report.broken) == (2, 1)
    assert b"photo" not in (tmp_path / "b.jsonl").read_bytes()


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "brotli", "lz4", "none"])
def test_parquet_keeps_rows_types_and_compression(tmp_path, compression):
    """In order; also what we do not look at."""
    table = pyarrow.table(
        {
            "URL": pyarrow.array(URLS),
            "n": pyarrow.array(range(9), pyarrow.int16()),
            "u": pyarrow.array(range(9), pyarrow.uint32()),
            "f": pyarrow.array([0.5] * 9, pyarrow.float32()),
            "at": pyarrow.array([1_700_000_000_000_000] * 9, pyarrow.timestamp("us", "UTC")),
            "b": pyarrow.array([b"\x00\xff"] * 9),
            "list": pyarrow.array([["a", None], []] + [None] * 7),
            "nest": pyarrow.array([{"x": 1, "y": "é"}] * 9),
            "large": pyarrow.array(["x"] * 9, pyarrow.large_string()),
            "word": pyarrow.array(["a", "b", "a"] * 3).dictionary_encode(),
            'odd "name"; --': pyarrow.array([True, False, None] * 3),
        }
    ).replace_schema_metadata({"huggingface": '{"it\'s": 1}', "k\\": "v"})
    source = parquet(tmp_path / "a.parquet", table, compression=compression)
    one = cleaned(source, tmp_path / "b.parquet")
    left = pyarrow.parquet.read_table(tmp_path / "b.parquet")
    written = pyarrow.parquet.ParquetFile(tmp_path / "b.parquet").metadata
    before = pyarrow.parquet.ParquetFile(source).metadata

    assert (one.kept, one.report.found) == (6, 3)
    assert left.to_pylist() == table.take([number - 1 for number in KEPT]).to_pylist()
    assert left.schema.equals(pyarrow.parquet.read_table(source).schema, check_metadata=True)
    assert written.row_group(0).column(0).compression == before.row_group(0).column(0).compression


def test_parquet_keeps_its_order_over_many_row_groups(tmp_path):
    """Though it is written by several threads."""
    count = 200_000
    urls = [f"https://{'photo.example' if n % 3 == 0 else 'a.test'}/{n}" for n in range(count)]
    table = {"url": urls, "n": list(range(count))}
    cleaned(parquet(tmp_path / "a.parquet", table, row_group_size=5_000), tmp_path / "b.parquet")

    left = pyarrow.parquet.read_table(tmp_path / "b.parquet")["n"].to_pylist()
    assert left == [n for n in range(count) if n % 3]
    assert pyarrow.parquet.ParquetFile(tmp_path / "b.parquet").metadata.num_row_groups > 10


def test_nothing_reserved_and_everything_reserved(tmp_path):
    """Both are whole files."""
    source = laion(tmp_path / "a.parquet")
    assert cleaned(source, tmp_path / "b.parquet", of_hosts(["c.test"])).kept == 9
    only = parquet(tmp_path / "c.parquet", {"url": ["https://photo.example/a"]})
    assert cleaned(only, tmp_path / "d.parquet").kept == 0
    assert pyarrow.parquet.read_table(tmp_path / "d.parquet").num_rows == 0


def test_what_may_be_chance_stays_unless_it_is_asked_for(tmp_path):
    """A name in a caption and the name of a file are not enough."""
    path = tmp_path / "a.csv"
    path.write_text("url,text\nhttps://a.test/westerhever-2019.jpg,x\nhttps://a.test/2,by Jane Doe\n")
    mine = Identifiers(names=frozenset({"Jane Doe"}), files=frozenset({"westerhever-2019.jpg"}))

    assert cleaned(path, tmp_path / "b.csv", mine).kept == 2
    assert cleaned(path, tmp_path / "c.csv", mine, weak=True).kept == 0


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path):
    """Neither a file nor a link in its place; after a fault there is no result, and no scrap."""
    source = laion(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_text("mine")
    (tmp_path / "c.parquet").symlink_to(tmp_path / "elsewhere")
    for name in ("b.parquet", "c.parquet"):
        with pytest.raises(UsageError, match="is there already"):
            cleaned(source, tmp_path / name)
    (tmp_path / "bad.parquet").write_bytes(source.read_bytes()[:-30])
    (tmp_path / "bad.csv.gz").write_bytes(gzip.compress(os.urandom(0) + b"url\n" + b"https://a.test/\n" * 9999)[:-20])
    for name in ("bad.parquet", "bad.csv.gz"):
        one = cleaned(tmp_path / name, tmp_path / f"new-{name}")
        assert not one.written
        assert one.report.fault
    assert (tmp_path / "b.parquet").read_text() == "mine"
    names = {"a.parquet", "b.parquet", "c.parquet", "bad.parquet", "bad.csv.gz"}
    assert {path.name for path in tmp_path.iterdir()} == names


def test_a_folder_that_is_not_there_is_told(tmp_path):
    """In one sentence."""
    with pytest.raises(UsageError, match="can not be written: no such file or directory"):
        cleaned(laion(tmp_path / "a.parquet"), tmp_path / "gone" / "b.parquet")
