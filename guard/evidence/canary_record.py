"""What does a record say about a canary picture?

A canary is a real work that no page shows to people: its address stands only where programs look, in a directory
that robots.txt disallows. The record is in the log before the first such address is given out. So a copy that turns
up in a collection of pictures was taken from there, or from somebody who took it there; by whom, only the mark in
the copy can say.
"""

from guard.evidence.record import RecordKind, leaf
from guard.evidence.text import escape


def canary(*, at: int, site: str, sha256: str, size: int, media_type: str, name: str, path: str) -> bytes:
    """Say that the picture is offered on `site` from here on only below `path`, where no page shows it to people.

    `sha256` (hex) and `size` (bytes) are those of the owner's file; the copies that are given out carry a mark each,
    and their request records name this digest as `original`. `name` is what the owner calls the file.
    """
    return leaf(
        RecordKind.CANARY, at, bytes=size, media_type=media_type, name=escape(name), path=escape(path),
        sha256=sha256, site=site,
    )  # fmt: skip
