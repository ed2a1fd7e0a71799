"""Is every change to a log found and named, and is nothing else called a fault?"""

import os
import random
import shutil
import sqlite3
from base64 import b64encode
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.evidence import record, segment
from guard.evidence.checkpoint import Checkpoint, sign, verifier_key
from guard.evidence.merkle import Frontier, leaf_hash
from guard.evidence.segment import Frame
from guard.evidence.verify import verify_log
from guard.store.batch import Entry
from guard.store.log_files import LogFolder, verify_directory
from tests.support.evidence import AT, RULES, change_values, end_leaf, fill, open_log, request_leaf


@pytest.fixture(scope="module")
def master(tmp_path_factory):
    root = tmp_path_factory.mktemp("evidence") / "e"
    log = open_log(root)
    fill(log, 3)
    log.close()
    return root


@pytest.fixture
def root(master, tmp_path):
    shutil.copytree(master, tmp_path / "e")
    return tmp_path / "e"


def frames(root):
    return [one for one in segment.scan((root / "log/seg/000000.seg").read_bytes()) if isinstance(one, Frame)]


def write(root, leaves):
    data = b"".join(segment.encode(leaf, leaf_hash(leaf)) for leaf in leaves)
    (root / "log/seg/000000.seg").write_bytes(data)


def faults(root):
    report = verify_directory(root)
    assert report.holds == (not report.faults)
    return [str(fault) for fault in report.faults]


def test_an_untouched_log_holds(master):
    """Everything is counted and nothing is wrong."""
    report = verify_directory(master)

    assert report.holds
    assert report.faults == ()
    assert dict(report.kinds) == {"boot": 1, "cls": 1, "end": 3, "key": 1, "req": 3, "rsv": 1}
    assert report.records == report.signed_records == 10
    assert (report.disclosed, report.undisclosed, report.unsigned_records, report.unsigned_bytes) == (6, 0, 0, 0)


class Memory:
    """A log in memory, so that a thousand changes are tried in a second."""

    def __init__(self, root):
        log = root / "log"
        self.files = {path.relative_to(log).as_posix(): path.read_bytes() for path in log.rglob("*") if path.is_file()}

    def read(self, path):
        return self.files.get(path)

    def names(self, folder):
        return tuple(sorted(path for path in self.files if path.startswith(folder + "/")))

    def disclosures(self):
        return None


def test_every_byte_of_the_log_folder_is_protected(master):
    """Whatever byte below log/ is changed, in whichever bit, verification fails and says where.

    Not protected, as not below log/: unused bytes inside the SQLite files of side/ and guard/, the private key.
    """
    memory = Memory(master)
    assert verify_log(memory).holds
    chance = random.Random(1)
    for path, data in sorted(memory.files.items()):
        for place in range(len(data)):
            changed = bytearray(data)
            changed[place] ^= 1 << chance.randrange(8)
            memory.files[path] = bytes(changed)
            report = verify_log(memory)
            assert not report.holds, (path, place)
            assert all(fault.place and fault.reason for fault in report.faults)
        memory.files[path] = data


def test_every_cut_of_a_file_is_noticed(master):
    """A file that lost its end is found, but for a last checkpoint in checkpoints.log that was not finished."""
    memory = Memory(master)
    for path, data in sorted(memory.files.items()):
        for cut in range(0, len(data), 5):
            memory.files[path] = data[:cut]
            assert not verify_log(memory).holds, (path, cut)
        memory.files[path] = data


def test_every_file_that_is_taken_away_is_noticed(master):
    """Only tiles can be made again: without them there is a note at most."""
    memory = Memory(master)
    for path, data in sorted(memory.files.items()):
        del memory.files[path]
        assert verify_log(memory).holds == path.startswith("tile/"), path
        memory.files[path] = data


@pytest.mark.parametrize(
    "change",
    [
        lambda leaves: leaves[:4] + leaves[5:],
        lambda leaves: leaves[:-1],
        lambda leaves: [*leaves[:4], leaves[4], leaves[4], *leaves[5:]],
        lambda leaves: [*leaves[:4], leaves[5], leaves[4], *leaves[6:]],
        lambda leaves: [*leaves[:4], request_leaf(), *leaves[4:]],
        lambda leaves: [*leaves[:4], leaves[4].replace(b"GET", b"PUT"), *leaves[5:]],
        lambda leaves: [*leaves[:4], leaves[4].replace(b"%d" % AT, b"%d" % (AT + 1)), *leaves[5:]],
        lambda leaves: [leaves[0]],
        lambda _: [],
    ],
    ids=["delete", "truncate", "duplicate", "swap", "insert", "edit", "microsecond", "first only", "empty"],
)
def test_a_change_with_right_hashes_is_noticed(root, change):
    """Whoever also repairs the frame's hash is found by the signed root."""
    leaves = [one.leaf for one in frames(root)]
    write(root, change(leaves))

    assert any("signed" in fault for fault in faults(root))


def test_a_record_added_after_the_last_checkpoint_is_said_to_be_unsigned(root):
    """Nobody vouches for it yet, and the report does not pretend."""
    write(root, [*(one.leaf for one in frames(root)), record.rules(at=AT, digest=RULES)])
    report = verify_directory(root)

    assert report.holds
    assert (report.records, report.signed_records, report.unsigned_records) == (11, 10, 1)
    assert any("not signed yet" in note for note in report.notes)


def test_a_torn_unsigned_end_is_a_note(root):
    """A crash in the middle of an append is no contradiction; how many bytes it left is said."""
    with (root / "log/seg/000000.seg").open("ab") as file:
        file.write(b"\x00\x00\x01\x00abc")
    report = verify_directory(root)

    assert report.holds
    assert report.unsigned_bytes == 7
    assert any("7 bytes beyond the last checkpoint" in note for note in report.notes)


def test_the_fault_names_segment_and_record(root):
    """The place is where the change is."""
    data = bytearray((root / "log/seg/000000.seg").read_bytes())
    data[frames(root)[5].offset + segment.HEAD_SIZE + 3] ^= 1
    (root / "log/seg/000000.seg").write_bytes(data)

    assert any(fault.startswith("log/seg/000000.seg, record 5: the bytes of the leaf") for fault in faults(root))


def test_a_log_written_anew_with_another_key_is_noticed_by_whoever_knows_the_key(root, tmp_path):
    """Against the operator who writes everything anew, only a key kept elsewhere helps; then nothing holds."""
    known = (root / "log/vkey").read_text().strip()
    other = tmp_path / "other"
    log = open_log(other)
    fill(log, 3)
    log.close()

    assert verify_directory(other).holds
    assert not verify_directory(other, known).holds
    assert verify_directory(root, known).holds


def resigned(root, leaves, tmp_path):
    """Write a whole log of `leaves` that is right in hashes, root and signature."""
    shutil.rmtree(root / "log/tile")
    write(root, leaves)
    key = Ed25519PrivateKey.from_private_bytes(b"\x02" * 32)
    vkey = verifier_key("x/evidence/1", key)
    tree = Frontier()
    for leaf in leaves:
        tree.push(leaf_hash(leaf))
    note = sign(Checkpoint(origin=vkey.name, size=tree.size, root=tree.root()), key)
    (root / "log/vkey").write_text(f"{vkey}\n")
    (root / "log/checkpoint").write_bytes(note)
    (root / "log/checkpoints.log").write_bytes(note)
    (root / "side/disclosures.db").unlink()
    return record.key(at=AT, vkey=str(vkey))


REQUEST = request_leaf()


@pytest.mark.parametrize(
    ("leaves", "reason"),
    [
        ([end_leaf(0)], "ends request 0"),
        ([REQUEST, end_leaf(0), end_leaf(0)], "ends request 0"),
        ([REQUEST, end_leaf(1)], "ends request 1"),
        ([REQUEST, end_leaf(5)], "ends request 5"),
        ([request_leaf(rsv="07" * 32)], "names the reservation"),
        ([REQUEST + b" "], "not canonical"),
        ([b'{"kind":"new","v":1}'], "kind 'new' is not known"),
        ([b'{"kind":"req","v":2}'], "schema version 2 is not known"),
        ([REQUEST.replace(b'"method":"GET"', b'"method":7')], "'method' can not be 7"),
        ([record.key(at=AT, vkey="other")], "another key"),
    ],
    ids=["end first", "end twice", "end of itself", "end of a later one", "reservation", "space", "kind", "version",
         "type", "key"],
)  # fmt: skip
def test_a_signed_log_whose_records_contradict_each_other_does_not_hold(root, tmp_path, leaves, reason):
    """A right root over wrong records is not enough."""
    resigned(root, leaves, tmp_path)

    assert any(reason in fault for fault in faults(root))


@pytest.mark.parametrize("number", [0, 1], ids=["one", "the other"])
def test_what_was_in_force_must_be_there_in_its_own_bytes(root, number):
    """The documents of the reservation and the rule set lie beside the records that name them."""
    blob = sorted((root / "log/blobs").iterdir())[number]
    data = blob.read_bytes()
    blob.write_bytes(data + b"x")
    assert any(f"log/blobs/{blob.name}" in fault for fault in faults(root))
    blob.unlink()
    assert any("is missing" in fault for fault in faults(root))


def test_a_request_that_names_a_rule_set_nobody_recorded_is_a_fault(root, tmp_path):
    """Its decision could not be explained."""
    resigned(root, [request_leaf(rules=RULES)], tmp_path)

    assert any("names the rule set" in fault for fault in faults(root))


def test_a_wrong_tile_is_a_fault_and_a_missing_one_is_not(root):
    """A tile that lies would make proofs that lie."""
    (tile,) = (path for path in (root / "log/tile").rglob("*") if path.is_file() and path.name == "10")
    data = bytearray(tile.read_bytes())
    data[70] ^= 1
    tile.write_bytes(data)
    assert any("entry 2: not the hash of record 2" in fault for fault in faults(root))
    shutil.rmtree(root / "log/tile")
    assert verify_directory(root).holds


def test_an_erased_value_is_not_disclosable_and_no_fault(root):
    """Erasing leaves the log whole."""
    change_values(root, lambda leaf, name, data: None if name == "person" else (leaf, name, data))
    report = verify_directory(root)

    assert report.holds
    assert (report.disclosed, report.undisclosed) == (3, 3)
    assert any("not disclosable" in note for note in report.notes)


WRONG_VALUES = {
    "edited": lambda leaf, name, data: (leaf, name, data.replace(b"203.0.113.7", b"203.0.113.8")),
    "another group": lambda leaf, name, data: (leaf, "request" if name == "person" else name, data),
    "another record": lambda leaf, name, data: (leaf + 1 if name == "person" else leaf, name, data),
    "added": lambda leaf, name, data: (leaf, name, data) if name == "person" else (leaf, "extra", b"[]"),
    "negative": lambda leaf, name, data: (-1 if leaf == 4 else leaf, name, data),
}


@pytest.mark.parametrize("change", WRONG_VALUES.values(), ids=list(WRONG_VALUES))
def test_a_value_that_was_not_committed_to_is_a_fault(root, change):
    """What the side store holds is what the record committed to, or it is nothing."""
    change_values(root, change)

    assert any("side/disclosures.db" in fault for fault in faults(root))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE sealed SET body = 7 WHERE leaf < 5",
        "UPDATE sealed SET body = zeroblob(100) WHERE lifetime = 1",
        "UPDATE sealed SET leaf = leaf + 1 WHERE lifetime = 1",
        "UPDATE sealed SET body = (SELECT max(body) FROM sealed)",
        "UPDATE sealed SET key = 3 - key",
    ],
    ids=["type", "overwritten", "another record", "swapped", "another key"],
)
def test_a_row_that_was_touched_is_a_fault(root, statement):
    """What is sealed is bound to its record; without the keys nobody can even put something else there."""
    connection = sqlite3.connect(root / "side/disclosures.db", isolation_level=None)
    connection.execute(statement)
    connection.close()

    assert any("side/disclosures.db" in fault for fault in faults(root))


def test_a_log_folder_without_side_store_is_verified(root):
    """Whoever is given log/ alone checks all of it but the values."""
    report = verify_directory(root / "log")

    assert report.holds
    assert any("no side store" in note for note in report.notes)


@pytest.mark.parametrize("size", [0, 1, 100, 5000])
def test_random_files_give_faults_and_no_exception(root, size):
    """Each file in turn is replaced by random bytes."""
    chance = random.Random(size)
    for path in [path for path in root.rglob("*") if path.is_file() and path.parent.name not in {"guard", "keys"}]:
        data = path.read_bytes()
        path.write_bytes(chance.randbytes(size))
        report = verify_directory(root)
        assert not report.holds or path.name == "disclosures.db", path
        path.write_bytes(data)
    assert verify_directory(root).holds


def test_a_folder_that_can_not_be_listed_does_not_hold(root):
    """A log without segments is not whole if something was signed."""
    shutil.rmtree(root / "log/seg")

    assert not verify_log(LogFolder(root / "log", None)).holds


def test_many_faults_are_counted_not_listed(root):
    """A hostile log can not fill the reader's memory with faults."""
    write(root, [b'{"kind":"new","v":1}'] * 1000)
    report = verify_directory(root)

    assert len(report.faults) == 100
    assert report.more_faults >= 900


def test_verification_changes_nothing(root):
    """Not a file is made or touched."""
    before = {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*")}
    verify_directory(root)

    assert {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in root.rglob("*")} == before


def test_a_log_that_is_being_written_verifies(tmp_path):
    """Reading beside the writer sees whole records, some not signed yet."""
    root = tmp_path / "e"
    log = open_log(root)
    fill(log, 2)
    log.append([Entry(request_leaf())])
    report = verify_directory(root)
    log.close()

    assert report.holds
    assert report.unsigned_records == 1


def test_a_cosignature_of_somebody_else_does_no_harm(root):
    """Witnesses may sign below us."""
    line = f"\u2014 witness.example {b64encode(os.urandom(68)).decode()}\n".encode()
    for name in ("checkpoint", "checkpoints.log"):
        path = Path(root / "log" / name)
        path.write_bytes(path.read_bytes() + line)

    assert verify_directory(root).holds
