"""Whose are the files that a command writes beside the evidence?

They must be the guard's: it runs as a user of its own, and what it can not read stops it. So root
hands over what it makes, and anybody else is told to run the command as that user.
"""

import os
import pwd
from pathlib import Path

from guard.errors import EvidenceError

_EVIDENCE_IS = 2
"""So many levels above the folder of mark keys: what is further up belongs to the machine."""


def owner_of(folder: Path) -> os.stat_result | None:
    """Return the status of `folder`, or of the nearest folder above it inside the evidence; None where none exists."""
    for one in (folder, *folder.parents[:_EVIDENCE_IS]):
        try:
            return one.stat()
        except FileNotFoundError:
            continue
    return None


def make(folder: Path) -> None:
    """Make `folder` and what is missing above it, readable by its owner only, for whoever owns the evidence.

    Raises:
        EvidenceError: The evidence belongs to another user, who could not read what we write.
        OSError: It can not be made.
    """
    above = owner_of(folder)
    if above is not None and os.geteuid() not in (0, above.st_uid):
        name = _name(above.st_uid)
        raise EvidenceError(
            f"{folder} is part of what belongs to the user {name}, whose guard could not read a key of yours; "
            f"run this as {name}, as in 'sudo -u {name} guard …'"
        )
    for one in (*reversed(folder.parents[:_EVIDENCE_IS]), folder):
        if not one.is_dir():
            one.mkdir(mode=0o700, parents=True, exist_ok=True)
            if above is not None:
                give(one, above)


def give(file: Path, owner: os.stat_result | None) -> None:
    """Hand `file`, which we have made, to `owner` if we are root and it is somebody else; OSError if that fails."""
    if owner is not None and os.geteuid() == 0 and owner.st_uid != 0:
        os.chown(file, owner.st_uid, owner.st_gid)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
