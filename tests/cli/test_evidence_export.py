"""From the log to one file, on the command line."""

import subprocess
import sys
from pathlib import Path

import pytest

from guard.evidence import record
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves
from guard.verifier.verify import Bundle
from tests.support.authority import Authority, serving
from tests.support.cases import case_of, fill
from tests.support.pictures import photograph


def export(root: Path, output: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "guard", "evidence", "export", str(root), "-o", str(output), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_same_question_gives_the_same_file_and_each_time_a_record(tmp_path: Path):
    """The log grows by the record of the first export, and still the second is the same to the byte."""
    root = fill(tmp_path / "evidence")
    size = case_of(root).size
    first = export(root, tmp_path / "1.asice", "--crawler", "ExampleBot", "--at-size", str(size))
    second = export(root, tmp_path / "2.asice", "--crawler", "examplebot", "--at-size", str(size))
    kept = [record.read(leaf) for _, leaf in leaves(open_folder(root))]
    exports = [one.fields for one in kept if one.kind is record.RecordKind.EXPORT]

    assert (first.returncode, first.stderr) == (0, "")
    assert (tmp_path / "1.asice").read_bytes() == (tmp_path / "2.asice").read_bytes()
    assert second.returncode == 0
    assert [one["size"] for one in exports] == [size, size]
    assert exports[0]["bundle"] == exports[1]["bundle"]
    assert exports[0]["wanted"] == '{"crawlers":["examplebot"]}'
    assert f"content {exports[0]['bundle'][:16]}" in first.stdout


def test_the_verify_command_takes_the_file(tmp_path: Path):
    """In both languages; exit status 1 where something was changed."""
    root = fill(tmp_path / "evidence")
    file = tmp_path / "case.asice"
    export(root, file, "--picture", "https://photo.example/album/harbour.jpg")
    verify = [sys.executable, "-m", "guard", "evidence", "verify", str(file)]
    english = subprocess.run(verify, capture_output=True, text=True, check=False)
    german = subprocess.run([*verify, "--lang", "de"], capture_output=True, text=True, check=False)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    changed = subprocess.run(verify, capture_output=True, text=True, check=False)

    assert english.returncode == german.returncode == 0, english.stderr
    assert english.stdout.startswith("bundle verified: unchanged since it was recorded")
    assert german.stdout.startswith("Beweispaket geprüft: seit der Aufzeichnung unverändert")
    assert changed.returncode == 1
    assert changed.stdout.startswith("bundle NOT verified")
    assert max(map(len, english.stdout.splitlines()[:6])) <= 100


def test_a_time_stamp_authority_seals_it(tmp_path: Path):
    """The token over the manifest of all files holds by OpenSSL and by the verify command."""
    root, file = fill(tmp_path / "evidence"), tmp_path / "case.asice"
    authority = Authority()
    ca = tmp_path / "ca.pem"
    ca.write_bytes(authority.root.pem + authority.middle.pem)
    with serving(authority.reply) as server:
        said = export(root, file, "--crawler", "examplebot", "--stamp", server.url, "--stamp-ca", str(ca))
    unpacked = Bundle(str(file)).run()
    for name in ("META-INF/ASiCManifest001.xml", "META-INF/timestamp001.tst"):
        (tmp_path / Path(name).name).write_bytes(unpacked.files[name])
    by_openssl = subprocess.run(
        ["openssl", "ts", "-verify", "-token_in", "-in", "timestamp001.tst", "-data", "ASiCManifest001.xml",
         "-CAfile", "ca.pem"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    verified = subprocess.run(
        [sys.executable, "-m", "guard", "evidence", "verify", str(file), "--tsa-ca", str(ca)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert said.returncode == 0, said.stderr
    assert unpacked.faults == []
    assert "Verification: OK" in by_openssl.stdout + by_openssl.stderr
    assert verified.returncode == 0, verified.stdout
    assert "this bundle existed at" in verified.stdout


def test_without_an_answer_of_the_authority_nothing_is_written(tmp_path: Path):
    """A bundle that is not sealed must not look as if it were."""
    said = export(fill(tmp_path / "evidence"), tmp_path / "case.asice", "--stamp", "http://127.0.0.1:9/")

    assert said.returncode == 1
    assert "not sealed" in said.stderr
    assert not (tmp_path / "case.asice").exists()


def test_small_pictures_come_from_the_originals_and_only_from_there(tmp_path: Path):
    """A path that leads elsewhere is left alone; without the folder, or unwanted, there are none."""
    root, originals = fill(tmp_path / "evidence"), tmp_path / "gallery"
    (originals / "album").mkdir(parents=True)
    (originals / "album" / "harbour.jpg").write_bytes(photograph(640, 480))
    sizes = {}
    for name, options in {
        "with": ["--originals", str(originals)],
        "without": [],
        "unwanted": ["--originals", str(originals), "--no-thumbnails"],
    }.items():
        file = tmp_path / f"{name}.asice"
        assert export(root, file, "--crawler", "examplebot", *options).returncode == 0
        sizes[name] = Bundle(str(file)).run().files["data/report.en.pdf"].count(b"/DCTDecode")

    assert sizes == {"with": 1, "without": 0, "unwanted": 0}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--crawler", "nobody"], "no request"),
        (["--originals", "nowhere"], "no folder"),
        (["--stamp-ca", "x.pem"], "--stamp"),
        (["--passphrase-file", "x"], "--sign"),
        (["--since", "yesterday"], "yesterday"),
    ],
)
def test_a_wrong_call_says_what_to_do(tmp_path: Path, options: list[str], said: str):
    """One sentence, exit status 2."""
    made = export(fill(tmp_path / "evidence"), tmp_path / "case.asice", *options)

    assert made.returncode == 2
    assert said in made.stderr
    assert not (tmp_path / "case.asice").exists()


def test_from_a_read_only_copy_it_is_said_that_there_is_no_record_of_it(tmp_path: Path):
    """The log/ folder alone can be exported from; what is not disclosed is not in it."""
    root = fill(tmp_path / "evidence")
    made = export(root / "log", tmp_path / "case.asice", "--crawler", "examplebot")

    assert made.returncode == 0, made.stderr
    assert "not on record" in made.stderr
    assert Bundle(str(tmp_path / "case.asice")).run().facts["values"] == 0
