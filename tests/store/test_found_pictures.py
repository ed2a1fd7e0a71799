import gzip
import io
import json
import tarfile
import zipfile

import pytest

from guard.errors import UsageError
from guard.store import found_pictures
from guard.store.found_pictures import find_pictures
from tests.support.pictures import encoded, noise
from tests.support.records import file_of

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


@pytest.mark.parametrize("ending", [".tar", ".tar.gz", ".TGZ"])
def test_a_shard_of_img2dataset_is_opened(tmp_path, ending):
    """Its pictures, not its captions."""
    shard = tmp_path / f"00000{ending}"
    with tarfile.open(shard, "w" if ending == ".tar" else "w:gz") as out:
        for name, data in (("000.jpg", PICTURE), ("000.txt", b"a caption"), ("000.json", b"{}")):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))

    assert names([tmp_path]) == [(f"{shard}!000.jpg", PICTURE)]


def test_a_packed_shard_that_ends_too_early_is_told(tmp_path):
    """What is in it until there is taken."""
    shard = tmp_path / "00000.tar.gz"
    with tarfile.open(shard, "w:gz") as out:
        for name, data in (("000.jpg", PICTURE), ("001.jpg", encoded(noise(200, 150), "JPEG"))):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    shard.write_bytes(shard.read_bytes()[:-3000])
    complaints = []

    assert [name for name, _ in names([tmp_path], complaints)] == [f"{shard}!000.jpg"]
    assert len(complaints) == 1


def test_a_zip_file_is_opened(tmp_path):
    """Its pictures wherever they lie in it, with what stands beside them under their key, in any order."""
    shard = tmp_path / "a.ZIP"
    with zipfile.ZipFile(shard, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in {
            "set/0.json": note(url="https://a.example/"), "set/0.jpg": PICTURE, "set/1.PNG": PICTURE, "set/a.txt": b"x",
            "1.json": note(url="https://no.example/"), "set/deep/2.jpg": PICTURE, "set/deep/2.json": b"{broken",
        }.items():  # fmt: skip
            out.writestr(name, data)
    complaints = []

    found = list(find_pictures([tmp_path], complaints.append))

    assert [one.name for one in found] == [f"{shard}!set/{name}" for name in ("0.jpg", "1.PNG", "deep/2.jpg")]
    assert [one.url for one in found] == ["https://a.example/", "", ""]
    assert {one.data for one in found} == {PICTURE}
    assert [one.split(": ")[0] for one in complaints] == [f"{shard}!set/deep/2.json"]


def test_what_can_not_be_read_in_a_zip_file_is_told_with_its_member(tmp_path):
    """The others are taken, and a picture whose note can not be read is still a picture."""
    shard = tmp_path / "a.zip"
    with zipfile.ZipFile(shard, "w", zipfile.ZIP_STORED) as out:
        for name in ("0.jpg", "1.jpg", "1.json"):
            out.writestr(name, PICTURE if name.endswith("jpg") else note(url="https://a.example/"))
    data = bytearray(shard.read_bytes())
    data[len(PICTURE) // 2] ^= 1
    data[data.index(b"a.example")] ^= 1
    shard.write_bytes(data)
    (tmp_path / "b.zip").write_bytes(b"no archive")
    complaints = []

    assert [name for name, _ in names([tmp_path], complaints)] == [f"{shard}!1.jpg"]
    assert [one.split(": ")[0] for one in complaints] == [f"{shard}!0.jpg", f"{shard}!1.json", f"{tmp_path}/b.zip"]


@pytest.mark.parametrize("ending", [".tfrecord", ".tfrec", ".tfrecords", ".tfrecord.gz", ".tfrecord-00000-of-00012"])
def test_a_file_of_records_is_opened(tmp_path, ending):
    """The number behind the `!` is the record's."""
    shard = tmp_path / f"a.b{ending}"
    data = file_of({"txt": b"x"}, {"jpg": PICTURE, "url": b"https://a.example/" + b"a" * 9999})
    shard.write_bytes(gzip.compress(data) if ending.endswith("gz") else data)

    (found,) = find_pictures([tmp_path], pytest.fail)

    assert (found.name, found.data, found.url[:18]) == (f"{shard}!1", PICTURE, "https://a.example/")
    assert len(found.url) == 2000


def test_what_can_not_be_read_in_a_file_of_records_is_told_with_its_number(tmp_path):
    """And with the file's name, whether the rest of it goes on or not."""
    shard = tmp_path / "a.tfrecord"
    data = bytearray(file_of({"jpg": PICTURE}, {"jpg": PICTURE}, {"jpg": PICTURE}))
    data[100] ^= 1
    shard.write_bytes(data[:-1])
    complaints = []

    assert [name for name, _ in names([tmp_path], complaints)] == [f"{shard}!1"]
    assert complaints == [f"{shard}: record 0: its checksum does not match", f"{shard}: record 2: the file ends in it"]


def test_a_table_with_pictures_is_read_row_by_row(tmp_path):
    """The number behind the `!` is the row's; rows without a picture are passed over."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    file = tmp_path / "it's.parquet"
    parquet.write_table(pyarrow.table({"key": ["a", "b", "c"], "jpg": [PICTURE, None, PICTURE]}), file)

    assert names([file]) == [(f"{file}!0", PICTURE), (f"{file}!2", PICTURE)]


def test_where_a_data_set_has_a_picture_from_is_kept(tmp_path):
    """Beside it in a tar, before or after it; in a column of a table; in a file of the same name."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    members = {"0.jpg": PICTURE, "0.json": note(url="https://a.example/"), "1.json": note(url="https://b.example/"),
               "1.jpg": PICTURE, "2.jpg": PICTURE, "3.jpg": PICTURE, "3.json": b"{broken"}  # fmt: skip
    with tarfile.open(tmp_path / "a.tar", "w") as out:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            out.addfile(member, io.BytesIO(data))
    parquet.write_table(pyarrow.table({"url": ["https://c.example/"], "jpg": [PICTURE]}), tmp_path / "b.parquet")
    (tmp_path / "c.jpg").write_bytes(PICTURE)
    (tmp_path / "c.json").write_bytes(note(url="https://d.example/", retrieved="not taken from a data set"))
    complaints = []

    found = list(find_pictures([tmp_path], complaints.append))

    assert [one.url.removeprefix("https://")[:1] for one in found] == ["a", "b", "", "", "c", "d"]
    assert found[-1].retrieved == ""
    assert [complaint.rsplit("/", 1)[1].split(": ")[0] for complaint in complaints] == ["a.tar!3.json"]


def test_the_finder_may_say_where_one_file_is_from(tmp_path):
    """In a file of its own, which no data set writes."""
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    (tmp_path / "a.jpg.found.json").write_bytes(note(**{"from": "a forum", "retrieved": "2026-11-24"}))

    (found,) = find_pictures([tmp_path / "a.jpg"], pytest.fail)

    assert (found.source, found.retrieved) == ("a forum", "2026-11-24")


def note(**said):
    return json.dumps(said).encode()


def test_a_picture_that_is_too_large_is_named(tmp_path, monkeypatch):
    """Wherever it lies; the others are taken."""
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(found_pictures, "LARGEST", len(PICTURE) - 1)
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    with tarfile.open(tmp_path / "b.tar", "w") as out:
        out.add(tmp_path / "a.jpg", "0.jpg")
    parquet.write_table(pyarrow.table({"jpg": [PICTURE, PICTURE[:99]]}), tmp_path / "c.parquet")
    (tmp_path / "d.tfrecord").write_bytes(file_of({"jpg": PICTURE}, {"jpg": PICTURE[:99]}))
    with zipfile.ZipFile(tmp_path / "e.zip", "w") as out:
        out.write(tmp_path / "a.jpg", "0.jpg")
        out.writestr("1.jpg", PICTURE[:99])
    complaints = []

    taken = [name.removeprefix(f"{tmp_path}/") for name, _ in names([tmp_path], complaints)]

    assert taken == ["c.parquet!1", "d.tfrecord!1", "e.zip!1.jpg"]
    assert [one.removeprefix(f"{tmp_path}/").split(": larger")[0] for one in complaints] == [
        "a.jpg", "b.tar!0.jpg", "c.parquet!0", "d.tfrecord!0", "e.zip!0.jpg"
    ]  # fmt: skip


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
