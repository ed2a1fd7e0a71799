import pytest

from guard.errors import GuardError
from guard.store.found_pictures import find_pictures
from guard.store.found_tables import pictures_in
from tests.support.pictures import encoded, noise

pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

PICTURE = encoded(noise(), "JPEG")
HELD = {"bytes": PICTURE, "path": "a.jpg"}

TABLES = {
    "img2dataset": ({"key": ["a"], "jpg": [PICTURE], "url": ["https://a.example/"]}, ["0"]),
    "bytes-and-path": ({"image": [HELD, {"bytes": None, "path": "b.jpg"}, HELD], "text": ["x", "y", "z"]}, ["0", "2"]),
    "several-in-a-row": ({"images": [[HELD, HELD], [], None, [HELD]]}, ["0.0", "0.1", "3.0"]),
    "lists-of-bytes": ({"images": [[PICTURE], [PICTURE, None]]}, ["0.0", "1.0"]),
    "another-name": ({"a \"strange'name": [HELD], "caption": ["x"]}, ["0"]),
    "the-usual-name-first": ({"mask": [b"no"], "Image": [PICTURE]}, ["0"]),
}


@pytest.mark.parametrize("kind", TABLES)
def test_a_table_gives_its_pictures(tmp_path, kind):
    """Whichever way it holds them, each with its place."""
    columns, places = TABLES[kind]
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")

    found = list(pictures_in(tmp_path / "a.parquet"))

    assert [one.place for one in found] == places
    assert {one.data for one in found} == {PICTURE}


@pytest.mark.parametrize("name", ["url", "URL", "image_url"])
def test_a_table_says_where_it_has_a_picture_from(tmp_path, name):
    """An address that is none is nobody's."""
    columns = {"image": [HELD, HELD], name: ["https://a.example/", None]}
    parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")

    assert [one.url for one in pictures_in(tmp_path / "a.parquet")] == ["https://a.example/", ""]


def test_a_table_that_may_mean_either_column_is_refused_with_their_names(tmp_path):
    """Rather than a search through the wrong one."""
    parquet.write_table(pyarrow.table({"left": [PICTURE], "right": [PICTURE]}), tmp_path / "a.parquet")

    with pytest.raises(GuardError, match="there are left, right"):
        list(pictures_in(tmp_path / "a.parquet"))


def test_a_row_that_is_damaged_is_told(tmp_path):
    """What came before it is kept."""
    parquet.write_table(pyarrow.table({"image": [HELD] * 300}), tmp_path / "a.parquet", compression="none")
    data = bytearray((tmp_path / "a.parquet").read_bytes())
    data[:2000] = b"\xff" * 2000
    (tmp_path / "a.parquet").write_bytes(data)
    complaints = []

    list(find_pictures([tmp_path], complaints.append))

    assert len(complaints) == 1
