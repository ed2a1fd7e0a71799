import subprocess
import sys

import pytest

from tests.support.pictures import encoded, scenery


def guard(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "guard", *arguments], capture_output=True, text=True, check=False, cwd=cwd
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.jpg").write_bytes(encoded(scenery(640, 480), "JPEG", quality=88))
    assert guard("image", "key", "mark.key", cwd=tmp_path).returncode == 0
    return tmp_path


def test_a_pack_and_its_picture_give_the_same_copy(folder):
    """Whether it is prepared or not makes no difference to the bytes."""
    key = ("--mark-id", "00c0ffee00c0ffee", "--key-file", "mark.key")

    packed = guard("image", "pack", "a.jpg", "--key-file", "mark.key", "-o", "a.pack", cwd=folder)
    assert packed.returncode == 0, packed.stderr
    for source, out in (("a.jpg", "one.jpg"), ("a.pack", "two.jpg")):
        assert guard("image", "mark", source, *key, "-o", out, cwd=folder).returncode == 0

    assert (folder / "one.jpg").read_bytes() == (folder / "two.jpg").read_bytes()
    assert (folder / "one.jpg").read_bytes() != (folder / "a.jpg").read_bytes()


def test_nothing_is_overwritten(folder):
    """Neither a key, without which nothing can be traced, nor a picture."""
    before = (folder / "mark.key").read_bytes()

    again = guard("image", "key", "mark.key", cwd=folder)
    onto = guard(
        "image", "mark", "a.jpg", "--mark-id", "00c0ffee00c0ffee", "--key-file", "mark.key", "-o", "a.jpg", cwd=folder
    )

    assert (again.returncode, onto.returncode) == (2, 2)
    assert "exists" in again.stderr
    assert "exists" in onto.stderr
    assert (folder / "mark.key").read_bytes() == before
    assert (folder / "mark.key").stat().st_mode & 0o077 == 0
    assert sorted(path.name for path in folder.iterdir()) == ["a.jpg", "mark.key"]


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"--mark-id": "xyz"}, 2, "16 hex digits"),
        ({"--key-file": "no.key"}, 2, "guard image key no.key"),
        ({"--key-file": "a.jpg"}, 2, "holds no mark key"),
        ({"file": "none.jpg"}, 2, "can not be read"),
        ({"file": "mark.key"}, 1, "mark.key: not a picture of a known format"),
        ({"-o": "nowhere/x.jpg"}, 2, "can not be written"),
    ],
)
def test_a_mistake_is_named_with_what_to_do(folder, change, status, said):
    """One sentence, no traceback, nothing written."""
    given = {"file": "a.jpg", "--mark-id": "00c0ffee00c0ffee", "--key-file": "mark.key", "-o": "x.jpg"} | change
    file = given.pop("file")

    ended = guard("image", "mark", file, *(part for pair in given.items() for part in pair), cwd=folder)

    assert ended.returncode == status
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert not (folder / "x.jpg").exists()
