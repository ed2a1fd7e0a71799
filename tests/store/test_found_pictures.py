import io
import tarfile

import pytest

from guard.errors import UsageError
from guard.store.found_pictures import find_pictures
from tests.support.pictures import encoded, noise

PICTURE = encoded(noise(), "JPEG")


def names(paths, complaints=None):
    complaints = [] if complaints is None else complaints
    return [(picture.name, picture.data) for picture in find_pictures(paths, complaints.append)]


def test_files_and_folders_are_gone_through(tmp_path):
    """Below a folder only what ends like a picture; a file that is named is taken as it is."""
    (tmp_path / "deep").mkdir()
    for name in ("b.JPG", "deep/a.webp", "notes.txt"):
        (tmp_path / name).write_bytes(PICTURE)

    assert names([tmp_path]) == [(str(tmp_path / "b.JPG"), PICTURE), (str(tmp_path / "deep/a.webp"), PICTURE)]
    assert names([tmp_path / "notes.txt"]) == [(str(tmp_path / "notes.txt"), PICTURE)]


def test_a_shard_of_img2dataset_is_opened(tmp_path):
    """Its pictures, not its captions."""
    shard = tmp_path / "00000.tar"
    with tarfile.open(shard, "w") as out:
        for name, data in (("000.jpg", PICTURE), ("000.txt", b"a caption"), ("000.json", b"{}")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))

    assert names([tmp_path]) == [(f"{shard}!000.jpg", PICTURE)]


def test_a_table_with_pictures_is_read_row_by_row(tmp_path):
    """The number behind the `!` is the row's; rows without a picture are passed over."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    file = tmp_path / "it's.parquet"
    parquet.write_table(pyarrow.table({"key": ["a", "b", "c"], "jpg": [PICTURE, None, PICTURE]}), file)

    assert names([file]) == [(f"{file}!0", PICTURE), (f"{file}!2", PICTURE)]


def test_what_can_not_be_read_is_told_and_the_rest_goes_on(tmp_path):
    """A broken shard, and a table without pictures."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    (tmp_path / "a.tar").write_bytes(b"no archive" * 100)
    (tmp_path / "b.parquet").write_bytes(b"no table")
    parquet.write_table(pyarrow.table({"url": ["x"]}), tmp_path / "c.parquet")
    (tmp_path / "d.jpg").write_bytes(PICTURE)
    complaints = []

    found = names([tmp_path], complaints)

    assert found == [(str(tmp_path / "d.jpg"), PICTURE)]
    assert [complaint.split(": ")[0].rsplit("/", 1)[1] for complaint in complaints] == [
        "a.tar",
        "b.parquet",
        "c.parquet",
    ]
    assert "there are url" in complaints[2]


def test_a_path_that_does_not_exist_is_a_mistake(tmp_path):
    """Not an empty result."""
    with pytest.raises(UsageError, match="does not exist"):
        names([tmp_path / "nowhere"])
