import subprocess
import sys

import pytest

from guard.image.chips import commitment
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


def test_a_rotated_key_is_named_with_its_commitment(tmp_path):
    """On stdout the file, on stderr what becomes of the earlier ones; the key itself nowhere."""
    said = [guard("image", "key", "--rotate", "--evidence", ".", cwd=tmp_path) for _ in range(3)]

    assert [one.stdout.strip() for one in said] == [f"guard/marks/000{number}.key" for number in (1, 2, 3)]
    assert "earlier" not in said[0].stderr
    assert "the earlier key stays for tracing" in said[1].stderr
    assert "2 earlier keys stay for tracing" in said[2].stderr
    newest = bytes.fromhex((tmp_path / "guard" / "marks" / "0003.key").read_text())
    assert commitment(newest).hex() in said[2].stderr
    assert newest.hex() not in said[2].stdout + said[2].stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rotate",), "-c guard.yaml, or --evidence DIR"),
        (("--rotate", "a.key", "--evidence", "."), "leave out KEY"),
        (("--rotate", "--evidence", "nowhere"), "nowhere is no folder"),
        ((), "name the file to write"),
        (("a.key", "--evidence", "."), "--evidence is for --rotate"),
    ],
)
def test_a_key_for_nobody_is_not_made(tmp_path, arguments, said):
    """Each mistake with what to do."""
    ended = guard("image", "key", *arguments, cwd=tmp_path)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert not list(tmp_path.iterdir())
