"""What does the record of a canary say?"""

import pytest

from guard.errors import LeafError
from guard.evidence import canonical, record
from guard.evidence.canary_record import canary

SAID = {
    "site": "photo.example", "sha256": "ab" * 32, "media_type": "image/jpeg", "name": "night.jpg", "path": "/works-x/",
}  # fmt: skip


def test_it_says_which_picture_and_where():
    """And is read back as it was written; nothing in it is unknown."""
    one = record.read(canary(at=7, size=1234, **SAID))

    assert (one.kind, one.at, one.unknown) == (record.RecordKind.CANARY, 7, ())
    assert {name: one.fields[name] for name in (*SAID, "bytes")} == {**SAID, "bytes": 1234}


@pytest.mark.parametrize("field", ["bytes", "media_type", "name", "path", "sha256", "site"])
def test_a_record_without_a_field_is_none(field):
    """Each of them is needed to know the picture again."""
    value = canonical.parse(canary(at=7, size=1234, **SAID))
    del value[field]

    with pytest.raises(LeafError, match=field):
        record.read(canonical.encode(value))
