import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from guard.errors import EvidenceError
from guard.store.mark_keys import folder_in, load, load_or_create, newest_name, rotate

NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture
def open_to_all():
    """Return a folder that other users reach, as they do not reach pytest's."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


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


def test_a_rotated_key_marks_and_the_old_ones_stay(tmp_path):
    """Also behind 9999, and where there was none; nobody else can read it."""
    assert rotate(tmp_path).name == newest_name(tmp_path) == "0001.key"
    first = load(tmp_path).newest
    (tmp_path / "0001.key").rename(tmp_path / "9999.key")

    file = rotate(tmp_path)

    assert file.name == newest_name(tmp_path) == "10000.key"
    assert file.stat().st_mode & 0o077 == 0
    keys = load(tmp_path).keys
    assert keys[0] == first
    assert len(set(keys)) == 2
    assert len(list(tmp_path.iterdir())) == 2


def test_a_key_that_is_wrong_is_not_buried_under_a_new_one(tmp_path):
    """Somebody has to put the right one back first."""
    (tmp_path / "0001.key").write_text("ab")

    with pytest.raises(EvidenceError, match="holds no mark key"):
        rotate(tmp_path)

    assert newest_name(tmp_path) == "0001.key"


@as_root
def test_what_root_makes_belongs_to_the_owner_of_the_evidence(tmp_path):
    """The guard runs as a user of its own and must read it."""
    evidence = tmp_path / "evidence"
    evidence.mkdir()
    os.chown(evidence, NOBODY, NOBODY)

    load_or_create(folder_in(evidence))
    rotate(folder_in(evidence))

    made = list(evidence.rglob("*"))
    assert len(made) == 4
    assert {one.stat().st_uid for one in made} == {NOBODY}


@as_root
@pytest.mark.parametrize("owner", [0, NOBODY])
def test_another_user_is_told_whom_to_be(open_to_all, owner):
    """A key that the guard can not read would stop it at its next start."""
    evidence = open_to_all / "evidence"
    evidence.mkdir()
    evidence.chmod(0o777)
    os.chown(evidence, owner, owner)
    other = NOBODY if owner == 0 else 1234

    ended = _ended_as(other, "load_or_create(folder_in(path))", evidence)

    name = {0: "root", NOBODY: "nobody"}[owner]
    assert f"run this as {name}, as in 'sudo -u {name} guard" in ended.stderr
    assert not list(evidence.iterdir())


@as_root
def test_a_key_of_somebody_else_is_called_that(open_to_all):
    """Not damaged: it only belongs to another user."""
    load_or_create(open_to_all)

    ended = _ended_as(NOBODY, "load(path)", open_to_all)

    assert "0001.key can not be read: permission denied; it must belong to the user whom the guard runs as" in (
        ended.stderr
    )


def _ended_as(user: int, call: str, path: Path) -> "subprocess.CompletedProcess[str]":
    """Make the call as another user, who need not be able to read the interpreter's folder."""
    code = (
        "import os, pathlib, sys; from guard.store.mark_keys import folder_in, load, load_or_create; "
        "os.setgroups([]); os.setgid(int(sys.argv[1])); os.setuid(int(sys.argv[1])); "
        f"path = pathlib.Path(sys.argv[2]); {call}"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(user), str(path)], capture_output=True, text=True, check=False
    )
