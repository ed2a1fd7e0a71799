"""Which pictures are canaries?

The owner puts real works into a folder. Each is kept once more beside the evidence, under its SHA-256:
what was offered years ago must be there to be compared with what is found, whatever has become of
the folder since.
"""

import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from guard.errors import UsageError
from guard.image.jobs import MAX_BODY
from guard.image.sniff import media_type
from guard.store.durable import replace
from guard.store.ownership import give, make, owner_of

MOST: Final = 64
"""Each has a record for each site at every start, and a copy ready to be marked."""
_ENDINGS: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/avif": ".avif"}


@dataclass(frozen=True, slots=True, kw_only=True)
class CanaryPicture:
    """One canary."""

    name: str
    """Of the owner's file."""
    sha256: str
    """Of its bytes, hex."""
    size: int
    """Bytes."""
    media_type: str
    file: Path
    """Where it is kept."""

    @property
    def title(self) -> str:
        """What a page would say of the picture: the words of the file's name."""
        return " ".join(Path(self.name).stem.replace("_", " ").replace("-", " ").split())[:100]


def folder_in(evidence: Path) -> Path:
    """Return where canaries are kept, given the evidence directory."""
    return evidence / "guard" / "canaries"


def keep(owners: Path, kept: Path) -> tuple[CanaryPicture, ...]:
    """Return the canaries in the owner's folder, by SHA-256, each of them kept in `kept` from now on.

    Raises:
        UsageError: The folder can not be read, holds none or too many, or one can not be kept.
    """
    found: dict[str, CanaryPicture] = {}
    try:
        files = sorted(file for file in owners.iterdir() if file.is_file() and not file.name.startswith("."))
        for file in files:
            if (one := _read(file, kept)) is not None:
                found.setdefault(one.sha256, one)
            if len(found) > MOST:
                raise UsageError(f"canaries: {owners} holds more than {MOST} pictures; a few do as well")
    except OSError as error:
        raise UsageError(f"canaries: {error.filename}: {(error.strerror or str(error)).lower()}") from error
    if not found:
        raise UsageError(f"canaries: {owners} holds no JPEG, PNG, WebP or AVIF picture")
    return tuple(found[digest] for digest in sorted(found))


def _read(file: Path, kept: Path) -> CanaryPicture | None:
    if file.stat().st_size > MAX_BODY:
        raise UsageError(f"canaries: {file} has more than {MAX_BODY >> 20} MiB")
    data = file.read_bytes()
    form = media_type(data[:4096])
    if form not in _ENDINGS:
        return None
    digest = sha256(data).hexdigest()
    target = kept / f"{digest}{_ENDINGS[form]}"
    if not target.exists():
        make(kept)
        replace(target, data)
        give(target, owner_of(kept))
    # The name is on record and in pages: what no text can hold is left out of it.
    name = os.fsencode(file.name).decode("utf-8", "replace")
    return CanaryPicture(name=name, sha256=digest, size=len(data), media_type=form, file=target)
