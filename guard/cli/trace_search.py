"""What is found out about each found picture?

They are gone through twice: once to list them, so that they can be on record before anything is compared and
a progress bar knows how many there are, and once to compare them. The same bytes are compared once.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.cli.issued_marks import Issued
from guard.cli.terminal import complain, printable, with_progress
from guard.errors import PictureError
from guard.image.originals import Originals
from guard.image.tracer import Agreement, Sighting, Tracer
from guard.store.found_pictures import FoundPicture, find_pictures
from guard.store.found_record import FoundFile

ALIKE: Final = 0.8
"""Agreement from which a picture without a mark is said to show an original."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is said about one found picture. The names are those of `--json`, and `guard trace --help` tells them."""

    file: str
    sha256: str
    """Of the found picture; empty for all pictures together."""
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
    canary: int | None = None
    """Index of the record that names the original as a canary; None where it is none."""


def listed(paths: list[Path], *, source: str, retrieved: str) -> list[FoundFile]:
    """Return what is found in `paths`; `source` and `retrieved` are said of what nothing else is said of.

    Raises:
        UsageError: One of the paths does not exist.
    """
    return [
        FoundFile(
            file=printable(one.name),
            sha256=sha256(one.data).hexdigest(),
            size=len(one.data),
            url=printable(one.url),
            source=printable(one.source) or source,
            retrieved=printable(one.retrieved) or retrieved,
        )
        for one in with_progress(find_pictures(paths, complain), "reading")
    ]


class Search:
    """Compares what was listed with the originals."""

    def __init__(self, files: Sequence[FoundFile], given: Issued, originals: Originals) -> None:
        self.files = files
        self.tracer = Tracer(originals, given.keys, given.ids, given.visible_marks)
        self.sightings: dict[str, Sighting | None] = {}
        """By SHA-256; None where it shows none of the originals. What can not be read is not in it."""
        self.whole: Agreement | None = None
        """How the ids agree with all pictures at once; None where fewer than two say anything."""
        self._given = given

    def run(self, paths: list[Path], likely: Callable[[FoundPicture, Sighting], None]) -> None:
        """Compare every picture, and hand those that will probably be identified to `likely`."""
        known = {one.sha256 for one in self.files}
        # What can not be read was told when they were listed.
        for picture in with_progress(find_pictures(paths, lambda _: None), "comparing", len(self.files)):
            digest = sha256(picture.data).hexdigest()
            if digest not in known:
                complain(f"{picture.name}: changed during the search, and left out")
                continue
            if digest in self.sightings:
                continue
            try:
                seen = self.tracer.look(picture.data)
            except PictureError as error:
                complain(f"{picture.name}: {error}")
                continue
            self.sightings[digest] = seen
            # The threshold can only rise: what is under it now will not be identified.
            if seen is not None and seen.agreement.z >= self.tracer.threshold():
                likely(picture, seen)
        self.whole = self.tracer.together()

    def results(self) -> list[Result]:
        """Return what is said about each picture that can be read; the threshold counts every pair that was tried."""
        limit = self.tracer.threshold()
        results = []
        for one in self.files:
            if one.sha256 not in self.sightings:
                continue
            seen = self.sightings[one.sha256]
            shown = seen is not None and (seen.agreement.z >= limit or seen.likeness >= ALIKE)
            results.append(self._result(one.file, one.sha256, seen, seen.agreement if seen else None, shown=shown))
        return results

    def together(self) -> Result | None:
        """Return which id all pictures together point to; None where fewer than two say anything."""
        if self.whole is None:
            return None
        return self._result(f"{self.tracer.pictures} pictures together", "", None, self.whole, shown=False)

    def _result(
        self, file: str, digest: str, seen: Sighting | None, agreement: Agreement | None, *, shown: bool
    ) -> Result:
        limit, z = self.tracer.threshold(), agreement.z if agreement else 0.0
        mark_id = self._given.ids[agreement.winner] if agreement and z >= limit else None
        issue = self._given.log.get(mark_id) if mark_id else None
        shared = self._given.shared.get(mark_id, []) if mark_id else []
        canary = self._given.canaries.get(seen.rendition.hex()) if seen is not None else None
        if seen is not None:
            shared = [one for one in shared if one.sha256 == seen.rendition.hex()]
        return Result(
            file=file,
            sha256=digest,
            original=printable(seen.original) if seen and shown else None,
            mark_id=mark_id.hex() if mark_id else None,
            z=round(z, 2),
            threshold=round(limit, 2),
            identified=mark_id is not None,
            bound=self.tracer.bound(z),
            records=issue.records if issue else [],
            shared=[one.value() for one in shared],
            canary=canary.record if canary is not None and shown else None,
        )
