"""The register keeps what was issued and revoked, gives nobody the key, and is not believed when it is damaged."""

import os
import stat
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from guard.core.licence_token import open_token
from guard.errors import LicenceError
from guard.store.licences import LicenceBook
from tests.support.licences import licence, no_secret_in
from tests.support.signing import NOW, RSA

IDS = ("7K3QF9X2TM", "0000000001", "0000000002")


@pytest.fixture
def book(tmp_path: Path) -> LicenceBook:
    """A register whose folder is not there yet."""
    return LicenceBook(tmp_path / "evidence" / "guard" / "licences")


def test_a_token_of_the_register_is_trusted(book: LicenceBook):
    """And the register says what it says."""
    token = book.issue(licence())
    trust = book.trust()

    assert trust.public is not None
    assert open_token(token, trust.public) == licence()
    assert (trust.revoked, trust.fault) == (frozenset(), "")
    assert book.licences() == ([licence()], [])


def test_nothing_is_trusted_before_the_first_licence(book: LicenceBook):
    """And looking makes no files."""
    assert book.trust().public is None
    assert book.trust().fault == ""
    assert book.licences() == ([], [])
    assert book.revocations() == {}
    assert not book.folder.exists()


def test_only_the_owner_of_the_files_can_read_them(book: LicenceBook):
    """Files 0600, folders 0700, also those in between, whatever the umask."""
    before = os.umask(0)
    try:
        book.issue(licence())
        book.revoke([licence().id], NOW)
    finally:
        os.umask(before)

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in book.folder.parents[1].rglob("*")}
    assert modes == {
        "guard": 0o700, "licences": 0o700, "issued": 0o700, "7K3QF9X2TM.json": 0o600, "licence.key": 0o600,
        "licence.pub": 0o600, "revoked": 0o600, "lock": 0o600,
    }  # fmt: skip
    assert stat.S_IMODE(book.folder.parents[1].stat().st_mode) == 0o700


def test_the_token_is_kept_nowhere(book: LicenceBook):
    """Neither whole nor its signature."""
    token = book.issue(licence())

    assert no_secret_in(book.folder, token, token.rpartition(".")[2]) == []
    assert no_secret_in(book.folder, "Acme AI") == [str(book.folder / "issued" / "7K3QF9X2TM.json")]


def test_a_revocation_is_seen_and_is_remembered_once(book: LicenceBook):
    """Its time stays the first."""
    for one in IDS:
        book.issue(licence(id=one))
    before = book.changed()

    assert book.revoke([IDS[1], IDS[1]], NOW) == [IDS[1]]
    assert book.revoke([IDS[1]], NOW + timedelta(hours=1)) == []
    assert book.changed() != before
    assert book.trust().revoked == {IDS[1]}
    assert book.revocations() == {IDS[1]: NOW}


def test_revoking_is_all_or_nothing(book: LicenceBook):
    """A wrong id among right ones changes nothing."""
    book.issue(licence())

    with pytest.raises(LicenceError, match="there is no licence 0000000009"):
        book.revoke([licence().id, "0000000009"], NOW)
    assert book.trust().revoked == frozenset()


def test_revocations_of_what_has_ended_are_dropped(book: LicenceBook):
    """The list stays as short as the licences that could still open something."""
    for one in IDS:
        book.issue(licence(id=one))
    book.revoke([IDS[0]], NOW)

    book.revoke([IDS[1]], NOW + timedelta(days=2))
    assert set(book.revocations()) == {IDS[1]}


def test_many_commands_at_once_lose_nothing(book: LicenceBook):
    """One key, every licence, every revocation."""
    ids = [f"{number:010}" for number in range(12)]

    def work(one: str) -> None:
        own = LicenceBook(book.folder)
        own.issue(licence(id=one))
        own.revoke([one], NOW)

    threads = [threading.Thread(target=work, args=(one,)) for one in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {one.id for one in book.licences()[0]} == set(ids)
    assert book.trust().revoked == set(ids)


def test_an_id_is_given_once(book: LicenceBook):
    """Else a revocation would hit another."""
    book.issue(licence())

    with pytest.raises(LicenceError, match="exists already"):
        book.issue(licence(licensee="Eve"))


STRANGER = Ed25519PrivateKey.from_private_bytes(bytes(32))
DAMAGE = {
    "the revocations are gone": ("revoked", None, "no such file"),
    "the revocations are a word": ("revoked", b"hello\n", "not an id and a time"),
    "a revocation has no time": ("revoked", b"7K3QF9X2TM\n", "not an id and a time"),
    "a revocation has a time that is none": ("revoked", b"7K3QF9X2TM 2026-13-40T99:00:00Z\n", "not a time"),
    "the revocations are not text": ("revoked", b"\xff\xfe\x00\n", "not an id and a time"),
    "the revocations are far too many": ("revoked", b"7K3QF9X2TM 2026-11-24T00:00:00Z\n" * 140_000, "more than"),
    "the public key is gone": ("licence.pub", None, "no such file"),
    "the public key is empty": ("licence.pub", b"", "not a public key"),
    "the public key is garbage": ("licence.pub", b"-----BEGIN PUBLIC KEY-----\nAAAA\n", "not a public key"),
    "the public key is of another kind": (
        "licence.pub", RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), "not an Ed25519"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data", "said"), DAMAGE.values(), ids=DAMAGE.keys())
def test_damaged_files_are_trusted_by_nobody(book: LicenceBook, name: str, data: bytes | None, said: str):
    """Else deleting a file would bring every revoked licence back; the fault names the file."""
    book.issue(licence())
    if data is None:
        (book.folder / name).unlink()
    else:
        (book.folder / name).write_bytes(data)

    trust = book.trust()
    assert trust.public is None
    assert said in trust.fault
    assert str(book.folder / name) in trust.fault


KEYS = {
    "missing": (None, "missing, and licences were issued with it"),
    "empty": (b"", "not a private key"),
    "of another kind": (
        RSA.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "not an Ed25519 key"
    ),
    "another one": (
        STRANGER.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "does not belong"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "said"), KEYS.values(), ids=KEYS.keys())
def test_a_wrong_key_issues_nothing(book: LicenceBook, data: bytes | None, said: str):
    """A token that no guard accepts would be sold."""
    book.issue(licence())
    key = book.folder / "licence.key"
    if data is None:
        key.unlink()
    else:
        key.write_bytes(data)

    with pytest.raises(LicenceError, match=said):
        book.issue(licence(id=IDS[1]))
    assert [one.id for one in book.licences()[0]] == [IDS[0]]


def test_a_file_of_the_register_that_can_not_be_read_is_named(book: LicenceBook):
    """The others are listed."""
    book.issue(licence())
    (book.folder / "issued" / "0000000001.json").write_text("{}")
    (book.folder / "issued" / "0000000002.json").write_bytes((book.folder / "issued" / "7K3QF9X2TM.json").read_bytes())

    found, faults = book.licences()
    assert [one.id for one in found] == [IDS[0]]
    assert [fault.rpartition("/")[2].partition(":")[0] for fault in faults] == ["0000000001.json", "0000000002.json"]


def test_a_folder_that_can_not_be_written_is_said_so(tmp_path: Path):
    """With its name."""
    (tmp_path / "file").write_text("")

    with pytest.raises(LicenceError, match=r"file.*not a directory|file.*file exists"):
        LicenceBook(tmp_path / "file" / "licences").issue(licence())
