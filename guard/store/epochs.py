"""What becomes of a log that can not go on, and how does the next one say so?

A log that was restored from an older backup, cut back or changed contradicts what was signed:
nothing may be written to it any more, or two histories under one name would be about. It is
put away as it is, records and values, under `epochs/`, and a new log begins under a new name. The
first thing that the new log says is where the old one ended and why.
"""

import os
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import orjson

from guard.errors import LogDamagedError
from guard.evidence.checkpoint import Checkpoint, CheckpointError, parse_verifier_key, verify
from guard.store.durable import make_folder, replace, sync_folder
from guard.store.head_guard import Head

FOLDER: Final = "epochs"
_FILE: Final = "ended.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A log that ended before this one."""

    origin: str
    size: int
    """Records of the newest head that was ever seen of it, here or by the head guard; 0 if none was."""
    root: str
    """Of that head, in hex; empty likewise."""
    why: str
    place: str
    """The folder in which it lies, within the evidence directory."""
    number: int
    """How many came before it."""

    def __str__(self) -> str:
        return (
            f"this log could not go on: {self.why}. It was put away as it is, in {self.place}, and a new log has begun "
            f"under a new name, whose first record says so (the newest known head of the old one covers {self.size} "
            "records)"
        )


def put_away(root: Path, heads: "list[Head | Checkpoint]", origin: str, why: str) -> Ended:
    """Put the log in `root` away; `heads` are those that are known beside its own checkpoint.

    Raises:
        OSError: It can not be moved.
    """
    folder = root / FOLDER
    make_folder(folder)
    target = folder / (origin.rpartition("/")[2] or "unnamed")
    make_folder(target)
    newest = max((one for one in (*heads, _published(root / "log")) if one is not None), key=lambda one: one.size,
                 default=None)  # fmt: skip
    ended = Ended(
        origin=origin,
        size=newest.size if newest else 0,
        root=newest.root.hex() if newest else "",
        why=why,
        place=f"{FOLDER}/{target.name}",
        number=sum(1 for one in folder.iterdir() if one != target),
    )
    replace(target / _FILE, orjson.dumps(asdict(ended), option=orjson.OPT_INDENT_2))
    # The values first: a new log would take those that are left for remains of records that were never written.
    for name in ("side", "log"):
        if (root / name).exists() and not (target / name).exists():
            (root / name).rename(target / name)
    sync_folder(target)
    sync_folder(root)
    return ended


def latest(root: Path) -> Ended | None:
    """Return what was put away last; None if nothing was.

    Raises:
        LogDamagedError: What it says of itself can not be read.
    """
    found = []
    for file in (root / FOLDER).glob(f"*/{_FILE}"):
        try:
            found.append(Ended(**orjson.loads(file.read_bytes())))
        except (TypeError, ValueError, OSError) as error:
            raise LogDamagedError(str(file), f"can not be read: {error}") from None
    return max(found, key=lambda one: one.number, default=None)


def _published(log: Path) -> Checkpoint | None:
    with suppress(OSError, UnicodeDecodeError, CheckpointError):
        key = parse_verifier_key((log / "vkey").read_text().strip())
        return verify((log / "checkpoint").read_bytes(), (key,))
    return None


def head_guard_folder(root: Path, given: Path | None) -> Path:
    """Return where the newest head of the log in `root` is remembered, and note it down for commands.

    Raises:
        LogDamagedError: The folder that was given once is not there.
    """
    own = root / "guard"
    make_folder(own)
    pointer = own / "head-guard"
    if given is not None and given != own:
        make_folder(given)
        if not pointer.exists() or pointer.read_bytes() != os.fsencode(given):
            replace(pointer, os.fsencode(given))
        return given
    if given is None and pointer.exists():
        folder = Path(os.fsdecode(pointer.read_bytes()))
        if not folder.is_dir():
            raise LogDamagedError(
                str(folder), f"is not there: it remembers the newest head of the log (evidence.head_guard); mount "
                f"it, or delete {pointer} if it is gone for good"
            )  # fmt: skip
        return folder
    return own
