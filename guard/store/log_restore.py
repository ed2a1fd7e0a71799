"""How does a log come back from an object store?

Into an empty folder: segments, documents, anchors and checkpoints as they were at the newest head that is there, and
tiles made again from the segments. What comes is not believed: `guard evidence verify` of the folder says whether it
is the log. The private key and the values beside the log are not there; with a backup of `keys/` it can go on, without
them it can be read and proved.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from guard.errors import EvidenceError, UsageError
from guard.evidence import segment
from guard.evidence.merkle import leaf_hash
from guard.evidence.tile import TileRows
from guard.store.durable import FOLDER_MODE, replace
from guard.store.log_copies import GROWING, PACKS
from guard.store.log_follower import Place, follow, head
from guard.store.mark_keys import folder_in
from guard.store.object_store import Objects

_CHECKPOINT: Final = "log/checkpoint"
_ATTEMPTS: Final = 20
"""To read a file of which a guard takes away the last piece each time it has copied a longer one."""

_Piece = tuple[int, int, str]
"""Where it begins and ends in the file, and its name in the store."""


def logs(objects: Objects, prefix: str) -> dict[str, int]:
    """Return how many bytes of which logs are in the store, by the folder of each; StoreAwayError."""
    found: dict[str, int] = {}
    for name, size in objects.names(prefix):
        for part in ("/log/", f"/{GROWING}/", f"/{PACKS}/"):
            folder, between, _ = name.partition(part)
            if between:
                found[f"{folder}/"] = found.get(f"{folder}/", 0) + size
                break
    return found


@dataclass(slots=True, kw_only=True)
class Compared:
    """What the store has of a log that is here."""

    same: int = 0
    """Files."""
    bytes: int = 0
    missing: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)


def compare(objects: Objects, folder: str, log: Path) -> Compared:
    """Read everything back that the store has of the `log/` folder, and hold it against that.

    Raises:
        StoreAwayError: The store does not answer.
    """
    names = dict(objects.names(folder))
    found = Compared()
    pieces = dict(_growing(folder, names))
    files = [one for part in ("seg", "blobs", "anchors") for one in sorted((log / part).rglob("*")) if one.is_file()]
    for file in [log / "vkey", log / "checkpoints.log", *files]:
        path = file.relative_to(log).as_posix()
        if not file.is_file() or file.name.startswith("."):
            continue
        data = file.read_bytes()
        there = objects.get(f"{folder}log/{path}") if f"{folder}log/{path}" in names else None
        if there is None and path in pieces:
            # It grows: what is there is its beginning.
            there = _grown(objects, folder, path, pieces[path])
            data = data[: len(there)]
        if there is None:
            found.missing.append(path)
        elif there != data:
            found.other.append(path)
        else:
            found.same += 1
            found.bytes += len(there)
    return found


def restore(objects: Objects, folder: str, target: Path) -> int:
    """Put the log that is under `folder` in the store into `target`, and return how many records it has.

    Raises:
        UsageError: There is something in `target` already.
        EvidenceError: There is no log, or a part of it is missing.
        StoreAwayError: The store does not answer.
    """
    if target.exists() and any(target.iterdir()):
        raise UsageError(f"{target} is not empty; name a folder that is")
    # First: of a log that is written meanwhile, everything under this head is in the names that are read after it.
    note = objects.get(f"{folder}{_CHECKPOINT}")
    names = dict(objects.names(folder))
    if note is None:
        raise EvidenceError(f"there is no log under {folder} in the object store")
    for name in sorted(names):
        path = name.removeprefix(folder)
        if path.startswith("log/") and path != _CHECKPOINT:
            _write(target / path, objects.get(name), name)
        elif path.startswith(f"{PACKS}/"):
            _write(folder_in(target) / path, objects.get(name), name)
    for path, pieces in _growing(folder, names):
        whole = target / "log" / path
        if not whole.exists():
            _write(whole, _grown(objects, folder, path, pieces), path)
    # Last, as it was copied: what stands under it is there.
    _write(target / _CHECKPOINT, note, _CHECKPOINT)
    for empty in ("anchors", "blobs", "tile"):
        (target / "log" / empty).mkdir(mode=FOLDER_MODE, exist_ok=True)
    size = head(target / "log").size
    _cut(target / "log", size)
    _make_tiles(target / "log", size)
    return size


def _growing(folder: str, names: dict[str, int]) -> Iterator[tuple[str, list[_Piece]]]:
    """Yield each file that was copied in pieces, with these: where they begin and end, and their names."""
    found: dict[str, dict[int, tuple[int, str]]] = {}
    for name in names:
        path = name.removeprefix(f"{folder}{GROWING}/")
        file, _, piece = path.rpartition("/")
        begin, _, end = piece.partition("-")
        if path != name and begin.isdigit() and end.isdigit():
            known = found.setdefault(file, {})
            # A shorter copy of the last piece may be left over.
            known[int(begin)] = max(known.get(int(begin), (0, "")), (int(end), name))
    for file, pieces in sorted(found.items()):
        yield file, [(begin, *pieces[begin]) for begin in sorted(pieces)]


def _grown(objects: Objects, folder: str, path: str, pieces: list[_Piece]) -> bytes:
    """Return what `pieces` are together; if a guard has copied more meanwhile, what there is then."""
    for _ in range(_ATTEMPTS):
        try:
            return b"".join(_joined(objects, pieces))
        except EvidenceError:
            found = dict(_growing(folder, dict(objects.names(f"{folder}{GROWING}/{path}/"))))
            sealed = None if path in found else objects.get(f"{folder}log/{path}")
            if sealed is not None:
                return sealed
            if found.get(path, pieces) == pieces:
                raise
            pieces = found[path]
    raise EvidenceError(f"{path} grows faster than it can be read from the object store; try again later")


def _joined(objects: Objects, pieces: list[_Piece]) -> Iterator[bytes]:
    at = 0
    for begin, end, name in pieces:
        data = objects.get(name)
        if begin != at or data is None or len(data) != end - begin:
            raise EvidenceError(f"{name}: a piece is missing in the object store before it, or is not whole")
        yield data
        at = end


def _cut(log: Path, size: int) -> None:
    """Take away what was copied of the last segment after the newest head."""
    place = Place()
    for one in follow(log, place, size):
        place = one.after
    for file in sorted((log / "seg").glob("*.seg")):
        number = segment.number(file.name)
        if number is not None and number > place.segment:
            file.unlink()
        elif number == place.segment:
            replace(file, file.read_bytes()[: place.offset])


def _make_tiles(log: Path, size: int) -> None:
    rows = TileRows()
    for one in follow(log, Place(), size):
        for tile, data in rows.push(leaf_hash(one.leaf)):
            _write(log / tile.path, data, tile.path)
    for tile, data in rows.partial():
        _write(log / tile.path, data, tile.path)


def _write(file: Path, data: bytes | None, name: str) -> None:
    if data is None:
        raise EvidenceError(f"{name} is missing in the object store")
    file.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    replace(file, data)
