import gzip
import io
import struct

import pytest

from guard.errors import GuardError
from guard.store import found_records
from guard.store.found_records import pictures_in
from tests.support.pictures import encoded, noise
from tests.support.records import example, file_of, framed

PICTURE = encoded(noise(), "JPEG")
OTHER = encoded(noise(), "PNG")
IMG2DATASET = {"key": b"00000", "jpg": PICTURE, "txt": b"a caption", "url": b"https://a.example/", "width": 640,
               "similarity": 0.3, "exif": b"{}"}  # fmt: skip

RECORDS = {
    "img2dataset": ([IMG2DATASET, IMG2DATASET], [("0", PICTURE), ("1", PICTURE)]),
    "another name": ([{"left/raw": PICTURE, "label": [1, 2, 3], "box": [0.5, -1.0], "n": -1}], [("0", PICTURE)]),
    "several in a feature": ([{"images": [PICTURE, OTHER]}], [("0.0", PICTURE), ("0.1", OTHER)]),
    "several features": ([{"left": PICTURE, "right": OTHER}], [("0.0", PICTURE), ("0.1", OTHER)]),
    "a mask beside it": ([{"a/mask": OTHER, "image/encoded": PICTURE}], [("0", PICTURE)]),
    "the usual name for something else": ([{"image": b"a path", "bits": PICTURE}], [("0", PICTURE)]),
    "a record without": ([{"txt": b"x"}, {"jpg": PICTURE}, {"jpg": []}, {}], [("1", PICTURE)]),
    "a drawing without pixels": ([{"svg": b"<svg xmlns='x'/>", "pixels": PICTURE}], [("0", PICTURE)]),
}


def read(data):
    """Return the pictures, and what was told."""
    told = []
    return list(pictures_in(io.BytesIO(data), told.append)), told


@pytest.mark.parametrize("kind", RECORDS)
def test_a_file_of_records_gives_its_pictures(kind):
    """Whatever they are called, each with its place."""
    examples, expected = RECORDS[kind]

    found, told = read(file_of(*examples))

    assert [(one.place, one.data) for one in found] == expected
    assert told == []


def test_a_packed_file_is_read_whatever_it_is_called():
    """By its first bytes; a record whose length begins like gzip is none."""
    length = 0x0008_8B1F
    about = {"jpg": PICTURE, "txt": b""}
    about["txt"] = bytes(length - len(example(about)) - 9)
    about["txt"] += bytes(length - len(example(about)))
    plain = file_of(about)

    assert plain.startswith(b"\x1f\x8b\x08")
    for data in (plain, gzip.compress(plain)):
        assert [one.data for one in read(data)[0]] == [PICTURE]


@pytest.mark.parametrize(("name", "said"), [("url", "https://a.example/ü"), ("URL", "https://a.example/ü"), ("x", "")])
def test_a_record_says_where_it_has_a_picture_from(name, said):
    """Under the names of tables; an address that is none is nobody's."""
    (found,), _ = read(file_of({"jpg": PICTURE, name: "https://a.example/ü".encode()}))
    (nobodys,), _ = read(file_of({"jpg": PICTURE, name: b"\xff\xfe"}))

    assert (found.url, nobodys.url) == (said, "")


def test_a_record_that_was_changed_is_told_and_the_rest_goes_on():
    """One byte is enough."""
    data = bytearray(file_of(IMG2DATASET, IMG2DATASET, IMG2DATASET))
    data[len(data) // 2] ^= 1

    found, told = read(bytes(data))

    assert [one.place for one in found] == ["0", "2"]
    assert told == ["record 1: its checksum does not match"]


@pytest.mark.parametrize("left", [3, 11, 12, 500, -1, -3, -5])
def test_a_file_that_ends_too_early_is_told_with_its_record(left):
    """What came before is kept."""
    whole = file_of(IMG2DATASET)
    found, seen = pictures_in(io.BytesIO(whole + whole[:left]), pytest.fail), []

    with pytest.raises(GuardError, match="record 1: the file ends in it"):
        seen += found
    assert len(list_until_fault(whole + whole[:left])) == 1


@pytest.mark.parametrize("left", [20, 3000])
def test_a_packed_file_that_ends_too_early_is_told_with_its_record(left):
    """Likewise."""
    packed = gzip.compress(file_of(IMG2DATASET, IMG2DATASET, IMG2DATASET))

    with pytest.raises(GuardError, match=r"record [0-2]: the file ends in it"):
        list(pictures_in(io.BytesIO(packed[:-left]), pytest.fail))


def list_until_fault(data):
    found = []
    try:
        for one in pictures_in(io.BytesIO(data), pytest.fail):
            found.append(one)
    except GuardError:
        return found
    pytest.fail("there was no fault")


def test_a_length_that_was_changed_ends_the_file():
    """Where the next record begins is not known then."""
    whole = file_of(IMG2DATASET)
    data = whole + b"\x01" + whole[1:] + whole

    with pytest.raises(GuardError, match="record 1: the checksum of its length does not match"):
        list(pictures_in(io.BytesIO(data), pytest.fail))
    assert len(list_until_fault(data)) == 1


def test_a_record_that_is_too_large_is_passed_over(monkeypatch):
    """It is told, and nothing of it is kept."""
    monkeypatch.setattr(found_records, "LARGEST_RECORD", len(example(IMG2DATASET)))

    found, told = read(file_of(IMG2DATASET, {**IMG2DATASET, "more": b"x"}, IMG2DATASET))

    assert [one.place for one in found] == ["0", "2"]
    assert told == ["record 1: larger than 0 MiB"]


def test_a_length_without_end_is_told():
    """The largest there is; nothing is allocated for it."""
    record = framed(b"")
    longest = struct.pack("<Q", 2**64 - 1)
    data = longest + found_records._masked(longest) + record

    with pytest.raises(GuardError, match="record 0: the file ends in it"):
        list(pictures_in(io.BytesIO(data), pytest.fail))


BROKEN = {
    "text": b"no example",
    "a field that ends too late": b"\x7a\x7f\x0a",
    "a number without end": b"\x80" * 11,
    "a group": b"\x0b\x0c",
    "a number for features": b"\x08\x01",
    "a field numbered 0": b"\x02\x00",
    "a name that is no text": example({"jpg": PICTURE}).replace(b"jpg", b"\xff\xfe\xfd"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_example_is_told_and_the_rest_goes_on(kind):
    """A writer's mistake; the checksum holds."""
    found, told = read(framed(BROKEN[kind]) + file_of(IMG2DATASET))

    assert [one.place for one in found] == ["1"]
    assert told == ["record 0: no tf.train.Example"]


def test_fields_of_other_numbers_are_gone_over():
    """As protobuf demands, whatever their type."""
    others = b"\x78\x01" + b"\x79" + bytes(8) + b"\x7a\x02ab" + b"\x7d" + bytes(4)

    found, told = read(framed(others + example(IMG2DATASET) + others))

    assert ([one.data for one in found], told) == ([PICTURE], [])


def test_a_file_without_pictures_is_told_with_the_names_of_its_features():
    """As a table is; an empty file has nothing to tell."""
    with pytest.raises(GuardError, match="no feature begins like a picture; there are txt, label"):
        read(file_of({"txt": b"x", "label": 1}))
    assert read(b"") == ([], [])


def test_a_record_of_endless_features_is_refused():
    """They would only fill the memory."""
    many = {str(number): b"" for number in range(found_records._MOST + 1)}

    found, told = read(file_of(many, {"x": [b"\xff\xd8\xff"] * (found_records._MOST + 1)}, IMG2DATASET))

    assert [one.place for one in found] == ["2"]
    assert len(told) == 2
