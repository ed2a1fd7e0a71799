import pytest

from guard.errors import EvidenceError
from guard.image.visible_mark import VisibleMark
from guard.store.visible_marks import load, remember

FIRST, SECOND = VisibleMark(text="© Jürgen Groß", logo=b"\x89PNG"), VisibleMark(text="© Jane Doe", opacity=0.25)


def test_every_visible_mark_stays(tmp_path):
    """Also after the owner has chosen another; the same one is kept once."""
    assert load(tmp_path) == ()
    for mark in (FIRST, SECOND, FIRST):
        remember(tmp_path, mark)

    assert set(load(tmp_path)) == {FIRST, SECOND}
    assert len(load(tmp_path)) == 2
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "visible").iterdir()} == {0o600}


def test_what_can_not_be_read_or_written_is_said(tmp_path):
    """With the file and the next step: a trace without it would find less."""
    remember(tmp_path, FIRST)
    (tmp_path / "visible" / "other.json").write_text("{}")
    with pytest.raises(EvidenceError, match=r"other\.json can not be read; put it back"):
        load(tmp_path)

    (tmp_path / "file").write_text("")
    with pytest.raises(EvidenceError, match="can not be written"):
        remember(tmp_path / "file", FIRST)
