import io
import json
import os
import pty
import subprocess
import sys
from hashlib import sha256

import pytest
from PIL import Image

from tests.support.pictures import encoded, photograph, scenery

CONFIG = """\
sites: [{host: gallery.example, upstream: 'http://127.0.0.1:8080'}]
rights: {holder: Jane Doe, contact: jane@gallery.example}
evidence: {directory: evidence}
"""


def guard(*arguments, cwd):
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "COLUMNS": "80", "TERM": "dumb"}
    environ["PYTHONPATH"] = os.environ.get("PYTHONPATH", os.getcwd())
    command = [sys.executable, "-m", "guard", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environ)


def register(folder):
    """Return the lines of the register."""
    text = (folder / "evidence" / "guard" / "marks" / "shared.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "guard.yaml").write_text(CONFIG)
    (tmp_path / "a.jpg").write_bytes(photograph(480, 320))
    (tmp_path / "a.png").write_bytes(encoded(scenery(480, 320, seed=2), "PNG"))
    return tmp_path


def test_a_copy_has_the_rights_and_no_private_data_and_is_on_the_register(folder):
    """Who got it, what it was made of and what it is; the original stays as it was."""
    before = (folder / "a.jpg").read_bytes()

    ended = guard(
        "share", "a.jpg", "a.png", "--to", "Acme Agency", "-c", "guard.yaml", "--note", "order 17", cwd=folder
    )

    assert ended.returncode == 0, ended.stderr
    assert "JPEG, was PNG" in ended.stdout
    assert "without    GPS position, serial numbers" in ended.stdout
    copy = (folder / "shared" / "Acme-Agency" / "a.jpg").read_bytes()
    assert b"SERIAL-4711" in before
    assert b"SERIAL-4711" not in copy
    assert not Image.open(io.BytesIO(copy)).getexif().get_ifd(0x8825)
    assert b"Jane Doe" in copy
    assert b"gallery.example/.well-known/guard/terms" in copy
    lines = register(folder)
    assert [one["to"] for one in lines] == ["Acme Agency"] * 2
    assert lines[0] | {"at": "", "mark_id": ""} == {
        "at": "",
        "to": "Acme Agency",
        "mark_id": "",
        "file": str(folder / "a.jpg"),
        "sha256": sha256(before).hexdigest(),
        "copy": str(folder / "shared" / "Acme-Agency" / "a.jpg"),
        "copy_sha256": sha256(copy).hexdigest(),
        "note": "order 17",
    }
    assert (folder / "shared" / "Acme-Agency" / "a.png.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    assert (folder / "a.jpg").read_bytes() == before


def test_what_can_not_be_marked_is_refused_and_the_others_are_done(folder):
    """With the reason; a refused picture is on no list."""
    (folder / "ink.jpg").write_bytes(encoded(scenery(480, 320).convert("CMYK"), "JPEG"))
    (folder / "small.jpg").write_bytes(encoded(scenery(100, 100), "JPEG"))
    (folder / "broken.jpg").write_bytes((folder / "a.jpg").read_bytes()[:3000])
    files = ("ink.jpg", "small.jpg", "broken.jpg", "none.jpg", "a.jpg")

    ended = guard("share", *files, "--to", "Acme", "-c", "guard.yaml", "--json", cwd=folder)

    assert ended.returncode == 1
    why = {one["file"]: one["why"] for one in json.loads(ended.stdout)["files"]}
    assert why["ink.jpg"] == "a JPEG of mode CMYK is not marked"
    assert "too few" in why["small.jpg"]
    assert "can not be read" in why["broken.jpg"]
    assert why["none.jpg"] == "no such file or directory"
    assert why["a.jpg"] == ""
    assert [one["file"] for one in register(folder)] == [str(folder / "a.jpg")]
    assert [path.name for path in (folder / "shared" / "Acme").iterdir()] == ["a.jpg"]


def test_nothing_is_overwritten(folder):
    """Not even by the same copy, nor the original by its own."""
    for out in ("ready", "."):
        guard("share", "a.jpg", "--to", "Acme", "-c", "guard.yaml", "--out", "ready", cwd=folder)
        before = (folder / out / "a.jpg").read_bytes()
        listed = len(register(folder))

        again = guard("share", "a.jpg", "--to", "Other", "-c", "guard.yaml", "--out", out, cwd=folder)

        assert again.returncode == 1
        assert "exists; name another folder with --out" in again.stdout
        assert (folder / out / "a.jpg").read_bytes() == before
        assert len(register(folder)) == listed


def test_each_recipient_has_an_id_and_keeps_it_for_the_day(folder):
    """So that several pictures add up, and two recipients are told apart."""
    for number, whom in enumerate(("Acme", "Acme", "Other")):
        guard("share", "a.jpg", "--to", whom, "-c", "guard.yaml", "--out", f"out{number}", cwd=folder)

    ids = [one["mark_id"] for one in register(folder)]
    copies = [(folder / f"out{number}" / "a.jpg").read_bytes() for number in range(3)]
    assert ids[0] != ids[2]
    # A run over midnight (UTC) has another id for the second copy, and says so by its day.
    days = {one["at"][:10] for one in register(folder)}
    assert (ids[0] == ids[1], copies[0] == copies[1]) == (True, True) or len(days) == 2
    assert copies[0] != copies[2]


def test_the_list_says_what_was_given_to_whom(folder):
    """As text within 80 columns, and as JSON; a half written line is named and is no copy."""
    none = guard("share", "--list", "-c", "guard.yaml", cwd=folder)
    guard("share", "a.jpg", "a.png", "--to", "Acme", "-c", "guard.yaml", "--note", "order 17", cwd=folder)
    guard("share", "a.jpg", "--to", "Other", "--evidence", "evidence", cwd=folder)
    with (folder / "evidence" / "guard" / "marks" / "shared.jsonl").open("a") as file:
        file.write('{"at":"2026-')

    text = guard("share", "--list", "--evidence", "evidence", cwd=folder)
    value = guard("share", "--list", "--json", "-c", "guard.yaml", cwd=folder)

    assert (none.returncode, none.stdout, none.stderr) == (0, "", "no copy was given to anybody\n")
    assert text.returncode == 0
    assert "3 copies for 2 recipients" in text.stderr
    assert "shared.jsonl:4: the last line is half written" in text.stderr
    rows = [line.split("  ", 2)[2] for line in text.stdout.splitlines() if not line.startswith(" ")]
    assert rows == ["Acme  (order 17)", "Other"]
    assert [one["to"] for one in json.loads(value.stdout)["copies"]] == ["Acme", "Acme", "Other"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("a.jpg", "--to", "Acme"), "say where the register is"),
        (("a.jpg", "-c", "guard.yaml"), "say who gets them: --to WHOM"),
        (("a.jpg", "--to", "two\nlines", "-c", "guard.yaml"), "--to must be one line"),
        (("--to", "Acme", "-c", "guard.yaml"), "name the pictures to share"),
        (("a.jpg", "--list", "-c", "guard.yaml"), "leave out FILE"),
        (("a.jpg", "--to", "Acme", "--evidence", "nowhere"), "nowhere is no folder"),
        (("a.jpg", "--to", "Acme", "-c", "guard.yaml", "--site", "x.example"), "no site 'x.example'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_mistake_is_named_with_what_to_do(folder, arguments, said):
    """Exit 2, one sentence, nothing written."""
    ended = guard("share", *arguments, cwd=folder)

    assert ended.returncode == 2
    assert said in ended.stderr
    assert not (folder / "shared").exists()
    assert not (folder / "evidence").exists()


def test_a_register_that_was_tampered_with_stops_everything(folder):
    """A copy that could not be registered would be one that nobody can trace."""
    marks = folder / "evidence" / "guard" / "marks"
    marks.mkdir(parents=True)
    (marks / "shared.jsonl").write_text("nonsense\n{}\n")

    ended = guard("share", "a.jpg", "--to", "Acme", "-c", "guard.yaml", cwd=folder)

    assert ended.returncode == 1
    assert "shared.jsonl:1: this is no line of the register" in ended.stderr
    assert not (folder / "shared").exists()


def test_a_traced_copy_names_recipient_day_and_file(folder):
    """Cropped, shrunk and encoded anew, before a guard has ever run here; in both languages and as JSON."""
    pytest.importorskip("cv2")
    (folder / "g").mkdir()
    (folder / "g" / "a.png").write_bytes(encoded(scenery(960, 640, seed=1), "PNG"))
    (folder / "g" / "b.jpg").write_bytes(encoded(scenery(960, 640, seed=2), "JPEG", quality=88))
    for whom in ("Acme Agency", "Other"):
        assert guard("share", "g", "--to", whom, "-c", "guard.yaml", cwd=folder).returncode == 0
    copy = Image.open(folder / "shared" / "Acme-Agency" / "a.png.jpg").crop((160, 0, 800, 640))
    copy.resize((320, 320), Image.Resampling.BICUBIC).save(folder / "found.jpg", quality=80)
    command = ("trace", "found.jpg", "--originals", "g", "--evidence", "evidence")

    english = guard(*command, cwd=folder)
    german = guard(*command, "--lang", "de", cwd=folder)
    value = guard(*command, "--json", cwd=folder)

    line = next(one for one in register(folder) if one["to"] == "Acme Agency" and one["file"].endswith("a.png"))
    assert english.returncode == 0, english.stderr
    assert f"copy issued to Acme Agency on {line['at'][:10]}" in english.stdout
    assert f"Kopie ausgegeben an Acme Agency am {line['at'][:10]}" in german.stdout
    for ended, said in ((english, "signed by nobody"), (german, "von niemandem signiert")):
        assert line["file"] in ended.stdout
        assert "Other" not in ended.stdout
        assert said in " ".join(ended.stdout.split())
    result = json.loads(value.stdout)["results"][0]
    assert (result["identified"], result["original"], result["shared"]) == (True, "g/a.png", [line])


def test_progress_is_shown_on_a_terminal_only(folder):
    """A script's log has no bars in it."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "guard", "share", "a.jpg", "--to", "Acme", "-c", "guard.yaml"]
    environ = os.environ | {"TERM": "xterm", "COLUMNS": "80"}
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=follower, cwd=folder, env=environ, check=False)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    quiet = guard("share", "a.png", "--to", "Acme", "-c", "guard.yaml", cwd=folder)

    assert ended.returncode == 0
    assert "pictures" in shown
    assert quiet.stderr == ""
