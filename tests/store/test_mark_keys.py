import pytest

from guard.errors import EvidenceError
from guard.store.mark_keys import load, load_or_create


def test_a_key_is_made_once_and_stays(tmp_path):
    """A restart marks with the same key; nobody else can read it."""
    first = load_or_create(tmp_path / "marks")

    assert load_or_create(tmp_path / "marks") == first
    assert len(first.newest) == 32
    assert (tmp_path / "marks" / "0001.key").stat().st_mode & 0o077 == 0


def test_a_new_key_marks_and_the_old_one_stays(tmp_path):
    """What was marked before can still be traced."""
    old = load_or_create(tmp_path).newest
    file = tmp_path / "0002.key"
    file.write_text("ab" * 32)
    file.chmod(0o600)

    keys = load_or_create(tmp_path)

    assert keys.newest == b"\xab" * 32
    assert keys.keys == (old, b"\xab" * 32)


def test_a_key_is_not_printed(tmp_path):
    """Not even in a traceback."""
    keys = load_or_create(tmp_path)

    assert keys.newest.hex() not in repr(keys)


@pytest.mark.parametrize(
    ("content", "mode", "said"), [("ab", 0o600, "holds no mark key"), ("ab" * 32, 0o644, "chmod 600")]
)
def test_a_key_that_is_wrong_or_open_is_refused(tmp_path, content, mode, said):
    """With the file's name and what to do."""
    (tmp_path / "0001.key").write_text(content)
    (tmp_path / "0001.key").chmod(mode)

    with pytest.raises(EvidenceError, match=said):
        load_or_create(tmp_path)


def test_where_there_is_no_key_that_is_said(tmp_path):
    """Tracing needs one."""
    with pytest.raises(EvidenceError, match="no mark key"):
        load(tmp_path)
