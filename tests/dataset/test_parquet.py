"""Parquet files are read with DuckDB, which may open nothing else and takes no name for a command."""

import os
import signal
import threading

import pyarrow
import pytest

from guard.dataset.columns import ColumnError
from guard.dataset.identifiers import Identifiers, of_hosts
from guard.dataset.matcher import Matcher
from guard.dataset.parquet import asking, open_parquet
from guard.dataset.sources import UnreadableError, find_sources
from tests.support.datasets import MINE, URLS, laion, parquet

PHOTO = of_hosts(["photo.example"])


def numbers(path, identifiers=PHOTO, *, distance=4, **mapping):
    (source,), _ = find_sources([path])
    matcher = Matcher(identifiers, distance)
    with open_parquet(source) as file:
        return [number for number, row in file.worth_a_look(matcher, mapping) if matcher.matches(row)]


def test_rows_are_found_by_their_number(tmp_path):
    """Counted from 1; empty addresses and what is none do no harm."""
    assert numbers(laion(tmp_path / "a.parquet")) == MINE


@pytest.mark.parametrize(
    "name", ["it's.parquet", "a[1].parquet", "*.parquet", "x'; DROP TABLE gone; --", "s3:b", "ä b"]
)
def test_the_name_of_a_file_is_no_pattern_and_no_command(tmp_path, name):
    """Files are called as strangers call them."""
    laion(tmp_path / "other.parquet")

    assert numbers(laion(tmp_path / name)) == MINE


@pytest.mark.parametrize("name", ['u"rl', "url'; DROP TABLE x; --", 'a"; SELECT 1; --', "a.b", "file row", "*", "gone"])
def test_the_name_of_a_column_is_no_command(tmp_path, name):
    """Quoted as a name wherever it stands."""
    path = parquet(tmp_path / "a.parquet", {name: list(URLS), "x": [1] * len(URLS)})

    assert numbers(path, url=name) == MINE


def test_nothing_else_can_be_opened(tmp_path):
    """Neither files nor the network, and the settings can not be changed back."""
    (source,), _ = find_sources([laion(tmp_path / "a.parquet")])
    (tmp_path / "secret.csv").write_text("a,b\n")
    with open_parquet(source) as file:
        for query in (
            f"SELECT * FROM read_csv('{tmp_path}/secret.csv')",  # noqa: S608
            f"COPY (SELECT 1) TO '{tmp_path}/new.csv'",
            "SELECT * FROM read_parquet('https://127.0.0.1:9/a.parquet')",
            "INSTALL httpfs",
            "SET enable_external_access = true",
        ):
            with pytest.raises(Exception, match=r"(?i)permission|disabled|locked|cannot|not been loaded|extension"):
                file.connection.execute(query)
    assert not (tmp_path / "new.csv").exists()


def test_other_names_types_and_nests_of_columns(tmp_path):
    """Dictionary-encoded, large, binary; a field of a structure; captions that are lists."""
    texts = pyarrow.array(URLS)
    for kind in (pyarrow.large_string(), pyarrow.dictionary(pyarrow.int32(), pyarrow.string()), pyarrow.binary()):
        table = pyarrow.table({"url": texts.cast(kind) if kind != pyarrow.binary() else pyarrow.array(
            [one and one.encode() for one in URLS], kind)})  # fmt: skip
        assert numbers(parquet(tmp_path / "a.parquet", table)) == MINE
    nested = pyarrow.table({"image": [{"src": one} for one in URLS], "caption": [["a"], ["b"]] + [None] * 7})
    assert numbers(parquet(tmp_path / "n.parquet", nested), url="image.src") == MINE
    named = Identifiers(names=frozenset({"Jane Doe"}))
    many = pyarrow.table({"captions": [["a boat"], ["by Jane Doe"], []]})
    assert numbers(parquet(tmp_path / "c.parquet", many), named, caption="captions") == [2]


def test_digests_and_hashes_are_found(tmp_path):
    """Perceptual hashes as digits and as signed and unsigned numbers."""
    mine = 0xD1C4F0E2A3B49687
    near, far = mine ^ 0b1011, mine ^ 0b11111
    identifiers = Identifiers(md5={"ab" * 16: "a"}, sha256={"cd" * 32: "a"}, phash={f"{mine:016x}": "a"})
    signed = [one - 2**64 if one >= 2**63 else one for one in (near, far, mine)]
    for column in (
        pyarrow.array([f"{one:016X}" for one in (near, far, mine)]),
        pyarrow.array(signed, pyarrow.int64()),
        pyarrow.array([near, far, mine], pyarrow.uint64()),
    ):
        path = parquet(tmp_path / "a.parquet", {"pHash": column})
        assert numbers(path, identifiers) == [1, 3]
    digests = {"md5": ["x", "AB" * 16, None], "sha256": ["cd" * 32, None, ""]}
    assert numbers(parquet(tmp_path / "d.parquet", digests), identifiers) == [1, 2]


def test_very_many_identifiers_are_looked_for(tmp_path):
    """More than one expression can hold: then every row is looked at closely."""
    many = of_hosts([*(f"h{number}.test" for number in range(3000)), "photo.example"])

    assert numbers(laion(tmp_path / "a.parquet"), many) == MINE


def test_a_row_of_ten_megabytes_is_read(tmp_path):
    """It is handed over whole."""
    path = parquet(tmp_path / "a.parquet", {"url": ["https://photo.example/a"], "text": ["x" * 10_000_000]})

    assert numbers(path) == [1]


def test_an_empty_table_has_no_rows(tmp_path):
    """And is no fault."""
    assert numbers(parquet(tmp_path / "a.parquet", {"url": pyarrow.array([], pyarrow.string())})) == []


def test_a_missing_or_renamed_column_is_told_with_those_that_are_there(tmp_path):
    """And how to name it."""
    path = parquet(tmp_path / "a.parquet", {"link": list(URLS), "n": [1] * len(URLS)})

    with pytest.raises(ColumnError, match=r"found: 'link', 'n'\); name it: --column url=NAME"):
        numbers(path)
    assert numbers(path, url="link") == MINE


def test_a_column_of_a_wrong_type_is_told(tmp_path):
    """With its type."""
    path = parquet(tmp_path / "a.parquet", {"url": [1, 2]})

    with pytest.raises(UnreadableError, match="a column 'url' of the type BIGINT, not of text"):
        numbers(path)


@pytest.fixture
def interruptible():
    """Take Ctrl-C as on a terminal: whoever starts the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_ends_the_program_and_is_no_fault_of_the_file(interruptible, tmp_path):
    """Whether it comes as a signal or by DuckDB's own way."""
    (source,), _ = find_sources([laion(tmp_path / "a.parquet")])
    with open_parquet(source) as file:
        for interrupt in (lambda: os.kill(os.getpid(), signal.SIGINT), file.connection.interrupt):
            timer = threading.Timer(0.2, interrupt)
            timer.start()
            with pytest.raises(KeyboardInterrupt), asking():
                file.connection.execute("SELECT sum(hash(i)) FROM range(20000000000) t(i)").fetchall()
            timer.join()


def test_a_damaged_file_is_told_without_our_folders(tmp_path):
    """Truncated, and with a page that is not what it says."""
    whole = laion(tmp_path / "a.parquet").read_bytes()
    for data in (whole[:-20], whole[:4] + whole[-8:], b"PAR1" + b"\x00" * 100 + b"PAR1"):
        path = tmp_path / "b.parquet"
        path.write_bytes(data)
        with pytest.raises(UnreadableError) as caught:
            numbers(path)
        assert str(caught.value).startswith("is no Parquet file that can be read")
        assert "guard-dataset-" not in str(caught.value)
