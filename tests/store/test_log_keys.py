"""Does a log go on under its own key only, through rotations, crashes and passphrases?"""

import os
import shutil
from pathlib import Path

import pytest

from guard.errors import EvidenceError, LogDamagedError
from guard.evidence.checkpoint import parse_verifier_key, sign, split, verify
from guard.store import checkpoint_files
from guard.store.log_files import verify_directory
from guard.store.log_keys import KeyFiles
from guard.store.passphrase import passphrase
from tests.support.evidence import open_log, request_entry


def grow(root, **options):
    log = open_log(root, **options)
    log.append([request_entry()])
    log.close()
    return log


def signers(root):
    note = (root / "log/checkpoint").read_bytes()
    return note.count("\N{EM DASH} ".encode())


def test_a_new_key_takes_over_and_the_old_one_signs_beside_it_for_a_while(tmp_path, monkeypatch):
    """Whoever knows the first key can follow; in the end the old private key is gone."""
    monkeypatch.setattr(checkpoint_files, "OVERLAP", 3)
    root = tmp_path / "e"
    grow(root)
    first = (root / "log/vkey").read_text().strip()
    log = open_log(root)
    new = log.rotate()
    log.append([request_entry()])
    log.checkpoint()
    both, beside = signers(root), (root / "keys/retiring.key").exists()
    for _ in range(3):
        log.append([request_entry()])
        log.checkpoint()
    log.close()
    grow(root)
    report = verify_directory(root, first)

    assert (both, beside) == (2, True)
    assert signers(root) == 1
    assert not (root / "keys/retiring.key").exists()
    assert report.holds, report.faults
    assert any("rotated 1 times" in note for note in report.notes)
    assert verify((root / "log/checkpoint").read_bytes(), (new,)).size == report.records
    assert (root / "guard/log.vkeys").read_text() == f"{first}\n{new}\n"
    assert not verify_directory(root, str(new)).holds  # it is the first that is trusted


def test_the_overlap_outlives_a_restart(tmp_path, monkeypatch):
    """It is counted in checkpoints that both have signed."""
    monkeypatch.setattr(checkpoint_files, "OVERLAP", 3)
    root = tmp_path / "e"
    log = open_log(root)
    log.rotate()
    log.close()
    counts = []
    for _ in range(4):
        grow(root)
        counts.append(signers(root))

    assert counts == [2, 2, 2, 1]
    assert verify_directory(root).holds


def test_a_lost_key_signs_nothing_any_more(tmp_path):
    """And a checkpoint that it alone signs later is a fault."""
    root = tmp_path / "e"
    grow(root)
    shutil.copytree(root, tmp_path / "thief")
    log = open_log(root)
    log.rotate(lost=True)
    log.append([request_entry()])
    log.close()
    report = verify_directory(root)

    assert signers(root) == 1
    assert report.holds, report.faults
    # The thief has the old key, and signs what the log has become.
    stolen = KeyFiles(tmp_path / "thief/keys").load_or_create(
        vkey_file=root / "log/vkey", host="", has_records=True
    ).private  # fmt: skip
    head = verify((root / "log/checkpoint").read_bytes(), (log.key.public,))
    with (root / "log/checkpoints.log").open("ab") as history:
        history.write(sign(head, stolen))
    assert [one.reason for one in verify_directory(root).faults] == ["signed only by a key that record 4 calls lost"]


def test_a_key_that_nobody_vouches_for_is_not_believed(tmp_path):
    """A record may name any key; it counts once a trusted one has signed that record."""
    root = tmp_path / "e"
    grow(root)
    log = open_log(root)
    log.rotate()
    log.append([request_entry()])
    log.close()
    # Take the signatures of the first key away from everything that covers the record of the second.
    old = parse_verifier_key((root / "log/vkey").read_text().strip())
    kept = [one for one in split((root / "log/checkpoints.log").read_bytes()) if verify_size(one, old, log) <= 4]
    head = verify((root / "log/checkpoint").read_bytes(), (log.key.public,))
    forged = sign(head, log.key.private)
    (root / "log/checkpoints.log").write_bytes(b"".join([*kept, forged]))
    (root / "log/checkpoint").write_bytes(forged)
    report = verify_directory(root)

    assert {one.reason for one in report.faults} == {"signed only by a key that nothing signed before it vouches for"}


def verify_size(note, old, log):
    return verify(note, (old, log.key.public)).size


@pytest.mark.parametrize("step", ["made", "on record", "half"])
def test_a_rotation_that_a_crash_ended_is_completed_or_forgotten(tmp_path, monkeypatch, step):
    """The key that signs is always the one that the records name."""
    root = tmp_path / "e"
    grow(root)
    log = open_log(root)
    if step == "made":
        monkeypatch.setattr(log, "append", crash)
    elif step == "on record":
        monkeypatch.setattr(log._key_files, "take_over", crash)
    else:
        monkeypatch.setattr("pathlib.Path.replace", only_first(crash))
    with pytest.raises(KeyboardInterrupt):
        log.rotate()
    monkeypatch.undo()
    os.close(log._lock)  # as the kernel does
    again = grow(root)
    report = verify_directory(root)

    assert report.holds, report.faults
    assert (again.key.public == again.key.first) == (step == "made")
    assert not (root / "keys/next.key").exists()


def crash(*_args, **_options):
    raise KeyboardInterrupt


def only_first(then):
    real, done = Path.replace, []

    def replace(self, target):
        if "keys" not in self.parts or not self.name.endswith(".key") or self.name.startswith("."):
            return real(self, target)
        if done:
            then()
        done.append(self)
        return real(self, target)

    return replace


def test_a_key_is_encrypted_where_there_is_a_passphrase(tmp_path):
    """Also one that was there before; without the passphrase, or with another, the log does not open."""
    root = tmp_path / "e"
    grow(root)
    plain = (root / "keys/log.key").read_text()
    grow(root, passphrase=b"correct horse")
    log = open_log(root, passphrase=b"correct horse")
    log.rotate()
    log.close()

    assert plain.startswith("-----BEGIN PRIVATE KEY-----")
    for name in ("log.key", "retiring.key"):
        assert (root / "keys" / name).read_text().startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    with pytest.raises(LogDamagedError, match="GUARD_EVIDENCE_PASSPHRASE_FD"):
        open_log(root)
    with pytest.raises(LogDamagedError, match="the passphrase is wrong"):
        open_log(root, passphrase=b"wrong")
    grow(root, passphrase=b"correct horse")
    assert verify_directory(root).holds


def test_another_key_is_refused_and_not_put_away(tmp_path):
    """A wrong backup of keys/ is no reason to end a log."""
    root, other = tmp_path / "e", tmp_path / "o"
    grow(root)
    grow(other)
    shutil.copy(other / "keys/log.key", root / "keys/log.key")

    with pytest.raises(LogDamagedError, match="put that one back"):
        open_log(root, goes_on=True)
    assert not (root / "epochs").exists()


def test_a_passphrase_comes_from_a_descriptor_or_a_credential(tmp_path):
    """Without a line feed at its end; the descriptor counts first."""
    (tmp_path / "guard-evidence").write_bytes(b"of systemd\n")
    there, here = os.pipe()
    os.write(here, b"of a descriptor\n")
    os.close(here)

    assert passphrase({}) == b""
    assert passphrase({"CREDENTIALS_DIRECTORY": str(tmp_path / "none")}) == b""
    assert passphrase({"CREDENTIALS_DIRECTORY": str(tmp_path)}) == b"of systemd"
    both = {"CREDENTIALS_DIRECTORY": str(tmp_path), "GUARD_EVIDENCE_PASSPHRASE_FD": str(there)}
    assert passphrase(both) == b"of a descriptor"
    for wrong in ("x", "987654", ""):
        (tmp_path / "guard-evidence").write_bytes(b"\n")
        with pytest.raises(EvidenceError):
            passphrase({"CREDENTIALS_DIRECTORY": str(tmp_path), "GUARD_EVIDENCE_PASSPHRASE_FD": wrong})
