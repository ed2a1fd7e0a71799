"""What was written across marked copies, now and before?

A copy that was found is held against what the guard had drawn on, which the owner may have changed
since. So each visible mark that copies got stays in a file of its own beside the mark keys.
"""

import json
import os
from pathlib import Path

from guard.errors import EvidenceError, PictureError
from guard.image.visible_mark import VisibleMark, of_fields
from guard.store.ownership import give, make, owner_of

FOLDER = "visible"
"""In the folder of mark keys."""


def remember(marks: Path, mark: VisibleMark) -> None:
    """Keep what copies get from now on; `marks` is the folder of mark keys.

    Raises:
        EvidenceError: It can not be written.
    """
    folder = marks / FOLDER
    file = folder / f"{mark.digest}.json"
    if file.exists():
        return
    temporary = folder / f".{mark.digest}.{os.getpid()}"
    try:
        make(folder)
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(mark.fields(), ensure_ascii=False), "utf-8")
        give(temporary, owner_of(folder))
        temporary.replace(file)
    except OSError as error:
        raise EvidenceError(f"{file} can not be written: {(error.strerror or str(error)).lower()}") from error


def load(marks: Path) -> tuple[VisibleMark, ...]:
    """Return what copies got, as far as anybody remembers; `marks` is the folder of mark keys.

    Raises:
        EvidenceError: A file can not be read.
    """
    found = []
    for file in sorted((marks / FOLDER).glob("*.json")):
        try:
            found.append(of_fields(json.loads(file.read_text("utf-8"))))
        except (OSError, ValueError, PictureError):
            raise EvidenceError(f"{file} can not be read; put it back from a copy, or take it away") from None
    return tuple(found)
