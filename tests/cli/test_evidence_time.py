"""Is it said in words, in both languages, what others vouch for, and by what they are believed?"""

import shutil

import pytest
from typer.testing import CliRunner

from guard.cli.evidence import app
from guard.errors import UsageError
from guard.evidence.cosignature import cosigner_key
from tests.support.anchors import WITNESS, WITNESS_NAME, cosigned, put_on_record, stamp
from tests.support.authority import Authority
from tests.support.evidence import fill, open_log

GOOD = Authority(name="Good")


@pytest.fixture
def root(tmp_path):
    grow(tmp_path / "e")
    return tmp_path / "e"


def grow(root):
    log = open_log(root)
    fill(log, 2)
    log.close()


def verify(*arguments):
    done = CliRunner().invoke(app, ["verify", *map(str, arguments)])
    return done, " ".join(done.output.split())


def test_a_log_without_outside_time_is_told_to_be_one(root):
    """That is no fault, and a reader must know it."""
    done, said = verify(root)

    assert done.exit_code == 0
    assert "no authority outside has put its time to this log" in said


def test_the_bracket_is_told(root):
    """Up to where, the widest, from where on, and since when nobody vouches."""
    stamp(root, GOOD)
    grow(root)
    stamp(root, GOOD)
    grow(root)
    _, said = verify(root)

    assert "existed at 20" in said
    assert "(± 1 s)" in said
    assert "the widest bracket is " in said
    assert "no token is on record: those records may be older than they say" in said
    assert "unanchored since 20" in said
    assert "2 tokens of https://tsa.example" in said


def test_it_is_told_that_keys_and_certificates_lay_with_the_log(root, tmp_path):
    """Who wrote the log chose them; a reader with copies of his own gives those."""
    stamp(root, GOOD)
    put_on_record(root, cosigned(root / "log"))
    _, said = verify(root)
    (tmp_path / "ca.pem").write_bytes(GOOD.root.pem)
    _, own = verify(root, "--tsa-ca", tmp_path / "ca.pem")

    assert "compare them with what the authority publishes" in said
    assert "compare it with the one that the witness gives" in said
    assert "CN=Good Root, as you gave it" in own


def test_it_is_told_in_german_too(root):
    """Every sentence of it."""
    stamp(root, GOOD)
    put_on_record(root, cosigned(root / "log"))
    grow(root)
    done, said = verify(root, "--lang", "de")

    assert done.exit_code == 0
    assert "Der Gegenzeichner witness.example/1 sah keine andere Geschichte" in said
    assert "ohne Zeitstempel" in said
    assert not [word for word in ("witness ", "token", "unanchored", "compare") if word in said.replace("witness.", "")]


def test_a_head_from_elsewhere_is_held_against_the_log(root, tmp_path):
    """A log that was longer once."""
    shutil.copytree(root, tmp_path / "before")
    grow(root)
    shutil.copy(root / "log/checkpoint", tmp_path / "seen")

    assert verify(root, "--head", tmp_path / "seen")[0].exit_code == 0
    done, said = verify(tmp_path / "before", "--head", tmp_path / "seen")
    assert done.exit_code == 1
    assert "the log does not have that many any more" in said


def test_files_that_are_none_are_told(root, tmp_path):
    """Instead of being ignored."""
    (tmp_path / "ca.pem").write_bytes(b"hello")

    assert isinstance(verify(root, "--tsa-ca", tmp_path / "ca.pem")[0].exception, UsageError)
    assert isinstance(verify(root, "--tsa-ca", tmp_path / "none")[0].exception, UsageError)
    assert isinstance(verify(root, "--head", tmp_path / "none")[0].exception, UsageError)


def test_a_witness_can_be_demanded(root):
    """Its key is the reader's own: then nothing has to be compared; in both languages, and a wrong key is told."""
    key = str(cosigner_key(WITNESS_NAME, WITNESS))
    missing, told = verify(root, "--witness", key, "--lang", "de")
    put_on_record(root, cosigned(root / "log"))
    done, said = verify(root, "--witness", key)

    assert missing.exit_code == 1
    assert "keine Gegenzeichnung des Gegenzeichners witness.example/1" in told
    assert done.exit_code == 0
    assert "by its key as you gave it" in said
    with pytest.raises(UsageError, match="--witness: not the Ed25519 key of a witness"):
        CliRunner().invoke(app, ["verify", str(root), "--witness", "x"], catch_exceptions=False)
