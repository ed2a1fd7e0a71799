"""`guard image rights` says what it would do, and does it only when told."""

import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from guard.image.data_mining import ONLY_SEARCH
from tests.support.picture_files import pixels
from tests.support.pictures import encoded, noise, photograph

WHO = ("--holder", "Jane Doe", "--contact", "rights@photo.example", "--terms", "https://photo.example/terms")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder as a photographer might have it."""
    inside = tmp_path / "pictures"
    (inside / "album").mkdir(parents=True)
    (inside / ".hidden").mkdir()
    (inside / "a.jpg").write_bytes(photograph())
    (inside / "album" / "b.png").write_bytes(encoded(noise(), "PNG"))
    (inside / "notes.txt").write_text("no picture")
    (inside / ".hidden" / "c.jpg").write_bytes(photograph())
    (inside / "link.jpg").symlink_to(inside / "a.jpg")
    return inside


def guard(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "guard", "image", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_without_being_told_nothing_is_written(folder: Path):
    """What would be added, what is given away, and how to go on; every file stays as it is."""
    before = contents(folder)

    done = guard("rights", folder, *WHO)

    assert done.returncode == 0, done.stderr
    assert contents(folder) == before
    assert "gives away GPS position, serial numbers" in done.stdout
    assert "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING" in done.stdout
    assert "2 files: 2 would be changed; --write or --out DIR does it" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_write_changes_the_pictures_and_nothing_else(folder: Path):
    """Pixels and permissions stay; hidden files, links and other files are left out; a second time there is nothing."""
    before = contents(folder)
    (folder / "a.jpg").chmod(0o640)

    done = guard("rights", folder, *WHO, "--write")
    after = contents(folder)
    again = guard("rights", folder, *WHO, "--write")

    assert done.returncode == 0, done.stderr
    assert {name for name in before if before[name] != after[name]} == {"a.jpg", "album/b.png", "link.jpg"}
    assert b"SERIAL-4711" not in after["a.jpg"]
    assert ONLY_SEARCH.encode() in after["album/b.png"]
    assert pixels(after["a.jpg"]) == pixels(before["a.jpg"])
    assert stat.S_IMODE((folder / "a.jpg").stat().st_mode) == 0o640
    assert (folder / "link.jpg").is_symlink()
    assert "2 with nothing to do" in again.stdout
    assert contents(folder) == after


def test_copies_go_where_they_are_wanted_and_overwrite_nothing(folder: Path, tmp_path: Path):
    """The same tree below the folder; what is there already is a problem, until --write says so."""
    before = contents(folder)

    first = guard("rights", folder, *WHO, "--out", tmp_path / "ready")
    second = guard("rights", folder, *WHO, "--out", tmp_path / "ready")
    third = guard("rights", folder, *WHO, "--out", tmp_path / "ready", "--write")

    assert (first.returncode, second.returncode, third.returncode) == (0, 1, 0)
    assert contents(folder) == before
    assert contents(tmp_path / "ready").keys() == {"a.jpg", "album/b.png"}
    assert "is there already; --write replaces it" in second.stdout


def test_private_data_is_kept_on_request(folder: Path):
    """For whoever needs the serial number in an archive."""
    guard("rights", folder, *WHO, "--write", "--keep-private")

    assert b"SERIAL-4711" in (folder / "a.jpg").read_bytes()


def test_a_file_that_can_not_be_changed_is_named(folder: Path):
    """Exit 1; the others are done."""
    torn = photograph()[:-50]
    (folder / "torn.jpg").write_bytes(torn)

    done = guard("rights", folder, folder / "gone.jpg", *WHO, "--write", "--json")

    found = {one["path"]: one for one in json.loads(done.stdout)["files"]}
    assert done.returncode == 1
    assert found["torn.jpg"]["status"] == "left_alone"
    assert "damaged or not complete" in found["torn.jpg"]["why"]
    assert found[str(folder / "gone.jpg")]["status"] == "unreadable"
    assert found["a.jpg"]["status"] == "changed"
    assert (folder / "torn.jpg").read_bytes() == torn


def test_the_rights_come_from_the_configuration(folder: Path, tmp_path: Path):
    """Of the first site, or of the one that is named."""
    file = tmp_path / "guard.yaml"
    file.write_text(
        json.dumps(
            {
                "sites": [
                    {"host": "one.example", "upstream": "http://127.0.0.1:1"},
                    {"host": "two.example", "upstream": "http://127.0.0.1:1", "rights": {"holder": "Zoë"}},
                ],
                "rights": {"holder": "Jane Doe", "search": False},
            }
        )
    )

    first = guard("rights", folder, "-c", file)
    other = guard("rights", folder, "-c", file, "--site", "two.example")
    unknown = guard("rights", folder, "-c", file, "--site", "three.example")

    assert "© Jane Doe" in first.stdout
    assert "https://one.example/.well-known/guard/terms" in first.stdout
    assert "DMI-PROHIBITED\n" in first.stdout
    assert "© Zoë" in other.stdout
    assert unknown.returncode == 2
    assert "one.example, two.example" in unknown.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [((), "say whose pictures these are"), (("-c", "guard.yaml", "--holder", "J"), "leave out --holder")],
)
def test_somebody_must_say_whose_pictures_these_are(folder: Path, arguments: tuple[str, ...], sentence: str):
    """Exit 2, and the next step."""
    done = guard("rights", folder, *arguments)

    assert done.returncode == 2
    assert sentence in done.stderr


def test_a_folder_without_pictures_is_a_problem(tmp_path: Path):
    """Probably the wrong folder."""
    done = guard("rights", tmp_path, *WHO)

    assert done.returncode == 1
    assert "no JPEG, PNG, WebP or AVIF file found" in done.stdout


def test_a_disk_that_is_full_leaves_the_file_whole(folder: Path):
    """A folder that can not be written to stands in for it."""
    if shutil.os.geteuid() == 0:  # type: ignore[attr-defined]
        (folder / ".a.jpg.new").mkdir()  # root can write anywhere, but not over a folder
    else:
        folder.chmod(0o500)
    before = (folder / "a.jpg").read_bytes()

    done = guard("rights", folder / "a.jpg", *WHO, "--write")
    folder.chmod(0o700)

    assert done.returncode == 1
    assert "not written" in done.stdout
    assert (folder / "a.jpg").read_bytes() == before


def test_a_certificate_is_made_once(tmp_path: Path):
    """The key is for its owner alone, and is never overwritten."""
    first = guard("certificate", tmp_path / "keys", "--holder", "Jane Doe")
    key = (tmp_path / "keys" / "key.pem").read_bytes()
    second = guard("certificate", tmp_path / "keys", "--holder", "Jane Doe")

    assert (first.returncode, second.returncode) == (0, 2)
    assert stat.S_IMODE((tmp_path / "keys" / "key.pem").stat().st_mode) == 0o600
    assert (tmp_path / "keys" / "key.pem").read_bytes() == key
    assert "is there already" in second.stderr
