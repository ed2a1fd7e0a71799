"""What did the robots.txt say that a client was served, perhaps long ago?"""

import os
from hashlib import sha256

from guard.store import robots_versions
from guard.store.robots_versions import RobotsVersions

OLD = b"User-agent: *\nDisallow: /old/\n"
NEW = b"User-agent: *\nDisallow: /new/\n"


def test_each_version_is_remembered_for_itself(tmp_path):
    """What one forbids the other lets through."""
    versions = RobotsVersions(tmp_path)
    old, new = versions.keep(OLD), versions.keep(NEW)

    assert old == sha256(OLD).digest()[:8]
    assert versions.forbids("foo", "/old/a", old)
    assert not versions.forbids("foo", "/old/a", new)
    assert versions.forbids("foo", "/new/a", new)


def test_another_process_reads_it_from_the_disk(tmp_path):
    """Another worker, or the same after a restart: not at once, as nobody waits for a disk, but from then on."""
    old = RobotsVersions(tmp_path / "a" / "b").keep(OLD)
    later = RobotsVersions(tmp_path / "a" / "b")

    assert not later.forbids("foo", "/old/a", old)
    later.fetch()
    assert later.forbids("foo", "/old/a", old)


def test_a_version_that_nobody_knows_accuses_nobody(tmp_path):
    """Gone, never there, or changed on the disk: it forbids nothing, and is not looked for at every request."""
    now = [0.0]
    old = RobotsVersions(tmp_path).keep(OLD)
    (file,) = tmp_path.iterdir()
    file.write_bytes(OLD + b"Disallow: /\n")
    versions = RobotsVersions(tmp_path, clock=lambda: now[0])
    for _ in range(3):
        assert not versions.forbids("foo", "/old/a", old)
        versions.fetch()
    RobotsVersions(tmp_path).keep(OLD)
    versions.fetch()
    assert not versions.forbids("foo", "/old/a", old)
    now[0] += 60
    versions.fetch()

    assert versions.forbids("foo", "/old/a", old)


def test_a_disk_that_can_not_be_written_is_no_fault_of_anybody(tmp_path):
    """The version is known to this process all the same."""
    (tmp_path / "file").write_text("no folder")
    versions = RobotsVersions(tmp_path / "file" / "robots")

    assert versions.forbids("foo", "/old/a", versions.keep(OLD))


def test_it_is_bounded_on_disk_and_in_memory(tmp_path, monkeypatch):
    """The versions written longest ago go first; here ten are kept, and three of them ready."""
    monkeypatch.setattr(robots_versions, "MOST", 10)
    monkeypatch.setattr(robots_versions, "PARSED", 3)
    versions = RobotsVersions(tmp_path)
    kept = []
    for number in range(25):
        kept.append(versions.keep(b"%sDisallow: /%d/\n" % (OLD, number)))
        os.utime(tmp_path / f"{sha256(b'%sDisallow: /%d/%c' % (OLD, number, 10)).hexdigest()}.txt", (number, number))

    assert len(list(tmp_path.iterdir())) == 10
    assert len(versions._parsed) == 3
    for number, known in ((24, True), (16, True), (10, False)):
        versions.forbids("foo", f"/{number}/", kept[number])
        versions.fetch()
        assert versions.forbids("foo", f"/{number}/", kept[number]) is known
