"""Does a site whose log can not go on record further, and say so?"""

import shutil

import pytest

from guard.errors import LogDamagedError, LogHistoryError
from guard.evidence import record
from guard.store.log_files import open_folder, verify_directory
from guard.store.record_finder import leaves
from tests.support.evidence import open_log, request_entry


def grow(root, count=1, **options):
    log = open_log(root, **options)
    log.append([request_entry() for _ in range(count)])
    log.close()
    return log


def test_a_log_restored_from_a_snapshot_goes_on_under_a_new_name(tmp_path):
    """The head guard knows the newer head; both logs verify, and the new one names the old one's newest head."""
    root = tmp_path / "e"
    grow(root)
    shutil.copytree(root / "log", tmp_path / "snapshot")
    old = grow(root, 5)
    shutil.rmtree(root / "log")
    shutil.copytree(tmp_path / "snapshot", root / "log")
    with pytest.raises(LogHistoryError, match="a backup was restored"):
        open_log(root)
    new = grow(root, goes_on=True)
    again = grow(root, goes_on=True)
    boot = next(one for _, leaf in leaves(open_folder(root)) if (one := record.read(leaf)).kind.value == "boot")
    report, before = verify_directory(root), verify_directory(root / new.ended.place)

    assert (boot.fields["before_origin"], boot.fields["before_size"]) == (old.key.first.name, old.size)
    assert "a backup was restored" in boot.fields["before_why"]
    assert new.key.first.name != old.key.first.name
    assert new.key.first.public == old.key.first.public  # the same owner
    assert "It was put away as it is" in str(new.ended)
    assert again.ended is None
    assert report.holds, report.faults
    assert any("goes on after another one" in note for note in report.notes)
    assert before.holds, before.faults  # what is left of it is right in itself
    assert before.records == 3
    assert before.disclosed == 2


def test_a_changed_log_is_put_away_unchanged(tmp_path):
    """What an expert will want to see is not touched; a second time another folder is taken."""
    root = tmp_path / "e"
    places = []
    for _ in range(2):
        grow(root, goes_on=True)
        file = root / "log/seg/000000.seg"
        data = bytearray(file.read_bytes())
        data[100] ^= 1
        file.write_bytes(data)
        places.append((grow(root, goes_on=True).ended, bytes(data)))

    assert [one.number for one, _ in places] == [0, 1]
    for ended, data in places:
        assert (root / ended.place / "log/seg/000000.seg").read_bytes() == data
        assert not verify_directory(root / ended.place).holds
    assert verify_directory(root).holds


def test_the_head_guard_is_remembered_for_commands(tmp_path):
    """A command that opens the log by itself knows what the configuration says; a folder that is gone is named."""
    root, disk = tmp_path / "e", tmp_path / "disk"
    grow(root, guard_folder=disk)
    grow(root)

    assert not (root / "guard/checkpoints.db").exists()
    shutil.rmtree(disk)
    with pytest.raises(LogDamagedError, match="mount it"):
        grow(root)
