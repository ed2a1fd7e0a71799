"""What does a log say of its canaries?"""

import pytest

from guard.errors import UsageError
from guard.evidence.canary_record import canary
from guard.store.batch import Entry
from guard.store.canary_records import canaries
from tests.support.evidence import AT, open_log, request_leaf

ONE, TWO = "01" * 32, "02" * 32


def leaf(digest, site="photo.example", at=AT, path="/works/"):
    return canary(at=at, site=site, sha256=digest, size=9, media_type="image/jpeg", name=f"{digest[:2]}.jpg", path=path)


def test_since_when_where_and_how_many_copies(tmp_path):
    """The first record counts for the time; a copy from before it is none of a canary."""
    log = open_log(tmp_path)
    leaves = (
        request_leaf(mark="00c0ffee00c0ffee", original=TWO),
        leaf(ONE),
        leaf(ONE, at=AT + 5, path="/later/"),
        leaf(ONE, site="other.example"),
        leaf(TWO),
        request_leaf(mark="00c0ffee00c0ffee", original=ONE),
        request_leaf(mark="0123456789abcdef", original=ONE),
        request_leaf(mark="0123456789abcdef", original="03" * 32),
    )
    indexes = log.append([Entry(one, ()) for one in leaves])
    log.close()

    found = canaries(tmp_path)

    assert set(found) == {ONE, TWO}
    one = found[ONE]
    assert (one.name, one.since, one.copies) == ("01.jpg", AT, 2)
    assert one.record == indexes[1]
    assert one.places == {"photo.example": "/later/", "other.example": "/works/"}
    assert one.marks == {"00c0ffee00c0ffee", "0123456789abcdef"}
    assert found[TWO].copies == 0


def test_a_folder_without_a_log_is_told(tmp_path):
    """There is nothing to read."""
    with pytest.raises(UsageError):
        canaries(tmp_path)
