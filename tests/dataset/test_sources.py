"""Files, folders and patterns come to a list of files; what is wrong with one does not hide the others."""

import os

import pytest

from guard.dataset.sources import Source, UnreadableError, find_sources, is_parquet


def test_folders_patterns_and_links_are_followed_once(tmp_path):
    """In order, hidden files and others left out."""
    (tmp_path / "d" / ".git").mkdir(parents=True)
    for name in ("d/b.csv.gz", "d/a.parquet", "d/readme.md", "d/.git/c.csv", "d/.x.csv", "e[1].csv"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "d" / "a.parquet")
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    found, wrong = find_sources(
        [tmp_path / "d", tmp_path / "*.csv", tmp_path / "link.csv", tmp_path / "e[1].csv", tmp_path / "gone.csv"]
    )

    assert [one.path.name for one in found] == ["a.parquet", "b.csv.gz", "e[1].csv"]
    assert len(wrong) == 2
    assert wrong[0].startswith(f"{tmp_path}/loop.csv: can not be read")
    assert "gone.csv: there is no such file" in wrong[1] or "can not be read: no such file" in wrong[1]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_named(tmp_path):
    """With the system's reason."""
    path = tmp_path / "a.csv"
    path.write_text("x")
    path.chmod(0)

    with pytest.raises(UnreadableError, match="permission denied"):
        is_parquet(Source(path=path, name="a.csv", size=1))


@pytest.mark.parametrize(
    ("head", "program"), [(b"BZh9", "bunzip2"), (b"\xfd7zXZ\x00", "xz -d"), (b"\x28\xb5\x2f\xfd", "zstd -d")]
)
def test_other_ways_to_pack_are_named(tmp_path, head, program):
    """With the program that unpacks them."""
    path = tmp_path / "a"
    path.write_bytes(head + b"x" * 20)

    with pytest.raises(UnreadableError, match=program):
        is_parquet(Source(path=path, name="a", size=24))


def test_the_first_bytes_decide_not_the_name(tmp_path):
    """A CSV file that is called .parquet is a CSV file."""
    path = tmp_path / "a.parquet"
    path.write_bytes(b"url\nhttps://a.test/1\n")

    assert not is_parquet(Source(path=path, name="a", size=24))
    path.write_bytes(b"PAR1....")
    assert is_parquet(Source(path=path, name="a", size=24))
