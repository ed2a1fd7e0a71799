"""Does a copy that somebody took still name its download after it was cropped and shrunk?

One of the pictures that the downloader kept is cropped to its square, shrunk, and encoded
anew, as the makers of data sets do. `guard trace` is then asked as its owner would ask it.
What it answers is held against the evidence record of that very download, which is found by
another way: by the time in the access log and the digest of the original.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from PIL import Image

from guard.demo.clients import kept_file
from guard.demo.log import LogLine
from guard.demo.processes import run
from guard.demo.scene import TAKEN, Visit
from guard.errors import GuardError, LeafError

FOUND: Final = "found.jpg"
"""The found copy, in the folder of the demo."""

SIDE: Final = 256
QUALITY: Final = 75
"""As pictures come in data sets for training."""

WITHIN: Final = 120.0
"""Seconds for the search: eight of CPU time, and 28 were measured on two cores with seven programs at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The evidence record of one delivered copy."""

    index: int
    mark_id: str
    others: tuple[int, ...] = ()
    """Records of further requests that got the very same copy: same mark id, same original."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """What became of the found copy. Without the extra `trace`, nothing but who took which picture."""

    visit: Visit
    download: LogLine
    missing: bool = False
    """`guard trace` can not run here."""
    original: str = ""
    """Path of the original at the site that the found copy was traced to; empty if to none."""
    mark_id: str = ""
    z: float = 0.0
    threshold: float = 0.0
    bound: float = 1.0
    """How likely it is, at most, that anything reaches this z by coincidence."""
    record: int | None = None
    """Index of the download's evidence record, if the trace leads to it."""
    others: tuple[int, ...] = ()
    """Records of other requests that got the same copy."""
    faults: tuple[str, ...] = ()


async def trace_back(directory: Path, visits: Sequence[Visit]) -> Traced | None:
    """Trace one copy of what was kept in `directory`; None where no marked copy was kept."""
    kept = [
        (visit, line)
        for visit in visits
        for line in visit.copies
        if line.kind == "original" and kept_file(str(directory / TAKEN), line.path).is_file()
    ]
    if not kept:
        return None
    # One from the middle: the first ones are special to every client.
    visit, line = kept[len(kept) // 2]
    if find_spec("cv2") is None:
        return Traced(visit=visit, download=line, missing=True)
    found = directory / FOUND
    await asyncio.to_thread(spoil, kept_file(str(directory / TAKEN), line.path), found)
    try:
        value = await _ask(directory, found)
        true = await asyncio.to_thread(delivery, directory, line)
    except (GuardError, ValueError) as error:
        return Traced(visit=visit, download=line, faults=(f"the found copy could not be traced: {error}",))
    return judge(visit, line, value["results"][0], true, directory / "gallery")


def spoil(taken: Path, found: Path) -> None:
    """Crop to the square in the middle, shrink, and encode anew."""
    with Image.open(taken) as picture:
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        square = picture.convert("RGB").crop((left, top, left + side, top + side))
    square.resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(found, "JPEG", quality=QUALITY)


async def _ask(directory: Path, found: Path) -> dict[str, Any]:
    output = await run(
        "guard trace",
        *("-m", "guard", "trace", str(found), "--originals", str(directory / "gallery")),
        *("--evidence", str(directory / "evidence"), "--json"),
        given=b"",
        within=WITHIN,
        # A copy that leads nowhere is an answer as well.
        answers=(0, 1),
    )
    value: dict[str, Any] = json.loads(output)
    return value


def delivery(directory: Path, line: LogLine) -> Delivery | None:
    """Return the record of the download that `line` of the access log tells of."""
    from guard.evidence import record
    from guard.evidence.record import RecordKind
    from guard.store.log_files import open_folder
    from guard.store.record_finder import leaves

    since = datetime.fromisoformat(line.at) - datetime.fromisoformat("1970-01-01T00:00:00Z")
    at = since // timedelta(microseconds=1)
    digest = sha256((directory / "gallery" / line.path.lstrip("/")).read_bytes()).hexdigest()
    marks: dict[int, str] = {}
    true = None
    for index, leaf in leaves(open_folder(directory / "evidence")):
        try:
            one = record.read(leaf)
        except LeafError:
            continue
        if one.kind is RecordKind.REQUEST and one.fields.get("mark") and one.fields.get("original") == digest:
            marks[index] = one.fields["mark"]
            true = index if one.at == at else true
    if true is None:
        return None
    others = tuple(index for index, mark in marks.items() if mark == marks[true] and index != true)
    return Delivery(index=true, mark_id=marks[true], others=others)


def judge(visit: Visit, line: LogLine, result: dict[str, Any], true: Delivery | None, gallery: Path) -> Traced:
    """Hold what `guard trace --json` says of the found copy against the record of the download."""
    original = ""
    if result["original"]:
        original = f"/{Path(result['original']).relative_to(gallery).as_posix()}"
    faults = []
    if not result["identified"]:
        faults.append(f"the found copy was not identified: z {result['z']}, needed {result['threshold']}")
    elif true is None:
        faults.append(f"no evidence record of the download of {line.path} at {line.at}")
    elif result["mark_id"] != true.mark_id or true.index not in result["records"]:
        faults.append(
            f"the found copy leads to mark id {result['mark_id']}, but record {true.index} says {true.mark_id}"
        )
    if result["identified"] and original != line.path:
        faults.append(f"the found copy was taken for {original or 'no original'}, but is of {line.path}")
    return Traced(
        visit=visit,
        download=line,
        original=original,
        mark_id=result["mark_id"] or "",
        z=result["z"],
        threshold=result["threshold"],
        bound=result["bound"],
        record=true.index if true and not faults else None,
        others=true.others if true and not faults else (),
        faults=tuple(faults),
    )
