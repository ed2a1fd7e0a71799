"""A bundle is refused if its container plays tricks, and tokens in it are checked."""

import ast
import io
import struct
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.bundle.container import SEAL, TOKEN, pack, seal_of
from guard.cli.evidence_bundle import sentences, verify_bundle
from guard.cli.evidence_bundle_de import german
from guard.errors import UsageError
from guard.evidence import time_stamp
from guard.evidence.cosignature import cosigner_key
from guard.store import case_reader
from guard.verifier import verify
from tests.support.anchors import WITNESS, WITNESS_NAME, cosigned, put_on_record, stamp
from tests.support.authority import Authority
from tests.support.cases import Visits, case_of, fill, rehash, small_bundle


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return small_bundle(case_of(fill(tmp_path_factory.mktemp("log") / "evidence"), crawlers={"examplebot"}))


def zipped(
    files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] = lambda _: None, comment: bytes = b""
) -> bytes:
    """Write the same files with another program."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.external_attr = 0o100644 << 16
            change(about)
            archive.writestr(about, body)
        archive.comment = comment
    return out.getvalue()


def duplicate(files: dict[str, bytes]) -> bytes:
    """A second README.txt, which readers of the directory and readers of the stream take differently."""
    data = pack({**files, "READMF.txt": b"another\n"})
    assert data.count(b"READMF.txt") == 2
    return data.replace(b"READMF.txt", b"README.txt")


def renamed(name: bytes) -> Callable[[dict[str, bytes]], bytes]:
    return lambda files: pack(files).replace(b"README.txt", name)


def link(files: dict[str, bytes]) -> bytes:
    def change(about: zipfile.ZipInfo) -> None:
        if about.filename == "README.txt":
            about.external_attr = 0o120777 << 16

    return zipped(files, change)


def deflated(files: dict[str, bytes]) -> bytes:
    return zipped(files, lambda about: setattr(about, "compress_type", zipfile.ZIP_DEFLATED))


def bomb(files: dict[str, bytes]) -> bytes:
    return deflated({**files, "zeros": bytes(50_000_000)})


def sizes(files: dict[str, bytes]) -> bytes:
    """The directory says another size than the entry's own head."""
    data = bytearray(pack(files))
    place = data.rindex(b"PK\x01\x02")
    struct.pack_into("<I", data, place + 24, 5)
    return bytes(data)


TRICKS: dict[str, Callable[[dict[str, bytes]], bytes]] = {
    "duplicate name": duplicate,
    "parent folder": renamed(b"../README1"[:10]),
    "absolute path": renamed(b"/EADME.txt"),
    "backslash": renamed(b"RE\\DME.txt"),
    "drive": renamed(b"C:ADME.txt"),
    "dot": renamed(b"./ADME.txt"),
    "control character": renamed(b"REA\nME.txt"),
    "link": link,
    "compressed": deflated,
    "bomb": bomb,
    "other sizes": sizes,
    "another program's": zipped,
    "comment": lambda files: zipped(files, comment=b"x"),
    "bytes in front": lambda files: b"x" + pack(files),
    "bytes behind": lambda files: pack(files) + b"x",
    "cut": lambda files: pack(files)[:-1],
    "empty": lambda _: b"",
    "no zip": lambda _: b"PK" * 500,
    "unlisted file": lambda files: pack({**files, "data/extra.txt": b"x"}),
    "another first file": lambda files: pack({**files, "mimetypf": b""}).replace(b"mimetype", b"mimetypg", 1),
}


@pytest.mark.parametrize("trick", TRICKS)
def test_tricks_of_containers_are_refused(files: dict[str, bytes], tmp_path: Path, trick: str):
    """With a sentence, and without unpacking a bomb."""
    file = tmp_path / "case.asice"
    file.write_bytes(TRICKS[trick](files))
    found = verify_bundle(file)

    assert not found.holds
    assert sentences(found, "en")[0].startswith("bundle NOT verified")


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path):
    """Whoever names the wrong file is not told of a directory inside it; it counts as one fault all the same."""
    file = tmp_path / "guard.yaml"
    file.write_text("sites: []\n")
    found = verify_bundle(file)
    english, deutsch = (sentences(found, lang) for lang in ("en", "de"))

    assert not found.holds
    assert (english[0], deutsch[0]) == ("bundle NOT verified: 1 fault", "Beweispaket NICHT bestätigt: 1 Fehler")
    assert "this is no bundle: it does not begin as one does" in " ".join(" ".join(english).split())
    assert "das ist kein Beweispaket: Es beginnt nicht wie eines" in " ".join(" ".join(deutsch).split())


def _faults() -> list[str]:
    """Return what the verifier says is wrong, read from its source, with a number for each value."""
    found = []
    for node in ast.walk(ast.parse(Path(verify.__file__).read_text("utf-8"))):
        name = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
        if isinstance(node, ast.Call) and name in ("bad", "self.need"):
            parts = getattr(node.args[-1], "values", [node.args[-1]])
            found.append("".join(str(one.value) if isinstance(one, ast.Constant) else "17" for one in parts))
    return sorted(set(found))


@pytest.mark.parametrize("why", [*_faults(), "not readable: ValueError()"])
def test_every_fault_of_a_bundle_is_there_in_german(why: str):
    """A new one needs its line, or a German reader gets a mixed report."""
    assert german(why) != why


def test_the_faults_are_found():
    """A search that finds none would be content."""
    assert len(_faults()) > 30


def test_both_languages_say_the_same_of_a_good_one(files: dict[str, bytes], tmp_path: Path):
    """Line by line."""
    file = tmp_path / "case.asice"
    file.write_bytes(pack(files))
    english, deutsch = (sentences(verify_bundle(file), lang) for lang in ("en", "de"))

    assert english[0] == "bundle verified: unchanged since it was recorded"
    assert deutsch[0] == "Beweispaket geprüft: seit der Aufzeichnung unverändert"
    assert any("compare it with one you got another way" in " ".join(english) for _ in english)
    assert [line for line in (*english, *deutsch) if len(line) > 80 and "+" not in line] == []


@pytest.fixture
def stamped(tmp_path: Path) -> tuple[dict[str, bytes], Authority]:
    """A bundle with a token over a head, and the certificates that the owner trusts it by."""
    authority = Authority()
    root = fill(tmp_path / "evidence")
    stamp(root, authority)
    visits = Visits(root)
    visits.fetch("/album/harbour.jpg")
    visits.close()
    return small_bundle(case_of(root, crawlers={"examplebot"})), authority


def test_tokens_over_heads_are_checked(stamped: tuple[dict[str, bytes], Authority], tmp_path: Path):
    """By certificates out of the bundle, or by those that the reader has."""
    files, authority = stamped
    file, ca, other = (tmp_path / name for name in ("case.asice", "ca.pem", "other.pem"))
    file.write_bytes(pack(files))
    ca.write_bytes(authority.root.pem)
    other.write_bytes(Authority(name="Other").root.pem)
    by_own, by_given = verify_bundle(file), verify_bundle(file, authorities=[(ca, ca.read_bytes())])
    by_other = verify_bundle(file, authorities=[(other, other.read_bytes())])

    assert by_own.holds
    assert by_own.own_trust
    assert [one.size for one in by_own.times] == [one.size for one in by_given.times]
    assert "existed at" in " ".join(sentences(by_given, "en"))
    assert not by_other.holds


@pytest.mark.parametrize("most", [60, 0])
def test_a_witness_can_be_demanded_of_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int):
    """What it cosigned must be a head that is in the bundle; of many anchors the last of each witness is."""
    monkeypatch.setattr(case_reader, "MOST_ANCHORS", most)
    root = fill(tmp_path / "evidence")
    put_on_record(root, cosigned(root / "log"))
    file = tmp_path / "case.asice"
    file.write_bytes(pack(small_bundle(case_of(root, crawlers={"examplebot"}))))
    known, other = (cosigner_key(WITNESS_NAME, one) for one in (WITNESS, Ed25519PrivateKey.generate()))
    held, refused = verify_bundle(file, witnesses=[known]), verify_bundle(file, witnesses=[other])

    assert held.holds
    assert [one.authority for one in held.cosigned] == [WITNESS_NAME]
    assert "no other history of this log" in " ".join(sentences(held, "en"))
    assert "keine andere Geschichte" in " ".join(sentences(held, "de"))
    assert refused.faults == (("data/anchors", f"no cosignature of the witness {WITNESS_NAME}, and one was demanded"),)


def test_the_shell_checks_tokens_with_openssl(stamped: tuple[dict[str, bytes], Authority], tmp_path: Path):
    """At the time in the token, so that a certificate that has run out since does no harm."""
    from guard.verifier import verify

    files, _ = stamped
    for name, body in files.items():
        path = tmp_path / "unpacked" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    script = Path(verify.__file__).with_name("verify.sh")
    said = subprocess.run(["sh", script, tmp_path / "unpacked"], capture_output=True, text=True, check=False)

    assert said.returncode == 0, said.stdout + said.stderr
    assert ": OK\n" in said.stdout


def test_a_token_of_another_head_is_a_fault(stamped: tuple[dict[str, bytes], Authority], tmp_path: Path):
    """Its record names the head that it is over."""
    files, authority = stamped
    name = next(one for one in files if one.endswith(".tsr"))
    reply = authority.reply(time_stamp.request(time_stamp.digest(b"something else"), 7))
    file = tmp_path / "case.asice"
    file.write_bytes(pack(rehash({**files, name: reply})))

    assert any(place == name for place, _ in verify_bundle(file).faults)


def test_a_seal_over_something_else_is_a_fault(files: dict[str, bytes], tmp_path: Path):
    """The manifest lists these files, and the token is over another manifest."""
    authority = Authority()
    file, ca = tmp_path / "case.asice", tmp_path / "ca.pem"
    ca.write_bytes(authority.root.pem)
    for stamped, holds in ((seal_of(files), True), (b"something else", False)):
        token = time_stamp.token_of(authority.reply(time_stamp.request(time_stamp.digest(stamped), 7)))
        file.write_bytes(pack({**files, SEAL: seal_of(files), TOKEN: token}))

        assert verify_bundle(file, authorities=[(ca, ca.read_bytes())]).holds is holds


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path: Path):
    """Not a fault of a bundle."""
    with pytest.raises(UsageError):
        verify_bundle(tmp_path / "nothing.asice")
