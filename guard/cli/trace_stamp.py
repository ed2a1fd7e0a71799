"""Has somebody else confirmed when what was found was on record, before anybody asked whose copy it is?

The token lies beside the record and is kept with it: one that is good is never asked for anew,
since its earlier time is the better one.
"""

from collections.abc import Sequence
from pathlib import Path

from guard.cli.evidence_stamp import Stamp, accuracy_of, chosen, stamp_file
from guard.cli.terminal import complain
from guard.errors import GuardError, UsageError
from guard.evidence.anchor_check import when
from guard.evidence.time_stamp import name_of
from guard.exporter import token_trust
from guard.server.stamping import trust_in


def stamp_of(record: Path, urls: Sequence[str], ca: Path | None) -> Stamp | None:
    """Return the time stamp over `record`: the one that is there, else one from the first of `urls` that answers.

    Raises:
        UsageError: What lies there is no good token over the record, and none can take its place.
        GuardError: No authority gave one.
    """
    token = record.with_suffix(".tsr")
    if token.exists():
        return _kept(record, token, ca, wanted=bool(urls))
    if not urls:
        return None
    made = stamp_file(record, chosen(list(urls), ca, None), token)
    complain(f"{made.authority} says that it existed at {made.time}{made.accuracy}; the token is in {token}")
    return made


def _kept(record: Path, token: Path, ca: Path | None, *, wanted: bool) -> Stamp | None:
    try:
        found = token_trust.verify(token.read_bytes(), record.read_bytes(), trust_in(ca))
    except (GuardError, OSError) as error:
        said = f"{token} is no good time stamp over {record.name}: {error}"
        if wanted:
            raise UsageError(f"{said}; move it away, or say by --stamp-ca whom to trust") from None
        complain(f"{said}; the report does not use it")
        return None
    complain(f"the time stamp over it was there already: {token}")
    return Stamp(authority=name_of(found.signer), time=when(found.time), accuracy=accuracy_of(found), token=token)
