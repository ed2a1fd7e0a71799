"""Which files become canaries, and what is kept of them?"""

from hashlib import sha256

import pytest

from guard.errors import UsageError
from guard.store import canary_pictures
from guard.store.canary_pictures import folder_in, keep
from tests.support.pictures import encoded, scenery

JPEG, PNG = (encoded(scenery(64, 48, seed=seed), form) for seed, form in ((1, "JPEG"), (2, "PNG")))


@pytest.fixture
def works(tmp_path):
    folder = tmp_path / "works"
    folder.mkdir()
    (folder / "night_sea-1.jpg").write_bytes(JPEG)
    (folder / "second.png").write_bytes(PNG)
    return folder


def test_pictures_are_kept_under_their_digest(works, tmp_path):
    """What is none is left out, the same bytes count once, and a second time nothing is written."""
    (works / "again.jpg").write_bytes(JPEG)
    (works / ".hidden.jpg").write_bytes(PNG[:-1])
    (works / "notes.txt").write_text("hello")
    (works / "below").mkdir()
    kept = folder_in(tmp_path / "evidence")

    found = keep(works, kept)

    assert {one.sha256 for one in found} == {sha256(data).hexdigest() for data in (JPEG, PNG)}
    assert sorted(file.name for file in kept.iterdir()) == sorted(one.file.name for one in found)
    assert {one.file.read_bytes() for one in found} == {JPEG, PNG}
    assert kept.stat().st_mode & 0o077 == 0
    before = [file.stat().st_mtime_ns for file in sorted(kept.iterdir())]
    assert keep(works, kept) == found
    assert [file.stat().st_mtime_ns for file in sorted(kept.iterdir())] == before


def test_what_was_a_canary_stays_kept(works, tmp_path):
    """A copy may be found years after the owner has taken it out of the folder."""
    kept = folder_in(tmp_path / "evidence")
    keep(works, kept)
    (works / "second.png").unlink()

    assert len(keep(works, kept)) == 1
    assert len(list(kept.iterdir())) == 2


def test_a_title_is_the_words_of_the_name(works, tmp_path):
    """As a page would say it."""
    assert {one.title for one in keep(works, tmp_path / "kept")} == {"night sea 1", "second"}


def test_what_can_not_be_used_is_told(works, tmp_path, monkeypatch):
    """Nothing there, no picture, too many, too large."""
    with pytest.raises(UsageError, match="no such file"):
        keep(tmp_path / "nowhere", tmp_path / "kept")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="holds no JPEG"):
        keep(tmp_path / "empty", tmp_path / "kept")
    monkeypatch.setattr(canary_pictures, "MOST", 1)
    with pytest.raises(UsageError, match="more than 1 pictures"):
        keep(works, tmp_path / "kept")
    monkeypatch.setattr(canary_pictures, "MAX_BODY", 10)
    with pytest.raises(UsageError, match=r"night_sea-1\.jpg has more than"):
        keep(works, tmp_path / "kept")
