"""A bundle opens with anybody's tools, and its bytes depend on its files only."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from guard.bundle import container
from guard.bundle.container import MIMETYPE, SEAL, TOKEN, bag, pack, seal_of
from guard.errors import UsageError
from tests.support.programs import need

FILES = bag({"a.txt": b"one", "b/c.txt": b"two" * 1000}, {"README.txt": b"read"}, {"Bagging-Date": "2026-01-01"})


def test_a_zip_program_opens_it():
    """Also the one in the standard library, which reads the directory."""
    with zipfile.ZipFile(io.BytesIO(pack(FILES))) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == FILES


def test_its_type_is_readable_at_the_beginning():
    """EN 319 162-1: the first entry, uncompressed, without an extra field, so that its text is at byte 38."""
    data = pack(FILES)

    assert data[30:38] == b"mimetype"
    assert data[38 : 38 + len(MIMETYPE)] == MIMETYPE


def test_unpacked_it_is_a_bag(tmp_path: Path):
    """sha256sum checks both manifests; together they list every file but the tag manifest."""
    (tmp_path / "bag.zip").write_bytes(pack(FILES))
    subprocess.run([need("unzip"), "-q", "bag.zip"], cwd=tmp_path, check=True)
    (tmp_path / "bag.zip").unlink()
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--quiet", "--strict", "-c", manifest], cwd=tmp_path, check=True)
    listed = [line[66:] for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt")
              for line in (tmp_path / manifest).read_text().splitlines()]  # fmt: skip

    assert sorted([*listed, "tagmanifest-sha256.txt"]) == sorted(FILES)
    assert (tmp_path / "bag-info.txt").read_text() == "Bagging-Date: 2026-01-01\nPayload-Oxum: 3003.2\n"


def test_the_order_in_which_files_were_made_is_not_seen():
    """The same files are the same bytes."""
    assert pack(dict(reversed(FILES.items()))) == pack(FILES)


def test_the_seal_is_last_and_lists_everything_but_the_type():
    """What came before it is covered by it."""
    sealed = {**FILES, SEAL: seal_of(FILES), TOKEN: b"token"}
    with zipfile.ZipFile(io.BytesIO(pack(sealed))) as archive:
        names = archive.namelist()

    assert names[0] == "mimetype"
    assert names[-2:] == [SEAL, TOKEN]
    assert all(f'URI="{name}"' in sealed[SEAL].decode() for name in FILES if name != "mimetype")


def test_what_a_plain_zip_can_not_hold_is_refused(monkeypatch: pytest.MonkeyPatch):
    """A reader of the simple form would misread it."""
    monkeypatch.setattr(container, "MOST_FILES", 3)

    with pytest.raises(UsageError, match="fewer records"):
        pack(FILES)
