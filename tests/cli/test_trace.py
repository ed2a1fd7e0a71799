import contextlib
import io
import json
import os
import pty
import sqlite3
import subprocess
import sys
import tarfile
from hashlib import sha256
from pathlib import Path

import pytest
from PIL import Image

pytest.importorskip("cv2")

from guard.image.mark import copy_for
from tests.support.caches import own_cache  # noqa: F401
from tests.support.pictures import encoded, packed, scenery

KEY = b"\x07" * 32
IDS = [index.to_bytes(8, "big") for index in range(1, 41)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("trace")
    (made / "originals").mkdir()
    (made / "found").mkdir()
    (made / "mark.key").write_text(KEY.hex())
    (made / "ids").write_text("# issued in May\n" + "\n".join(one.hex() for one in IDS) + "\n\n")
    for seed in (1, 2, 3):
        data = encoded(scenery(960, 640, seed=seed), "JPEG", quality=88)
        (made / "originals" / f"{seed}.jpg").write_bytes(data)
        if seed < 3:
            copy = Image.open(io.BytesIO(copy_for(packed(data, KEY), KEY, IDS[16])))
            small = copy.crop((160, 0, 800, 640)).resize((320, 320), Image.Resampling.BICUBIC)
            small.save(made / "found" / f"copy{seed}.jpg", quality=80)
    with tarfile.open(made / "originals" / "backup.tar", "w") as backup:  # no reason to know each of them twice
        backup.add(made / "originals" / "1.jpg", "1.jpg")
    (made / "originals" / "ink.jpg").write_bytes(encoded(scenery(960, 640).convert("CMYK"), "JPEG"))
    Image.open(made / "originals" / "3.jpg").resize((480, 320)).save(made / "found" / "unmarked.png")
    (made / "found" / "broken.jpg").write_bytes(b"no picture")
    (made / "found" / "other.jpg").write_bytes(encoded(scenery(400, 400, seed=77), "JPEG"))
    return made


def guard(folder, *arguments, **environ):
    given = [*arguments, "--originals", "originals", "--mark-ids", "ids", "--key-file", "mark.key"]
    return subprocess.run(
        [sys.executable, "-m", "guard", "trace", *given],
        capture_output=True, text=True, check=False, cwd=folder, env=os.environ | environ,
    )  # fmt: skip


def test_copies_are_traced_and_nobody_else_is_accused(folder):
    """A cropped, shrunk and re-encoded copy is; an unmarked one and a stranger are not; a broken file is named."""
    ended = guard(folder, "found", "--json")

    assert ended.returncode == 0
    value = json.loads(ended.stdout)
    told = {one["file"].removeprefix("found/"): one for one in value["results"]}
    names = {
        "file",
        "original",
        "mark_id",
        "z",
        "threshold",
        "identified",
        "bound",
        "records",
        "shared",
        "sha256",
        "canary",
    }
    assert set(told["copy1.jpg"]) == names
    for seed in (1, 2):
        one = told[f"copy{seed}.jpg"]
        assert (one["identified"], one["mark_id"], one["original"]) == (True, IDS[16].hex(), f"originals/{seed}.jpg")
        assert one["z"] > one["threshold"]
        assert one["bound"] < 1e-9
    assert (told["unmarked.png"]["identified"], told["unmarked.png"]["original"]) == (False, "originals/3.jpg")
    assert (told["other.jpg"]["identified"], told["other.jpg"]["original"]) == (False, None)
    assert value["together"]["mark_id"] == IDS[16].hex()
    assert value["originals"] == 4
    assert "found/broken.jpg: not a picture" in ended.stderr


def test_a_second_search_says_the_same_and_decodes_no_original_again(folder, tmp_path):
    """What is kept between searches changes nothing; an original that is no picture is told each time."""
    for one in (folder / "originals").iterdir():
        os.utime(one, ns=(0, 0))
    cache = tmp_path / "cache"

    without = guard(folder, "found", "--json", XDG_CACHE_HOME="", HOME="")
    first, second = (guard(folder, "found", "--json", XDG_CACHE_HOME=str(cache)) for _ in range(2))

    assert first.stdout == second.stdout == without.stdout
    assert first.stderr == second.stderr == without.stderr
    with contextlib.closing(sqlite3.connect(cache / "crawler-guard" / "originals.sqlite")) as index:
        known = {os.fsdecode(path): digest for path, digest in index.execute("SELECT path, digest FROM files")}
    assert {path: sha256(Path(path).read_bytes()).digest() for path in known} == known
    assert {Path(path).name for path in known} == {"1.jpg", "2.jpg", "3.jpg", "ink.jpg"}


def test_a_changed_original_is_compared_as_it_is_now(folder, tmp_path):
    """Not as it was at the last search."""
    (tmp_path / "originals").mkdir()
    for name in ("ids", "mark.key"):
        (tmp_path / name).write_bytes((folder / name).read_bytes())
    found, original = str(folder / "found" / "copy1.jpg"), tmp_path / "originals" / "a.jpg"
    told = []
    for name in ("1.jpg", "3.jpg", "1.jpg"):
        original.write_bytes((folder / "originals" / name).read_bytes())
        ended = guard(tmp_path, found, "--json", XDG_CACHE_HOME=str(tmp_path / "cache"))
        told.append(json.loads(ended.stdout)["results"][0]["mark_id"])

    assert told == [IDS[16].hex(), None, IDS[16].hex()]


def test_a_damaged_index_is_no_failure(folder, tmp_path):
    """It is told, and what is found is the same."""
    index = tmp_path / "crawler-guard" / "originals.sqlite"
    index.parent.mkdir()
    index.write_bytes(b"no database" * 999)

    ended = guard(folder, "found/copy1.jpg", XDG_CACHE_HOME=str(tmp_path))

    assert ended.returncode == 0
    assert f"{index}: damaged, and made anew" in ended.stderr


def test_the_same_file_twice_is_compared_once(folder, tmp_path):
    """It costs nothing, is no second try, and no second proof; it is told of at both places."""
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes((folder / "found" / "copy1.jpg").read_bytes())

    once, twice = (json.loads(guard(folder, str(path), "--json").stdout) for path in (tmp_path / "a.jpg", tmp_path))

    assert twice["pairs"] == once["pairs"]
    assert [one["z"] for one in twice["results"]] == [once["results"][0]["z"]] * 2
    assert twice["together"] is None


def test_a_hostile_name_does_nothing_to_a_terminal(folder, tmp_path):
    """Neither in the answer nor in a complaint; JSON has the same printable name."""
    (tmp_path / "a\x1b[31m.jpg").write_bytes((folder / "found" / "copy1.jpg").read_bytes())
    (tmp_path / "b\x1b[31m.jpg").write_bytes(b"no picture")
    os.rename(tmp_path / "a\x1b[31m.jpg", os.fsencode(tmp_path) + b"/a\xff\x1b[31m.jpg")

    said, value = guard(folder, str(tmp_path)), guard(folder, str(tmp_path), "--json")

    assert said.returncode == 0, said.stderr
    assert "\x1b" not in said.stdout + said.stderr
    assert json.loads(value.stdout)["results"][0]["file"].endswith("/a\\xff\\x1b[31m.jpg")
    assert "b\\x1b[31m.jpg: not a picture" in said.stderr


def everything_from(terminal):
    """Return what is written to a terminal until nobody has it open any more."""
    parts = []
    with open(terminal, "rb", buffering=0) as opened, contextlib.suppress(OSError):
        while part := opened.read(4096):
            parts.append(part)
    return b"".join(parts).decode()


def test_a_terminal_shows_how_far_it_is(folder):
    """A file shows nothing of it."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "guard", "trace", "found", "--originals", "originals", "--mark-ids", "ids",
               "--key-file", "mark.key"]  # fmt: skip
    environ = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=follower, cwd=folder, env=environ) as ended:
        os.close(follower)
        shown = everything_from(leader)
        ended.communicate()

    assert ended.returncode == 0
    assert "comparing" in shown
    assert "/5" in shown
    assert "comparing" not in guard(folder, "found/copy1.jpg").stderr


def test_where_none_is_identified_the_status_says_so(folder):
    """A script must not take 'looked' for 'found'."""
    assert guard(folder, "found/unmarked.png").returncode == 1


@pytest.mark.parametrize("lang", ["en", "de"])
def test_it_is_said_in_words_that_the_mark_can_carry(folder, lang):
    """Whom the copy was issued to, how surely, and what that does not show; on a terminal of 80 columns."""
    said = guard(folder, "found/copy1.jpg", "--lang", lang).stdout

    words = {"en": ("issued", "coincidence, not of guilt"), "de": ("ausgegeben", "von Zufall, nicht von Schuld")}[lang]
    whole = " ".join(said.split())
    assert all(word in whole for word in words)
    assert "10^" in said
    assert not any(word in whole.lower() for word in ("thief", "stolen", "dieb", "gestohlen", "proven", "bewiesen"))
    assert max(map(len, said.splitlines())) < 80


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ids", "0011\n", "ids:1: '0011' is no mark id"),
        ("ids", "# none\n", "names no mark id"),
        ("mark.key", "secret", "holds no mark key"),
    ],
)
def test_a_wrong_file_is_named(folder, tmp_path, name, content, said):
    """With its line where it has lines."""
    for other in ("ids", "mark.key"):
        (tmp_path / other).write_bytes((folder / other).read_bytes())
    (tmp_path / "originals").symlink_to(folder / "originals")
    (tmp_path / name).write_text(content)

    ended = guard(tmp_path, str(folder / "found"))

    assert ended.returncode == 2
    assert said in ended.stderr


def test_what_was_issued_must_be_said_in_one_way(folder):
    """By the evidence, or by ids and key; a log without marks is no log to trace by."""
    command = [sys.executable, "-m", "guard", "trace", "found", "--originals", "originals"]
    for more, said in (
        ((), "say what was issued"),
        (("--mark-ids", "ids"), "say what was issued"),
        (("--evidence", ".", "--mark-ids", "ids"), "leave out --mark-ids"),
        (("--evidence", "nowhere"), "nowhere"),
    ):
        ended = subprocess.run([*command, *more], capture_output=True, text=True, check=False, cwd=folder)
        assert ended.returncode == 2
        assert said in ended.stderr
