import os
from functools import cache

from guard.image import pack_file
from guard.store.packs import PackFolder
from tests.support.pictures import encoded, packed, scenery


@cache
def data(seed=1):
    return pack_file.to_bytes(packed(encoded(scenery(320, 240, seed=seed), "JPEG"), b"k" * 32))


def test_a_pack_is_found_again_also_after_a_restart(tmp_path):
    """And by another worker."""
    folder = PackFolder(tmp_path, 1 << 20)

    assert folder.load("aa11") is None
    assert folder.store("aa11", data())
    for one in (folder, PackFolder(tmp_path, 1 << 20)):
        found = one.load("aa11")
        assert found is not None
        assert pack_file.to_bytes(found) == data()


def test_what_was_not_used_for_longest_goes_first(tmp_path):
    """The folder never holds much more than it may."""
    limit = 4 * len(data())
    folder = PackFolder(tmp_path, limit)
    for number in range(4):
        folder.store(f"0{number}", data())
        os.utime(tmp_path / f"0{number}" / f"0{number}.pack", (number, number))
    folder.load("00")

    folder.store("05", data())

    assert folder.has("00")
    assert folder.has("05")
    assert not folder.has("01")
    assert sum(file.stat().st_size for file in tmp_path.rglob("*.pack")) <= limit


def test_a_damaged_pack_is_not_there(tmp_path):
    """It is made again."""
    folder = PackFolder(tmp_path, 1 << 20)
    folder.store("aa", data())
    file = tmp_path / "aa" / "aa.pack"
    file.write_bytes(file.read_bytes()[:-40])

    assert folder.load("aa") is None
    assert not file.exists()


def test_a_disk_that_takes_nothing_breaks_nothing(tmp_path):
    """A file where the folder should be is as good as a full disk."""
    folder = PackFolder(tmp_path, 1 << 20)
    (tmp_path / "aa").write_bytes(b"")

    assert not folder.store("aa", data())
    assert folder.load("aa") is None
    assert folder.store("bb", data())
