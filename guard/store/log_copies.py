"""What of a log is copied to an object store, and when is a copy one?

    <prefix><name of the log>/log/…             what does not change any more, under the names it has on the disk:
                                                sealed segments, documents, anchors, the public key
    …/growing/<file>/<from>-<to>                pieces of what still grows: the last segment, `checkpoints.log`
    …/log/checkpoint                            the newest head of which everything is there
    …/packs/…                                   pictures prepared for marking

A copy counts when it was read back and is the same. The head comes last, so whatever is there is whole up to it. The
local files stay as they are: nothing of this deletes any. Tiles are not copied, they are made again from the segments;
keys and the values beside the log are not either, since an erasure would not reach them there.

What was copied stands in `guard/copies`, a line each. It is a comfort: without it everything is held against the store
once more, and nothing is copied twice.
"""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from guard.evidence import segment
from guard.store.anchor_files import read_checkpoint
from guard.store.log_follower import Place, follow, head
from guard.store.mark_keys import folder_in
from guard.store.object_store import Objects

PIECE: Final = 1 << 20
"""Bytes of a piece that is not replaced by a longer one any more."""
LEDGER: Final = "copies"
"""In the folder `guard` of the evidence."""
GROWING: Final = "growing"
PACKS: Final = "packs"
SETTLED: Final = 60.0
"""Seconds after which a pack is no longer being written."""
_ODD = re.compile(r"[^A-Za-z0-9._/-]")


def folder_of(prefix: str, origin: str) -> str:
    """Return what the names of all copies of a log begin with."""
    return f"{prefix}{_ODD.sub('_', origin)}/"


class LogCopies:
    """Copies one evidence directory. Every method blocks."""

    def __init__(self, objects: Objects, prefix: str, evidence: Path) -> None:
        """Take the store, what all names in it begin with, and the evidence directory."""
        self._objects = objects
        self._prefix = prefix
        self._evidence = evidence
        self._log = evidence / "log"
        self._ledger = evidence / "guard" / LEDGER
        self._done = _read(self._ledger)
        """Size of what was copied, by its name in the store."""
        self._last: dict[str, str] = {}
        """The newest copy of the last piece of each file that grows."""
        self._origin = ""
        self._head = b""
        self._place = Place()
        self.behind = 0
        """Files that do not change any more and are not copied yet."""

    def look(self) -> int:
        """Copy what is new, and return how many objects that were; nothing while nothing is signed.

        Raises:
            StoreAwayError: The store does not answer; what was copied is copied.
            EvidenceError: It has something else, or the log can not be read.
        """
        if not (self._log / "checkpoint").exists():
            return 0
        note = read_checkpoint(self._log)
        newest = head(self._log)
        folder = folder_of(self._prefix, newest.origin)
        if newest.origin != self._origin:  # a log that could not go on was put away, and another has begun
            self._origin, self._place, self._head = newest.origin, Place(), b""
        copied = 0
        fixed = [(name, file) for name, file in self._fixed(folder) if self._done.get(name) != file.stat().st_size]
        self.behind = len(fixed)
        for name, file in fixed:
            self._note(name, self._objects.put(name, file.read_bytes()))
            if file.suffix == ".seg":
                self._clear(f"{folder}{GROWING}/seg/{file.name}/")
            self.behind -= 1
            copied += 1
        copied += self._grow(folder, newest.size)
        if note != self._head:
            self._objects.put(f"{folder}log/checkpoint", note, replace=True)
            self._head = note
            copied += 1
        return copied

    def _fixed(self, folder: str) -> Iterator[tuple[str, Path]]:
        """Yield what does not change any more, by its name in the store."""
        segments = sorted((self._log / "seg").glob("*.seg"))
        files = [*segments[:-1], self._log / "vkey", *sorted((self._log / "blobs").glob("*"))]
        files += [one for one in sorted((self._log / "anchors").rglob("*")) if one.is_file()]
        for file in files:
            if file.is_file() and not file.name.startswith("."):
                yield f"{folder}log/{file.relative_to(self._log).as_posix()}", file
        packs = folder_in(self._evidence) / PACKS
        settled = time.time() - SETTLED
        for file in sorted(packs.glob("*/*.pack")):
            with suppress(OSError):  # it may be gone: it is a cache
                if not file.name.startswith(".") and file.stat().st_mtime < settled:
                    yield f"{folder}{PACKS}/{file.relative_to(packs).as_posix()}", file

    def _grow(self, folder: str, size: int) -> int:
        """Copy what is new of the files that still grow, up to the newest head."""
        for one in follow(self._log, self._place, size):
            self._place = one.after
        last = f"seg/{segment.name(self._place.segment)}"
        copied = 0 if f"{folder}log/{last}" in self._done else self._pieces(folder, last, self._place.offset)
        history = self._log / "checkpoints.log"
        return copied + (self._pieces(folder, history.name, history.stat().st_size) if history.exists() else 0)

    def _pieces(self, folder: str, path: str, length: int) -> int:
        """Copy a growing file up to `length`: whole pieces once, the last one again when it is longer."""
        copied = 0
        base = f"{folder}{GROWING}/{path}/"
        with (self._log / path).open("rb") as file:
            for start in range(0, length, PIECE):
                end = min(start + PIECE, length)
                name = f"{base}{start:012d}-{end:012d}"
                if name in self._done or self._last.get(base) == name:
                    continue
                file.seek(start)
                size = self._objects.put(name, file.read(end - start))
                if size == PIECE:
                    self._note(name, size)
                shorter, self._last[base] = self._last.get(base, ""), name
                if shorter.startswith(f"{base}{start:012d}-"):
                    self._objects.delete(shorter)
                copied += 1
        return copied

    def _clear(self, base: str) -> None:
        """Take away the pieces of a segment that is there as a whole."""
        for name, _ in list(self._objects.names(base)):
            self._objects.delete(name)

    def _note(self, name: str, size: int) -> None:
        self._done[name] = size
        with self._ledger.open("a", encoding="utf-8") as file:
            file.write(f"{size} {name}\n")


def _read(ledger: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    with suppress(OSError, UnicodeDecodeError):
        for line in ledger.read_text("utf-8").splitlines(keepends=True):
            length, _, name = line.partition(" ")
            if length.isdigit() and name.endswith("\n"):
                found[name[:-1]] = int(length)
    return found
