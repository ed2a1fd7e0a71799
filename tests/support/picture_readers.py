"""Programs that others wrote read what a live guard has written into a picture; controls ask the site behind it."""

import io
import json
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from PIL import Image

from guard.store import picture_keys
from tests.support.http import CHROME
from tests.support.programs import need
from tests.support.readers import Place, Read, configuration
from tests.support.running import RunningGuard

PICTURE = "/display.jpg"
PROHIBITED = "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"


@contextmanager
def writing(place: Place, **settings: object) -> Iterator[RunningGuard]:
    """Start a guard in front of the same gallery that writes into pictures."""
    with tempfile.TemporaryDirectory(dir=place.folder) as name:
        guard = RunningGuard(Path(name), {**configuration(place.site), "in_image": {"rights": True, **settings}})
        try:
            yield guard
        finally:
            guard.stop()


def fetch(base: str) -> bytes:
    """Return the picture as a browser gets it."""
    request = urllib.request.Request(base + PICTURE, headers={"User-Agent": CHROME, "Accept": "image/*"})
    with urllib.request.urlopen(request, timeout=20) as reply:
        return bytes(reply.read())


def exiftool(place: Place) -> Read:
    """What photographers look at metadata with."""

    def said(data: bytes) -> dict[str, str]:
        file = place.folder / "picture.jpg"
        file.write_bytes(data)
        command = [need("exiftool"), "-json", "-n", "-XMP:all", str(file)]
        found: list[dict[str, str]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        return found[0]

    with writing(place) as guard:
        guarded, control = said(fetch(guard.url)), said(fetch(place.site.url))
    program = subprocess.run([need("exiftool"), "-ver"], capture_output=True, text=True, check=True).stdout.strip()
    fields = ("DataMining", "Rights", "Creator", "Credit", "WebStatement", "UsageTerms", "OtherConstraints")
    there = [name for name in fields if name in guarded]
    return Read(
        f"exiftool {program}",
        "XMP in the picture",
        f"{', '.join(there)}",
        "unguarded: none of them",
        there == list(fields) and PROHIBITED in guarded["DataMining"] and not set(fields) & set(control),
    )


def pillow(place: Place) -> Read:
    """What most programs in Python open pictures with."""

    def mining(data: bytes) -> str:
        with Image.open(io.BytesIO(data)) as image:
            found = json.dumps(image.getxmp())
        return PROHIBITED if PROHIBITED in found else "nothing"

    with writing(place) as guard:
        guarded, control = mining(fetch(guard.url)), mining(fetch(place.site.url))
    return Read(
        f"Pillow {version('pillow')}",
        "XMP in the picture",
        f"DataMining: {guarded.removeprefix('DMI-')}",
        f"unguarded: {control}",
        (guarded, control) == (PROHIBITED, "nothing"),
    )


def c2pa(place: Place) -> Read:
    """The reference reader of content credentials, and the data-set tool that asks it."""
    import c2pa as library
    import datadiligence

    keys = place.folder / "keys"
    keys.mkdir()
    picture_keys.create(keys, "Jane Doe", now=datetime.now(UTC))
    with writing(place, c2pa=True, certificate=str(keys)) as guard:
        data = fetch(guard.url)
        control = fetch(place.site.url)
    with library.Reader("image/jpeg", io.BytesIO(data)) as reader:
        state, manifest = str(reader.get_validation_state()), reader.json()
    labels = [label for label in ("cawg.training-mining", "c2pa.training-mining") if label in manifest]
    allowed = [bool(datadiligence.is_allowed(name="file", body=body)) for body in (data, control)]
    return Read(
        f"c2pa-python {version('c2pa-python')}, datadiligence {version('datadiligence')}",
        "C2PA manifest (off by default)",
        f"{state.lower()}: {', '.join(labels)}; {'allowed' if allowed[0] else 'not allowed'}",
        f"unguarded: {'allowed' if allowed[1] else 'not allowed'}",
        state == "Valid" and len(labels) == 2 and allowed == [False, True],
    )


PICTURE_CHECKS: dict[str, Callable[[Place], Read]] = {"exiftool": exiftool, "pillow": pillow, "c2pa": c2pa}
"""By the name of the program."""
