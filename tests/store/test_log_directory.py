"""Does the directory keep what it acknowledged, admit what it lost, and refuse what was changed?"""

import os
import shutil
import stat
from errno import EIO, ENOSPC
from hashlib import sha256

import pytest

from guard.errors import EvidenceError, LogDamagedError, RecorderUnavailableError
from guard.evidence import disclosure, record, reservation_record, segment
from guard.evidence.merkle import leaf_hash
from guard.store import segment_files
from guard.store.batch import Entry, Refusal
from guard.store.log_files import verify_directory
from guard.store.side_store import read_rows
from tests.support.evidence import AT, RULES, end_leaf, fill, open_log, request_entry, request_leaf


def leaves(root):
    found = []
    for path in sorted((root / "log/seg").iterdir()):
        found += [record.read(one.leaf) for one in segment.scan(path.read_bytes())]
    return found


def kinds(root):
    return [one.kind.value for one in leaves(root)]


def test_a_new_log_begins_with_its_key_and_a_start(tmp_path):
    """The first leaf is the key, the second says which program writes."""
    log = open_log(tmp_path / "e")
    log.close()

    assert kinds(tmp_path / "e") == ["key", "boot"]
    assert verify_directory(tmp_path / "e").holds


def test_the_layout_is_the_documented_one(tmp_path):
    """Others read these files by their names."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 1)
    log.close()
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}

    assert {one for one in found if "/blobs/" not in one and "/tile/" not in one} == {
        "log/seg/000000.seg", "log/checkpoint", "log/checkpoints.log", "log/vkey", "guard/checkpoints.db",
        "side/disclosures.db", "side/keys/1", "side/keys/2", "keys/log.key",
        "guard/log.vkeys",
    }  # fmt: skip
    assert (root / "log/anchors").is_dir()
    assert (root / "log/tile/0/000.p/6").is_file()


def test_nobody_else_can_read_what_is_kept(tmp_path):
    """Files are 0600 and folders 0700, whatever the umask."""
    before = os.umask(0)
    try:
        log = open_log(tmp_path / "e")
        fill(log, 1)
        log.close()
    finally:
        os.umask(before)

    for path in [tmp_path / "e", *(tmp_path / "e").rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o077 == 0, (path, oct(mode))


def test_two_logs_never_have_the_same_name(tmp_path):
    """The origin is random, so one log can not stand in for another."""
    logs = [open_log(tmp_path / name) for name in "ab"]
    names = {log.key.public.name for log in logs}
    for log in logs:
        log.close()

    assert len(names) == 2
    assert all(name.startswith("photo.example/evidence/") for name in names)


def test_a_second_writer_is_refused(tmp_path):
    """Two writers would make two histories."""
    log = open_log(tmp_path / "e")
    with pytest.raises(EvidenceError, match="another recorder"):
        open_log(tmp_path / "e")
    log.close()
    open_log(tmp_path / "e").close()


def test_a_log_goes_on_after_a_restart(tmp_path):
    """Same key, same tree, one more start; nothing else."""
    log = open_log(tmp_path / "e")
    indexes = fill(log, 2)
    log.close()
    again = open_log(tmp_path / "e")
    (index,) = again.append([Entry(end_leaf(indexes[0] - 1 + 1))])
    again.close()

    assert isinstance(index, int)
    assert kinds(tmp_path / "e").count("boot") == 2
    assert "rec" not in kinds(tmp_path / "e")


def test_entries_that_would_break_the_log_are_refused_alone(tmp_path):
    """The others of the batch become records, and the log verifies."""
    log = open_log(tmp_path / "e")
    reserved = reservation_record.ReservationSet(
        site="s", documents=(reservation_record.Document(path="/x", sha256="01" * 32, media_type="t"),), headers=()
    )
    stray = disclosure.commit("person", "x", b"a" * 16)
    results = log.append(
        [
            Entry(b"{}"), Entry(b"\xff"), Entry(request_leaf(rsv="02" * 32)), Entry(end_leaf(99)),
            Entry(reservation_record.reservation(at=AT, reserved=reserved)), Entry(record.key(at=AT, vkey="x")),
            Entry(request_leaf(), (stray,)), Entry(record.repair(at=AT, segment=0, offset=0, cut=0, digest="00" * 32)),
            request_entry(), Entry(request_leaf() + b" "),
        ]
    )  # fmt: skip
    log.close()

    assert [isinstance(one, Refusal) for one in results] == [True] * 8 + [False, True]
    assert results[8] == 2
    assert verify_directory(tmp_path / "e").holds


def test_segments_change_before_they_grow_too_large(tmp_path, monkeypatch):
    """Many segments are one log, and it goes on in the last."""
    monkeypatch.setattr(segment_files, "LARGEST_SEGMENT", 2000)
    log = open_log(tmp_path / "e")
    fill(log, 20)
    log.close()
    open_log(tmp_path / "e").close()
    report = verify_directory(tmp_path / "e")

    assert report.holds
    assert report.segments > 5
    assert all(path.stat().st_size <= 2000 for path in (tmp_path / "e/log/seg").iterdir())


def test_full_tiles_are_written_and_partial_ones_taken_away(tmp_path):
    """Past 256 records the first tile is full, and the level above has begun."""
    log = open_log(tmp_path / "e")
    fill(log, 5)
    log.append([Entry(request_leaf()) for _ in range(600)])
    log.close()
    tiles = tmp_path / "e/log/tile"

    assert (tiles / "0/000").stat().st_size == (tiles / "0/001").stat().st_size == 8192
    assert not (tiles / "0/000.p").exists()
    assert (tiles / "1/000.p/2").stat().st_size == 64
    assert verify_directory(tmp_path / "e").holds


def test_tiles_that_are_lost_or_wrong_are_made_again(tmp_path):
    """They are derived from the segments."""
    log = open_log(tmp_path / "e")
    log.append([Entry(request_leaf()) for _ in range(600)])
    log.close()
    tiles = tmp_path / "e/log/tile"
    (tiles / "0/000").unlink()
    (tiles / "0/001").write_bytes(b"x")
    (tiles / "0/002.p/90").write_bytes(b"x" * 90 * 32)
    open_log(tmp_path / "e").close()

    assert (tiles / "0/000").stat().st_size == 8192
    assert verify_directory(tmp_path / "e").holds


def unsigned(tmp_path, *entries):
    """Make a log that has records beyond its last checkpoint, as a killed recorder leaves it."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 2)
    log.checkpoint()
    log.append(entries or [request_entry(), request_entry()])
    shutil.copytree(root, tmp_path / "killed")
    log.close()
    return tmp_path / "killed"


def test_the_segment_may_be_cut_at_every_byte(tmp_path):
    """Below the signed size the log is refused; beyond it a torn record is cut off, recorded, and all else stays."""
    small = record.rules(at=AT, digest=RULES)
    killed = unsigned(tmp_path, Entry(small), Entry(small))
    data = (killed / "log/seg/000000.seg").read_bytes()
    ends = [0, *(one.end for one in segment.scan(data))]
    signed = ends[-3]
    for cut in {*range(signed - 60, len(data) + 1), *range(0, signed, 97)}:
        root = tmp_path / "cut"
        shutil.copytree(killed, root)
        (root / "log/seg/000000.seg").write_bytes(data[:cut])
        if cut < signed:
            with pytest.raises(LogDamagedError):
                open_log(root)
            assert not verify_directory(root).holds
            assert (root / "log/seg/000000.seg").read_bytes() == data[:cut]
        else:
            open_log(root).close()
            whole = max(end for end in ends if end <= cut)
            report = verify_directory(root)
            assert report.holds, report
            repairs = [one.fields for one in leaves(root) if one.kind.value == "rec"]
            assert len(repairs) == (cut != whole)
            if repairs:
                torn = data[whole:cut]
                assert (repairs[0]["bytes"], repairs[0]["sha256"]) == (len(torn), sha256(torn).hexdigest())
        shutil.rmtree(root)


def test_a_changed_byte_below_the_signed_size_is_refused(tmp_path):
    """Nothing is written to a log that was changed; what to do is said."""
    killed = unsigned(tmp_path)
    path = killed / "log/seg/000000.seg"
    data = path.read_bytes()
    for place in range(0, segment_end(data, -3), 41):
        changed = bytearray(data)
        changed[place] ^= 4
        path.write_bytes(changed)
        with pytest.raises(LogDamagedError, match="nothing more is written"):
            open_log(killed)
        assert path.read_bytes() == changed
    path.write_bytes(data)
    open_log(killed).close()


def segment_end(data, number):
    return [0, *(one.end for one in segment.scan(data))][number]


def test_a_leaf_changed_together_with_its_hash_is_refused(tmp_path):
    """The signed root tells."""
    killed = unsigned(tmp_path)
    path = killed / "log/seg/000000.seg"
    found = [one.leaf for one in segment.scan(path.read_bytes())]
    found[4] = found[4].replace(b"GET", b"PUT")
    path.write_bytes(b"".join(segment.encode(one, leaf_hash(one)) for one in found))

    with pytest.raises(LogDamagedError, match="not those that were signed"):
        open_log(killed)


def test_a_missing_segment_is_refused(tmp_path, monkeypatch):
    """Even where what is left is whole."""
    monkeypatch.setattr(segment_files, "LARGEST_SEGMENT", 2000)
    log = open_log(tmp_path / "e")
    fill(log, 10)
    log.close()
    (tmp_path / "e/log/seg/000002.seg").unlink()

    with pytest.raises(LogDamagedError, match="000002"):
        open_log(tmp_path / "e")
    assert not verify_directory(tmp_path / "e").holds


def test_a_restored_backup_is_refused(tmp_path):
    """Only what remembers a newer head can tell; here it lies outside the backup."""
    root, guard = tmp_path / "e", tmp_path / "other-disk"
    guard.mkdir()
    log = open_log(root, guard_folder=guard)
    fill(log, 1)
    log.close()
    shutil.copytree(root, tmp_path / "backup")
    log = open_log(root, guard_folder=guard)
    fill(log, 3)
    log.close()
    shutil.rmtree(root)
    shutil.copytree(tmp_path / "backup", root)

    with pytest.raises(LogDamagedError, match="a backup was restored"):
        open_log(root, guard_folder=guard)


def test_two_copies_of_a_log_can_not_both_go_on(tmp_path):
    """Whoever comes second finds the head moved on."""
    guard = tmp_path / "guard"
    guard.mkdir()
    log = open_log(tmp_path / "e", guard_folder=guard)
    fill(log, 1)
    log.close()
    shutil.copytree(tmp_path / "e", tmp_path / "copy")
    one, two = (open_log(tmp_path / name, guard_folder=guard) for name in ("e", "copy"))
    one.checkpoint()
    one.close()
    with pytest.raises(LogDamagedError, match="moved this log on"):
        two.checkpoint()
    with pytest.raises(LogDamagedError):
        two.close()


@pytest.mark.parametrize("name", ["keys/log.key", "log/vkey"])
def test_a_log_does_not_go_on_without_its_key(tmp_path, name):
    """A new key would make another log of it."""
    log = open_log(tmp_path / "e")
    fill(log, 1)
    log.close()
    (tmp_path / "e" / name).unlink()

    with pytest.raises(LogDamagedError, match="own key"):
        open_log(tmp_path / "e")


def test_a_forged_checkpoint_is_refused(tmp_path):
    """A checkpoint that the key did not sign is no head."""
    log = open_log(tmp_path / "e")
    fill(log, 1)
    log.close()
    path = tmp_path / "e/log/checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n6\n", b"\n5\n"))

    with pytest.raises(LogDamagedError, match="checkpoint"):
        open_log(tmp_path / "e")


def test_an_unfinished_last_checkpoint_is_cut_off(tmp_path):
    """A crash while one was added to checkpoints.log is no damage."""
    log = open_log(tmp_path / "e")
    fill(log, 1)
    log.close()
    with (tmp_path / "e/log/checkpoints.log").open("ab") as file:
        file.write(b"photo.example/ev")
    assert verify_directory(tmp_path / "e").holds
    open_log(tmp_path / "e").close()

    assert verify_directory(tmp_path / "e").notes == (
        "the key was taken from the log itself; compare it with one you got another way",
    )


def test_values_without_a_record_are_purged(tmp_path):
    """They were written before their leaf, and a crash came between; their index will be another record's."""
    killed = unsigned(tmp_path)
    path = killed / "log/seg/000000.seg"
    path.write_bytes(path.read_bytes()[:-10])
    open_log(killed).close()

    assert len(list(read_rows(killed / "side/disclosures.db"))) == 6
    assert verify_directory(killed).holds


def test_a_checkpoint_is_published_while_the_log_grows(tmp_path):
    """What was prepared is what is signed, whatever was appended, tiles filled up included, in the meantime."""
    log = open_log(tmp_path / "e")
    log.append([Entry(request_leaf()) for _ in range(250)])
    prepared = log.prepare_checkpoint()
    log.append([Entry(request_leaf()) for _ in range(600)])
    published = log.publish(prepared)
    first = verify_directory(tmp_path / "e")
    log.checkpoint()
    second = verify_directory(tmp_path / "e")
    log.close()

    assert published
    assert (first.holds, first.signed_records, first.unsigned_records) == (True, 252, 600)
    assert (second.holds, second.unsigned_records) == (True, 0)


def test_the_journal_of_the_side_store_is_folded_with_each_checkpoint(tmp_path):
    """Nobody who appends waits for it, and it does not grow for ever."""
    log = open_log(tmp_path / "e")
    sizes = []
    for _ in range(5):
        log.append([request_entry() for _ in range(500)])
        log.checkpoint()
        sizes.append((tmp_path / "e/side/disclosures.db-wal").stat().st_size)
    file = (tmp_path / "e/side/disclosures.db").stat().st_size
    log.close()

    assert file > 5 * 500 * 2 * 60
    assert sizes[-1] == sizes[1]


def test_a_lost_side_store_leaves_the_log_whole(tmp_path):
    """The log goes on; what was committed is not disclosable any more."""
    log = open_log(tmp_path / "e")
    fill(log, 2)
    log.close()
    (tmp_path / "e/side/disclosures.db").unlink()
    open_log(tmp_path / "e").close()
    report = verify_directory(tmp_path / "e")

    assert report.holds
    assert report.undisclosed == 4


class Disk:
    """Lets system calls fail, once or until told otherwise."""

    def __init__(self, monkeypatch):
        self._patch = monkeypatch

    def fails(self, call, error, times=1, before=0):
        real = getattr(os, call)
        left = {"before": before, "times": times}

        def failing(*arguments):
            if left["before"] > 0:
                left["before"] -= 1
            elif left["times"] > 0:
                left["times"] -= 1
                raise OSError(error, os.strerror(error))
            return real(*arguments)

        self._patch.setattr(os, call, failing)

    def writes_short(self):
        real = os.write
        self._patch.setattr(os, "write", lambda descriptor, data: real(descriptor, bytes(data)[: len(data) // 2]))

    def works(self):
        self._patch.undo()


@pytest.fixture
def disk(monkeypatch):
    return Disk(monkeypatch)


@pytest.mark.parametrize("error", [EIO, ENOSPC])
@pytest.mark.parametrize("truncate_works", [True, False])
def test_after_a_failed_sync_a_new_segment_says_where_the_old_one_ends(tmp_path, disk, error, truncate_works):
    """The batch is not acknowledged, the file is never synced again, and a gap says how many were lost."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 1)
    before = (root / "log/seg/000000.seg").read_bytes()
    disk.fails("fdatasync", error)
    if not truncate_works:
        disk.fails("ftruncate", EIO, times=5)
    with pytest.raises(RecorderUnavailableError):
        log.append([request_entry(), request_entry(), Entry(b"{}")])
    with pytest.raises(RecorderUnavailableError):  # at once, without asking the disk again
        log.append([request_entry(), Entry(record.gap(at=AT, count=1, since=AT, until=AT, why="x"))])
    disk.works()
    assert log.stats.failing
    log._retry_at = 0
    log.retry()
    (index,) = log.append([request_entry()])
    log.close()
    open_log(root).close()

    report = verify_directory(root)
    assert report.holds, report.faults
    assert isinstance(index, int)
    assert (root / "log/seg/000000.seg").read_bytes()[: len(before)] == before
    assert ((root / "log/seg/000000.seg").stat().st_size == len(before)) == truncate_works
    found = leaves_of(root, len(before))
    assert [one.kind.value for one in found[-4:]] == ["rec", "gap", "req", "boot"]
    assert (found[-4].fields["segment"], found[-4].fields["offset"]) == (0, len(before))
    assert (found[-3].fields["count"], found[-3].fields["why"]) == (3, "eio" if error == EIO else "enospc")


def leaves_of(root, end):
    first = (root / "log/seg/000000.seg").read_bytes()[:end]
    rest = [path.read_bytes() for path in sorted((root / "log/seg").iterdir())[1:]]
    return [record.read(one.leaf) for data in (first, *rest) for one in segment.scan(data)]


def test_a_short_write_is_a_full_disk(tmp_path, disk):
    """Half a batch on the disk is none: not acknowledged, cut away, counted."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 1)
    disk.writes_short()
    with pytest.raises(RecorderUnavailableError):
        log.append([request_entry()])
    disk.works()
    log._retry_at = 0
    log.append([request_entry()])
    log.close()

    assert verify_directory(root).holds
    assert leaves(root)[-2].fields["count"] == 1


def test_a_disk_that_stays_full_makes_no_heap_of_segments(tmp_path, disk):
    """However often it is tried, one new segment comes of it, and the count of what was lost is exact."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 1)
    disk.fails("fdatasync", ENOSPC, times=7)
    for _ in range(7):
        log._retry_at = 0
        with pytest.raises(RecorderUnavailableError):
            log.append([request_entry(), Entry(record.gap(at=AT, count=1, since=AT, until=AT, why="x"))])
    log._retry_at = 0
    log.append([request_entry()])
    log.close()

    assert sorted(path.name for path in (root / "log/seg").iterdir()) == ["000000.seg", "000001.seg"]
    assert [one.fields["count"] for one in leaves(root) if one.kind.value == "gap"] == [7]
    assert verify_directory(root).holds


def test_a_crash_after_a_failed_sync_is_repaired(tmp_path, disk):
    """The new segment had not one whole frame yet: it goes, and what the old one holds counts again or is cut."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 1)
    log.checkpoint()
    shutil.copytree(root, tmp_path / "killed")
    log.close()
    killed = tmp_path / "killed"
    with (killed / "log/seg/000000.seg").open("ab") as file:
        file.write(b"\x00\x00\x01\x00torn")
    (killed / "log/seg/000001.seg").write_bytes(b"\x00\x00\x02\x00begun")
    open_log(killed).close()

    (repair,) = [one for one in leaves(killed) if one.kind.value == "rec"]
    assert repair.fields["bytes"] == 17
    assert repair.fields["sha256"] == sha256(b"\x00\x00\x01\x00torn\x00\x00\x02\x00begun").hexdigest()
    assert not (killed / "log/seg/000001.seg").exists()
    assert verify_directory(killed).holds


def test_a_checkpoint_that_can_not_be_written_leaves_the_old_one(tmp_path, disk):
    """Records go on; the next attempt publishes them."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 1)
    old = (root / "log/checkpoint").read_bytes()
    log.append([request_entry()])
    for call, before in (("fsync", 0), ("fsync", 1), ("write", 1)):
        disk.fails(call, ENOSPC, before=before)
        assert not log.checkpoint()
        disk.works()
        assert (root / "log/checkpoint").read_bytes() == old
        assert verify_directory(root).holds
        assert log.stats.failing
    assert log.checkpoint()
    log.close()

    assert log.stats.failing == ""
    assert verify_directory(root).holds
    assert verify_directory(root).unsigned_records == 0


def test_a_log_that_can_not_be_written_at_the_start_is_mended_later(tmp_path, disk):
    """The recorder starts on a full disk, says so, and owes the record of its start."""
    root = tmp_path / "e"
    open_log(root).close()
    disk.fails("fdatasync", ENOSPC)
    log = open_log(root)
    assert log.stats.failing
    log._retry_at = 0
    log.retry()
    assert log.stats.failing == ""
    log.close()

    assert kinds(root) == ["key", "boot", "rec", "boot"]
    assert verify_directory(root).holds


def test_a_document_is_stored_once_under_its_hash(tmp_path):
    """A wrong file under the name is replaced."""
    log = open_log(tmp_path / "e")
    digest = log.store_blob(b"robots")
    path = tmp_path / "e/log/blobs" / digest
    path.write_bytes(b"other")
    assert log.store_blob(b"robots") == digest == sha256(b"robots").hexdigest()
    log.close()

    assert path.read_bytes() == b"robots"
