import json
from hashlib import sha256

import pytest

from guard.errors import UsageError
from guard.store.found_record import FoundFile, shards, write

FOUND = FoundFile(
    file="00012.tar!007.jpg",
    sha256="ab" * 32,
    size=1234,
    url="https://a.example/7.jpg",
    source="https://data.example/00012.tar",
    retrieved="2026-11-24T23:00:00Z",
)
WHEN = {"recorded": "2026-11-25T01:00:00Z", "program": "crawler-guard 1"}


def test_what_was_found_is_on_the_disk_with_its_origin(tmp_path):
    """And the digest is that of the very file."""
    made = write(tmp_path / "case" / "found.json", [FOUND], [{"file": "00012.tar"}], **WHEN)

    data = made.path.read_bytes()
    value = json.loads(data)
    assert made.sha256 == sha256(data).hexdigest()
    assert not made.kept
    assert value["pictures"] == [FOUND.value()]
    assert value["recorded"] == WHEN["recorded"]
    assert made.path.stat().st_mode & 0o077 == 0


def test_the_same_again_keeps_the_record(tmp_path):
    """Byte by byte, with its time: it may have been time-stamped since."""
    first = write(tmp_path / "found.json", [FOUND], [], **WHEN)

    again = write(tmp_path / "found.json", [FOUND], [], recorded="2026-11-26T01:00:00Z", program="crawler-guard 2")

    assert (again.sha256, again.recorded, again.kept) == (first.sha256, WHEN["recorded"], True)


@pytest.mark.parametrize("there", ["other", "broken"])
def test_a_record_of_something_else_is_not_overwritten(tmp_path, there):
    """Neither one of other pictures nor what is no record."""
    path = tmp_path / "found.json"
    if there == "other":
        write(path, [], [], **WHEN)
    else:
        path.write_bytes(b"{}")
    before = path.read_bytes()

    with pytest.raises(UsageError, match="other pictures"):
        write(path, [FOUND], [], **WHEN)

    assert path.read_bytes() == before


def test_shards_are_named_with_their_own_digests(tmp_path):
    """A picture is a member or row of a file that somebody else can fetch and compare."""
    (tmp_path / "a.tar").write_bytes(b"shard")
    (tmp_path / "a.jpg").write_bytes(b"picture")

    said = shards([tmp_path / "a.jpg", tmp_path / "a.tar"])

    assert said == [{"bytes": 5, "file": str(tmp_path / "a.tar"), "sha256": sha256(b"shard").hexdigest()}]


def test_a_folder_that_can_not_be_written_is_a_usage_error(tmp_path):
    """Before the search, not after an hour of it."""
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(UsageError, match="can not be written"):
        write(tmp_path / "file" / "found.json", [FOUND], [], **WHEN)
