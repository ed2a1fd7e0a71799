"""Does a log that is not the one that was stamped fail, whatever key signed it anew?"""

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from guard.evidence import checkpoint
from guard.evidence.anchor import AnchorKind
from guard.evidence.anchor_check import span
from guard.evidence.cosignature import cosigner_key
from guard.store.log_files import verify_directory
from tests.support.anchors import WITNESS, WITNESS_NAME, believer, cosigned, put_on_record, stamp, token_over
from tests.support.authority import Authority
from tests.support.evidence import AT, fill, open_log

GOOD = Authority(name="Good")


@pytest.fixture
def root(tmp_path) -> Path:
    grow(tmp_path / "e")
    return tmp_path / "e"


def grow(root: Path, requests: int = 2) -> None:
    log = open_log(root)
    fill(log, requests)
    log.close()


def faults(root: Path, *trusted: Authority, heads=()) -> list[str]:
    report = verify_directory(root, believe=believer(*(trusted or (GOOD,))), heads=heads)
    assert report.holds == (not report.faults)
    return [str(one) for one in report.faults]


def notes(root: Path) -> str:
    return "\n".join(verify_directory(root, believe=believer(GOOD)).notes)


def test_a_stamped_log_holds_and_says_by_whom(root):
    """The anchor comes out with its place in the log, as brackets need it."""
    index = stamp(root, GOOD)
    (anchor,) = verify_directory(root, believe=believer(GOOD)).anchors

    assert faults(root) == []
    assert (anchor.index, anchor.size, anchor.authority) == (index, index - 2, "https://tsa.example")


def rewritten(root: Path, keep_anchors: bool = True) -> None:
    """Write another history with the same key: what an operator could do who regrets something."""
    anchors = root / "log" / "anchors"
    shutil.copytree(anchors, root / "kept")
    for name in ("log/seg", "log/tile", "guard", "side"):
        shutil.rmtree(root / name)
    for name in ("log/checkpoint", "log/checkpoints.log"):
        (root / name).unlink()
    log = open_log(root)
    fill(log, 9)
    log.close()
    if keep_anchors:
        shutil.copytree(root / "kept", anchors, dirs_exist_ok=True)


def test_a_history_that_was_rewritten_with_the_real_key_is_caught_by_its_token(root):
    """Fault 17: in itself it is perfect."""
    stamp(root, GOOD)
    rewritten(root)

    (said,) = faults(root)
    assert "vouches for a head that log/checkpoints.log does not have" in said


def test_a_tail_that_was_cut_and_signed_again_is_caught_by_its_token(root, tmp_path):
    """Fault 16: the token over the longer log is still there."""
    shutil.copytree(root, tmp_path / "earlier")
    grow(root)
    stamp(root, GOOD)
    cut = tmp_path / "earlier"
    shutil.copytree(root / "log" / "anchors", cut / "log" / "anchors", dirs_exist_ok=True)

    (said,) = faults(cut)
    assert "records were taken away, or it is of another log" in said


def test_a_head_seen_elsewhere_catches_a_cut_log(root, tmp_path):
    """Fault 16, from outside: all files of the log agree, and yet it was longer once."""
    grow(root)
    head = ("seen.checkpoint", (root / "log" / "checkpoint").read_bytes())
    rewritten(root)
    shutil.rmtree(root / "log" / "anchors")
    log = open_log(tmp_path / "short")
    log.close()
    short = tmp_path / "short"
    assert faults(root) == []

    (said,) = faults(root, heads=[head])
    assert "two histories, and the same key signed both" in said
    assert "no signature of a known key" in faults(short, heads=[head])[0]


def test_a_head_of_a_longer_log_is_missed(root, tmp_path):
    """What came after is gone."""
    shutil.copytree(root, tmp_path / "before")
    grow(root)
    size = checkpoint.unsigned((root / "log" / "checkpoint").read_bytes()).size
    head = ("seen.checkpoint", (root / "log" / "checkpoint").read_bytes())

    assert faults(root, heads=[head]) == []
    assert faults(tmp_path / "before", heads=[head]) == [
        f"seen.checkpoint: is of {size} records, and the log does not have that many any more"
    ]


def test_every_byte_of_a_token_counts(root):
    """Some bits of a token are outside its signature; its name, which is on record, covers them."""
    stamp(root, GOOD)
    (path,) = (root / "log" / "anchors").glob("*.tsr")
    data = path.read_bytes()
    for place in range(0, len(data), 97):
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        assert any("not the bytes that its name is the hash of" in one for one in faults(root)), place


def test_a_token_that_is_gone_is_a_fault(root):
    """A record says that it was there."""
    index = stamp(root, GOOD)
    (path,) = (root / "log" / "anchors").glob("*.tsr")
    path.unlink()

    assert faults(root) == [f"log/seg/000000.seg, record {index}: names log/anchors/{path.name}, which is missing"]


def test_a_token_of_nobody_we_trust_is_a_fault(root):
    """Anybody can run an authority."""
    stamp(root, Authority(name="Bad"))

    (said,) = faults(root)
    assert "'CN=Bad' is no authority that is trusted here" in said


@pytest.mark.parametrize(
    "change",
    [{"time": 5}, {"accuracy": 5}, {"root": "00" * 32}, {"imprint": "00" * 32}, {"size": 1}],
    ids=["time", "accuracy", "root", "imprint", "size"],
)
def test_a_record_that_says_something_else_than_its_token_is_a_fault(root, change):
    """Reports read the record; it must not say more than the token does."""
    anchor = token_over(root / "log", GOOD)
    put_on_record(root, replace(anchor, **change))

    (said,) = faults(root)
    assert f"says something else than log/{anchor.path}" in said


def test_a_record_can_not_vouch_for_more_than_is_there(root):
    """The recorder refuses it at once."""
    anchor = token_over(root / "log", GOOD)

    with pytest.raises(Exception, match="no head of this log has 5000 records yet"):
        put_on_record(root, replace(anchor, size=5000))


def test_a_token_without_a_record_is_noted_and_bounds_from_above(root):
    """The guard may have ended between the two."""
    token_over(root / "log", GOOD)
    (anchor,) = verify_directory(root, believe=believer(GOOD)).anchors

    assert anchor.index is None
    assert "it tells how old records are, not how young" in notes(root)


def test_clocks_that_disagree_are_noted(root):
    """Fault 30: both times are printed; and our own clock is held against theirs."""
    fast = Authority(name="Fast", clock=lambda: datetime.now(UTC) + timedelta(minutes=10))
    anchors = [token_over(root / "log", one, url=one.name) for one in (GOOD, fast)]
    for one in anchors:
        put_on_record(root, one)
    report = verify_directory(root, believe=believer(GOOD, fast))

    assert report.holds
    assert any(
        "disagree about the head of 8 records by 10 min" in one and "the bracket holds both" in one
        for one in report.notes
    )
    assert any("clock was 9 min 59 s slow" in one and "Fast" in one for one in report.notes)


def test_a_clock_of_ours_that_is_wrong_is_noted(root):
    """Fault 29: the order of the records stays, and the bracket is the authority's."""
    put_on_record(root, token_over(root / "log", GOOD), at=AT)

    assert "this machine's clock was 328 d" in notes(root)


def test_without_certificates_that_is_said(root):
    """Nothing is taken for checked that was not."""
    stamp(root, GOOD)
    report = verify_directory(root)

    assert report.holds
    assert "the signatures of time-stamp tokens were not checked" in report.notes


def test_a_cosignature_holds(root):
    """By the key of the witness that lies with the log."""
    index = put_on_record(root, cosigned(root / "log"))
    (anchor,) = verify_directory(root).anchors

    assert faults(root) == []
    assert (anchor.kind, anchor.authority, anchor.index) == (AnchorKind.COSIGNATURE, WITNESS_NAME, index)


def test_a_cosignature_that_is_demanded_must_be_there(root):
    """By the key that the reader has, whatever key lies with the log under that name."""
    put_on_record(root, cosigned(root / "log"))
    other = cosigner_key(WITNESS_NAME, Ed25519PrivateKey.generate())
    known = cosigner_key(WITNESS_NAME, WITNESS)
    signed = verify_directory(root).records
    grow(root)
    held, refused = (verify_directory(root, witnesses=[one]) for one in (known, other))

    assert held.holds
    assert any(f"the witness {WITNESS_NAME} saw the first " in note for note in held.notes)
    assert signed < held.records
    assert [one.reason for one in refused.faults] == [
        f"no cosignature of the witness {WITNESS_NAME}, and one was demanded"
    ]


def test_a_cosignature_on_another_log_is_not_the_one_that_is_demanded(root, tmp_path):
    """It vouches for a head that is not here."""
    grow(tmp_path / "other")
    anchor = cosigned(tmp_path / "other" / "log")
    shutil.copytree(tmp_path / "other" / "log" / "anchors", root / "log" / "anchors", dirs_exist_ok=True)
    report = verify_directory(root, witnesses=[cosigner_key(WITNESS_NAME, WITNESS)])

    assert anchor.size
    assert "log/anchors" in [one.place for one in report.faults]


def test_a_history_rewritten_after_a_witness_saw_it_is_caught(root):
    """The witness's signature is over the old head."""
    put_on_record(root, cosigned(root / "log"))
    rewritten(root)

    assert any("vouches for a head that" in one for one in faults(root))


def test_a_cosignature_of_a_witness_whose_key_is_gone_is_noted(root):
    """It is no contradiction; it proves nothing either."""
    put_on_record(root, cosigned(root / "log"))
    for path in (root / "log" / "anchors" / "trust").glob("*.vkey"):
        path.unlink()

    assert faults(root) == []
    assert "the key of its witness is not in log/anchors/trust" in notes(root)


def test_lengths_of_time_are_told_in_two_units():
    """The larger ones."""
    assert [span(one * 1_000_000) for one in (1, 61, 3660, 90_061)] == ["1 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]
    assert span(20_000) == "0.02 s"
