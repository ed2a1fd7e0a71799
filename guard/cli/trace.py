"""Whom were the copies issued to that were found somewhere?"""

import sys
from dataclasses import dataclass
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

    def __init__(self, archive: Archive, mark_ids: list[bytes]) -> None:
        self._archive = archive
        self._ids = mark_ids
        self._readings: list[_Reading] = []

    def look(self, picture: FoundPicture) -> None:
        """Take in one found picture.

        Raises:
            PictureError: It can not be read.
        """
        found = Found(luma_of(picture.data))
        reading = _Reading(file=picture.name)
        best = 0.0
        for name, original in self._archive.candidates(found):
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
            results.append(
                Result(
                    file=one.file,
                    original=one.original if shown else None,
                    mark_id=self._ids[winner].hex() if z >= limit else None,
                    z=round(z, 2),
                    threshold=round(limit, 2),
                    identified=z >= limit,
                    bound=bound(z, len(self._ids), pairs),
                )
            )
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
        z, limit = float(totals[winner]), threshold(len(self._ids), pairs)
        return Result(
            file=f"{len(told)} pictures together",
            original=None,
            mark_id=self._ids[winner].hex() if z >= limit else None,
            z=round(z, 2),
            threshold=round(limit, 2),
            identified=z >= limit,
            bound=bound(z, len(self._ids), pairs),
        )


def trace(found: list[Path], *, originals: Path, mark_ids: Path, key_file: Path, lang: Language, as_json: bool) -> int:
    """Trace found pictures, print what was found, and return the exit status.

    Raises:
        UsageError: A file or folder is wrong.
    """
    ids = read_mark_ids(mark_ids)
    if not ids:
        raise UsageError(f"{mark_ids} names no mark id")
    archive = _archive(originals, read_key(key_file))
    tracer = Tracer(archive, ids)
    for picture in find_pictures(found, _complain):
        try:
            tracer.look(picture)
        except PictureError as error:
            _complain(f"{picture.name}: {error}")
    results = tracer.results()
    whole = tracer.together()
    if as_json:
        value = {"results": results, "together": whole, "mark_ids": len(ids), "originals": len(archive)}
        typer.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_DATACLASS))
    else:
        typer.echo(sentences(results, whole, ids=len(ids), originals=len(archive), lang=lang))
    return EXIT_FOUND if any(one.identified for one in (*results, *([whole] if whole else []))) else EXIT_NONE


def _archive(folder: Path, key: bytes) -> Archive:
    if not folder.exists():
        raise UsageError(f"--originals: {folder} does not exist")
    archive = Archive(key)
    for picture in find_pictures([folder], _complain):
        path = Path(picture.name)
        try:
            archive.add(picture.name, picture.data, path.read_bytes)
        except PictureError as error:
            _complain(f"{picture.name}: {error}")
    if not len(archive):
        raise UsageError(f"--originals: there is no picture in {folder}")
    return archive


def _complain(sentence: str) -> None:
    print(f"guard: {sentence}", file=sys.stderr)  # noqa: T201
