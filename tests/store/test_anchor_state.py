"""Is it remembered when somebody was asked, and does a broken memory harm nothing?"""

import pytest

from guard.errors import EvidenceError
from guard.store.anchor_state import AnchorState, Asked, Covered, load, save

STATE = AnchorState(
    origin="photo.example/evidence/1",
    asked={"https://a.example": Asked(at=5.5, failures=2, until=9.0, size=7)},
    covered={"time_stamps": Covered(size=7, since=5.0)},
)


def test_a_state_survives_its_file(tmp_path):
    """There and back."""
    save(tmp_path / "s", STATE)

    assert load(tmp_path / "s") == STATE


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"origin":"x","asked":[],"covered":{}}', b'{"origin":"x","asked":{"a":{}},"covered":{}}'],
)
def test_a_broken_file_is_a_new_beginning(tmp_path, data):
    """It is only for pacing; the log itself has the tokens."""
    (tmp_path / "s").write_bytes(data)

    assert load(tmp_path / "s") == AnchorState()
    assert load(tmp_path / "none") == AnchorState()


def test_a_disk_that_does_not_take_it_is_told(tmp_path):
    """The caller goes on without."""
    with pytest.raises(EvidenceError, match="can not be written"):
        save(tmp_path / "no" / "s", STATE)
