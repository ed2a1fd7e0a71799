"""Does code that shares no line with ours read our log as C2SP describes it?

The Go checksum database's `note` and `tlog` packages are where signed notes and tiles come from. The vectors are
from C2SP's own texts (github.com/C2SP/C2SP at 5ba5ee8).
"""

import shutil
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from guard.evidence import merkle, proof, tile
from guard.evidence.checkpoint import CheckpointError, parse_verifier_key, verify
from guard.evidence.proof import ProofError
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves
from tests.support.evidence import fill, open_log, request_entry

GO = Path(__file__).parent.parent / "support" / "tlog"


@pytest.fixture(scope="session")
def reader(tmp_path_factory) -> Path:
    """The Go program, built."""
    if shutil.which("go") is None:
        pytest.skip("needs Go, to read the log with other code than ours")
    program = tmp_path_factory.mktemp("go") / "tlog"
    built = subprocess.run(
        ["go", "build", "-o", str(program), "."], cwd=GO, capture_output=True, text=True, timeout=300, check=False
    )
    if "dial tcp" in built.stderr or "no such host" in built.stderr:
        pytest.skip("golang.org/x/mod could not be fetched")
    assert built.returncode == 0, built.stderr
    return program


@pytest.fixture(scope="module")
def log(tmp_path_factory) -> Path:
    """A log of more than two full tiles, with many checkpoints."""
    root = tmp_path_factory.mktemp("conformance") / "e"
    one = open_log(root)
    fill(one, 4)
    for _ in range(6):
        one.append([request_entry() for _ in range(97)])
        one.checkpoint()
    one.close()
    return root


def read(program: Path, *arguments: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)


def proof_file(root: Path, index: int, target: Path) -> Path:
    note = (root / "log/checkpoint").read_bytes()
    key = parse_verifier_key((root / "log/vkey").read_text().strip())
    size = verify(note, (key,)).size
    node = tile.nodes_in_tiles(size, lambda one: (root / "log" / one.path).read_bytes())
    hashes = merkle.inclusion_proof(index, size, node)
    target.write_bytes(proof.write(proof.Proof(index=index, hashes=hashes, note=note)))
    return target


def test_the_go_checksum_database_reads_the_whole_log(reader, log, tmp_path):
    """All checkpoints, each record through the tiles to the root, growth between heads, and a proof file."""
    vkey = (log / "log/vkey").read_text().strip()
    records = list(leaves(open_folder(log)))
    done = read(reader, log / "log", vkey, proof_file(log, 300, tmp_path / "300.tlog-proof"), 300)

    assert done.stderr == ""
    assert done.stdout.split() == [str(len(records)), "11"]


@pytest.mark.parametrize("file", ["log/checkpoint", "log/checkpoints.log", "log/tile/0/000", "log/seg/000000.seg"])
def test_the_go_checksum_database_notices_a_changed_byte(reader, log, tmp_path, file):
    """So that the test above can fail."""
    root = tmp_path / "e"
    shutil.copytree(log, root)
    data = bytearray((root / file).read_bytes())
    data[100] ^= 1
    (root / file).write_bytes(data)

    assert read(reader, root / "log", (root / "log/vkey").read_text().strip()).returncode != 0


def test_a_proof_of_another_record_is_refused_by_both(reader, log, tmp_path):
    """The file of record 7 shows nothing about record 8."""
    vkey = (log / "log/vkey").read_text().strip()
    file = proof_file(log, 7, tmp_path / "7.tlog-proof")
    file.write_bytes(file.read_bytes().replace(b"index 7\n", b"index 8\n"))
    leaf = dict(leaves(open_folder(log)))[8]

    assert read(reader, log / "log", vkey, file, 8).returncode == 1
    with pytest.raises(ProofError, match="not number 8"):
        proof.check(proof.parse(file.read_bytes()), merkle.leaf_hash(leaf), parse_verifier_key(vkey))


def test_openssl_checks_a_checkpoint(log, tmp_path):
    """Ed25519 over the text of the note, with nothing but base64 in between."""
    head, _, signatures = (log / "log/checkpoint").read_bytes().partition(b"\n\n")
    (tmp_path / "text").write_bytes(head + b"\n")
    (tmp_path / "signature").write_bytes(b64decode(signatures.split()[-1])[4:])
    public = b64decode((log / "log/vkey").read_text().split("+", 2)[2])[1:]
    (tmp_path / "key.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
    command = [
        "openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", tmp_path / "key.der", "-rawin",
        "-in", tmp_path / "text", "-sigfile", tmp_path / "signature",
    ]  # fmt: skip

    assert "Verified Successfully" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize(
    ("index", "path"),
    [(0, "000"), (5, "005"), (999, "999"), (1000, "x001/000"), (1234067, "x001/x234/067")],
)
def test_tile_paths_are_those_of_the_text(index, path):
    """C2SP tlog-tiles: "the index 1234067 is encoded as x001/x234/067"; a partial tile has its width behind."""
    assert tile.Tile(0, index).path == f"tile/0/{path}"
    assert tile.Tile(3, index, 112).path == f"tile/3/{path}.p/112"
    assert tile.parse_path(f"tile/3/{path}.p/112") == tile.Tile(3, index, 112)


def test_the_example_of_the_text_on_signed_notes_verifies():
    """C2SP signed-note, section on verifier keys: rightly signed, so that only its not being a checkpoint is wrong."""
    key = parse_verifier_key("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM="
    note = f"This is an example message.\n\n\N{EM DASH} example.com/foo {signature}\n".encode()

    with pytest.raises(CheckpointError, match="a checkpoint has three lines"):
        verify(note, (key,))
    with pytest.raises(CheckpointError, match=r"the signature of example\.com/foo is wrong"):
        verify(note.replace(b"This", b"That"), (key,))
