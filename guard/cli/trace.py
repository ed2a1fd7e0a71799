"""Whom were the copies issued to that were found somewhere?"""

import sys
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np
import orjson
import typer
from numpy.typing import NDArray

from guard.cli.mark_files import read_key, read_mark_ids
from guard.cli.trace_words import Language, sentences
from guard.errors import PictureError, UsageError
from guard.image.archive import Archive
from guard.image.luma import luma_of
from guard.image.registration import Found
from guard.image.trace import bound, threshold, together
from guard.store.found_pictures import FoundPicture, find_pictures
from guard.store.mark_keys import folder_in, load
from guard.store.marked_records import Issue, issued
from guard.store.shared_copies import SharedCopy
from guard.store.shared_copies import read as read_register

EXIT_FOUND = 0
EXIT_NONE = 1
ALIKE = 0.8
"""Agreement from which a picture without a mark is said to show an original."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is said about one found picture. The names are those of `--json`."""

    file: str
    original: str | None
    """None where it shows none of the originals."""
    mark_id: str | None
    """None where it is not identified."""
    z: float
    threshold: float
    identified: bool
    bound: float
    """The chance, at most, that any of the ids that were not issued for it reaches z by coincidence."""
    records: list[int] = field(default_factory=list)
    """Indexes of the requests that were answered with a copy under this id; empty without an evidence log."""
    shared: list[dict[str, str]] = field(default_factory=list)
    """Lines of the register of shared copies under this id, of this original where one is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """What was issued, and with which keys."""

    keys: tuple[bytes, ...] = field(repr=False)
    ids: list[bytes]
    log: dict[bytes, Issue] = field(default_factory=dict)
    """What the evidence log says about each id."""
    shared: dict[bytes, list[SharedCopy]] = field(default_factory=dict)
    """What `guard share` gave away under each id."""


def issued_from(evidence: Path | None, mark_ids: Path | None, key_file: Path | None) -> Issued:
    """Return what was issued, from the guard's evidence or from two files.

    Raises:
        UsageError: Neither is named, or a file is wrong.
        GuardError: The evidence can not be read.
    """
    if evidence is not None:
        if mark_ids or key_file:
            raise UsageError("the evidence names ids and keys; leave out --mark-ids and --key-file")
        return _issued_by(evidence)
    if mark_ids is None or key_file is None:
        raise UsageError("say what was issued: --evidence DIR, or --mark-ids FILE and --key-file KEY")
    ids = read_mark_ids(mark_ids)
    if not ids:
        raise UsageError(f"{mark_ids} names no mark id")
    return Issued(keys=(read_key(key_file),), ids=ids)


def _issued_by(evidence: Path) -> Issued:
    """Return what the guard with this evidence issued, and what was shared beside it."""
    marks = folder_in(evidence)
    register = read_register(marks)
    if register.fault:
        _complain(register.fault)
    shared: dict[bytes, list[SharedCopy]] = {}
    for one in register.copies:
        shared.setdefault(one.mark_id, []).append(one)
    try:
        log = issued(evidence)
    except UsageError:
        # Pictures can be shared before a guard has ever run here.
        if not shared:
            raise
        log = {}
    if not log and not shared:
        raise UsageError(f"no marked copy was issued, as {evidence} says")
    return Issued(keys=load(marks).keys, ids=list(dict.fromkeys((*log, *shared))), log=log, shared=shared)


@dataclass(slots=True)
class _Reading:
    file: str
    original: str | None = None
    scores: NDArray[np.float64] | None = None
    weight: float = 0.0
    likeness: float = 0.0
    pairs: int = 0


class Tracer:
    """Holds found pictures against the originals and the ids that were issued."""

    def __init__(self, archives: list[Archive], given: Issued) -> None:
        """Take one archive for each key."""
        self._archives = archives
        self._given = given
        self._ids = given.ids
        self._readings: list[_Reading] = []

    def look(self, picture: FoundPicture) -> None:
        """Take in one found picture.

        Raises:
            PictureError: It can not be read.
        """
        found = Found(luma_of(picture.data))
        reading = _Reading(file=picture.name)
        best = 0.0
        candidates = [one for archive in self._archives for one in archive.candidates(found)]
        for name, original in candidates:
            said = original.read(found)
            if said is None:
                continue
            reading.pairs += 1
            # Which original it is is decided by how much its chips say, before any id is tried.
            if said.energy > best:
                best = said.energy
                reading.original, reading.weight, reading.likeness = name, best**0.5, said.likeness
                reading.scores = original.scores(said.chips, self._ids)
        self._readings.append(reading)

    def results(self) -> list[Result]:
        """Return what is said about each picture; the threshold counts every pair that was tried."""
        pairs = max(1, sum(one.pairs for one in self._readings))
        limit = threshold(len(self._ids), pairs)
        results = []
        for one in self._readings:
            if one.scores is None:
                results.append(
                    Result(
                        file=one.file, original=None, mark_id=None, z=0.0, threshold=limit, identified=False, bound=1.0
                    )
                )
                continue
            winner = int(one.scores.argmax())
            z = float(one.scores[winner])
            shown = z >= limit or one.likeness >= ALIKE
            results.append(self._result(one.file, one.original if shown else None, winner, z, pairs))
        return results

    def together(self) -> Result | None:
        """Return which id all pictures together point to; None where fewer than two say anything."""
        told = [(one.scores, one.weight) for one in self._readings if one.scores is not None]
        if len(told) < 2:
            return None
        totals = np.array(
            [together([(float(z[index]), weight) for z, weight in told]) for index in range(len(self._ids))]
        )
        winner, pairs = int(totals.argmax()), sum(one.pairs for one in self._readings) + 1
        z = float(totals[winner])
        return self._result(f"{len(told)} pictures together", None, winner, z, pairs)

    def _result(self, file: str, original: str | None, winner: int, z: float, pairs: int) -> Result:
        limit = threshold(len(self._ids), pairs)
        mark_id = self._ids[winner]
        issue = self._given.log.get(mark_id) if z >= limit else None
        shared = self._given.shared.get(mark_id, []) if z >= limit else []
        if original is not None and shared:
            digest = sha256(Path(original).read_bytes()).hexdigest()
            shared = [one for one in shared if one.sha256 == digest]
        return Result(
            file=file,
            original=original,
            mark_id=mark_id.hex() if z >= limit else None,
            z=round(z, 2),
            threshold=round(limit, 2),
            identified=z >= limit,
            bound=bound(z, len(self._ids), pairs),
            records=issue.records if issue else [],
            shared=[one.value() for one in shared],
        )


def trace(found: list[Path], *, originals: Path, given: Issued, lang: Language, as_json: bool) -> int:
    """Trace found pictures, print what was found, and return the exit status.

    Raises:
        UsageError: A file or folder is wrong.
    """
    archives = _archives(originals, given.keys)
    tracer = Tracer(archives, given)
    for picture in find_pictures(found, _complain):
        try:
            tracer.look(picture)
        except PictureError as error:
            _complain(f"{picture.name}: {error}")
    results = tracer.results()
    whole = tracer.together()
    if as_json:
        value = {"results": results, "together": whole, "mark_ids": len(given.ids), "originals": len(archives[0])}
        typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_DATACLASS))
    else:
        counts = {"ids": len(given.ids), "originals": len(archives[0])}
        typer.echo(sentences(results, whole, given.log, given.shared, **counts, lang=lang))
    return EXIT_FOUND if any(one.identified for one in (*results, *([whole] if whole else []))) else EXIT_NONE


def _archives(folder: Path, keys: tuple[bytes, ...]) -> list[Archive]:
    """Return the originals, once for each key that may have marked them."""
    if not folder.exists():
        raise UsageError(f"--originals: {folder} does not exist")
    archives = [Archive(key) for key in keys]
    for picture in find_pictures([folder], _complain):
        path = Path(picture.name)
        try:
            for archive in archives:
                archive.add(picture.name, picture.data, path.read_bytes)
        except PictureError as error:
            _complain(f"{picture.name}: {error}")
    if not len(archives[0]):
        raise UsageError(f"--originals: there is no picture in {folder}")
    return archives


def _complain(sentence: str) -> None:
    print(f"guard: {sentence}", file=sys.stderr)  # noqa: T201
