import os
from functools import cache

from guard.image import pack_file
from guard.store.packs import PackFolder
from tests.support.pictures import encoded, packed, scenery


@cache
def data(seed=1):
    return pack_file.to_bytes(packed(encoded(scenery(320, 240, seed=seed), "JPEG"), b"k" * 32))


def stored(folder):
    return sum(file.stat().st_size for file in folder.glob("*/*"))


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
    assert stored(tmp_path) <= limit


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


def test_a_full_disk_breaks_nothing_and_leaves_nothing(tmp_path):
    """The kernel's own "no space left", from a device that is always full."""
    folder = PackFolder(tmp_path, 1 << 20)
    (tmp_path / "aa").mkdir()
    (tmp_path / "aa" / f".aa.pack.{os.getpid()}").symlink_to("/dev/full")

    assert not folder.store("aa", data())
    assert list((tmp_path / "aa").iterdir()) == []
    assert folder.store("aa", data())


def test_the_limit_holds_for_all_workers_together(tmp_path):
    """Each counts what the others wrote, before it writes."""
    limit = 4 * len(data())
    workers = [PackFolder(tmp_path, limit) for _ in range(3)]

    for number in range(12):
        workers[number % 3].store(f"{number:02}", data())
        assert stored(tmp_path) <= limit
    assert workers[0].has("11")


def test_a_pack_that_would_fill_the_folder_is_not_kept(tmp_path):
    """Nothing else is thrown away for it."""
    folder = PackFolder(tmp_path, 2 * len(data()))
    folder.store("aa", data())

    assert not folder.store("bb", bytes(2 * len(data())))
    assert folder.has("aa")


def test_what_a_crash_has_left_is_swept(tmp_path):
    """At the next start; what another worker is writing just now stays."""
    folder = PackFolder(tmp_path, 8 * len(data()))
    folder.store("aa", data())
    left, fresh = tmp_path / "aa" / ".ab.pack.7", tmp_path / "aa" / ".ac.pack.8"
    left.write_bytes(data())
    fresh.write_bytes(data())
    os.utime(left, (1, 1))

    again = PackFolder(tmp_path, 8 * len(data()))

    assert not left.exists()
    assert fresh.exists()
    assert again.has("aa")


def test_a_count_that_can_not_be_read_is_made_anew(tmp_path):
    """From what is there."""
    limit = 3 * len(data())
    folder = PackFolder(tmp_path, limit)
    for number in range(3):
        folder.store(f"{number:02}", data())
    (tmp_path / "size").write_text("?")

    folder.store("03", data())
    assert stored(tmp_path) <= limit
