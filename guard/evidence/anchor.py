"""Who outside vouched for a head of this log, and at what time?

An authority puts its time over the SHA-256 of a checkpoint (RFC 3161), or a witness signs the
checkpoint with its own time (C2SP tlog-cosignature). What it sent is a file in `log/anchors/`,
and the hash of that file is a record. So the file vouches for every record *before* the
checkpoint, and every record *after* the `anc` record is younger than the file: nobody could
know its bytes earlier.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from guard.evidence.record import Record, RecordKind, leaf
from guard.evidence.text import escape, unescape

FOLDER: Final = "anchors"
"""Of the log's directory; files are called after their SHA-256."""
TRUST: Final = "anchors/trust"
"""Certificates that the owner trusts authorities by, for a later reader."""


class AnchorKind(StrEnum):
    """What an authority or a witness sent."""

    TIME_STAMP = "time_stamp"
    """A reply of RFC 3161 with its token."""
    COSIGNATURE = "cosignature"
    """A checkpoint with the log's signature and one of a witness."""

    @property
    def ending(self) -> str:
        """How its file's name ends."""
        return ".tsr" if self is AnchorKind.TIME_STAMP else ".cosig"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """One head of the log, and one time that somebody else put to it. Whoever makes one has verified it."""

    kind: AnchorKind
    size: int
    """How many records the head covers: those before this index existed at `time`."""
    root: str
    """Of the tree, 64 hexadecimal digits."""
    imprint: str
    """SHA-256 of the checkpoint's bytes, likewise."""
    time: int
    """Microseconds since 1970, as the other one's clock said."""
    accuracy: int
    """Microseconds by which the other one says its clock may be off; 0 where it does not say."""
    authority: str
    """The address that was asked, or the name of the witness's key."""
    sha256: str
    """Of the file."""
    qualified: bool = False
    """By the owner's configuration the authority is a qualified one (Regulation (EU) 910/2014, Art. 42)."""
    index: int | None = None
    """Of the `anc` record; None while there is none, and then it says nothing about records that follow."""

    @property
    def path(self) -> str:
        """Of the file, below the log's directory."""
        return f"{FOLDER}/{self.sha256}{self.kind.ending}"


def anchor_record(anchor: Anchor, *, at: int) -> bytes:
    """Say that somebody else put a time to a head of this log; `at` is when it was received, by our own clock."""
    return leaf(
        RecordKind.ANCHOR,
        at,
        accuracy=anchor.accuracy,
        anchor=anchor.kind,
        authority=escape(anchor.authority),
        imprint=anchor.imprint,
        qualified=anchor.qualified,
        root=anchor.root,
        sha256=anchor.sha256,
        size=anchor.size,
        time=anchor.time,
    )


def read_anchor(one: Record, index: int) -> Anchor | None:
    """Return what the `anc` record at `index` says; None for a kind of anchor that is not known here."""
    fields = one.fields
    if fields["anchor"] not in set(AnchorKind):
        return None
    return Anchor(
        kind=AnchorKind(fields["anchor"]),
        size=fields["size"],
        root=fields["root"],
        imprint=fields["imprint"],
        time=fields["time"],
        accuracy=fields["accuracy"],
        authority=unescape(fields["authority"]),
        sha256=fields["sha256"],
        qualified=fields["qualified"],
        index=index,
    )
