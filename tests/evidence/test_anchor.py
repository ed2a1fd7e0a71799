"""What an `anc` record says is what is read back from it."""

from hashlib import sha256

from guard.evidence import record
from guard.evidence.anchor import Anchor, AnchorKind, anchor_record, read_anchor

AT = 1_767_225_600_000_000
ANCHOR = Anchor(
    kind=AnchorKind.TIME_STAMP,
    size=42,
    root="01" * 32,
    imprint="02" * 32,
    time=AT - 5,
    accuracy=1_000_000,
    authority="https://tsa.example/tsr",
    sha256=sha256(b"token").hexdigest(),
    qualified=True,
    index=43,
)


def test_an_anchor_survives_its_record():
    """There and back, with the record's own place in the log."""
    leaf = anchor_record(ANCHOR, at=AT)

    assert read_anchor(record.read(leaf), 43) == ANCHOR


def test_a_name_with_odd_characters_survives_too():
    """The name of a witness is chosen by somebody else."""
    odd = Anchor(**{**{name: getattr(ANCHOR, name) for name in ANCHOR.__slots__}, "authority": "w\\itness\udcff"})

    assert read_anchor(record.read(anchor_record(odd, at=AT)), 43) == odd


def test_a_kind_of_a_later_version_is_no_anchor_here():
    """The log stays readable; what is not understood vouches for nothing."""
    leaf = anchor_record(ANCHOR, at=AT).replace(b'"anchor":"time_stamp"', b'"anchor":"sundial"')

    assert read_anchor(record.read(leaf), 43) is None


def test_a_file_is_called_after_its_hash():
    """So the record names it, and nothing else can."""
    assert ANCHOR.path == f"anchors/{ANCHOR.sha256}.tsr"
