"""What is written across a picture, so that everybody sees whose it is?

A value that travels from the settings to the worker that draws it (see `guard.image.visible`), and to the
tracer, which must draw the same again. This module must not import Pillow.
"""

import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256

from guard.errors import PictureError

OPACITY = 0.30
LEAST_OPACITY, MOST_OPACITY = 0.25, 0.35
"""Practice: below, it is lost on busy ground; above, it hides the picture."""
MAX_LOGO = 32 * 1024
"""Bytes of a logo's file: it travels with every job."""
MAX_LOGO_PIXELS = 4_000_000
MAX_TEXT = 200
"""Characters."""


@dataclass(frozen=True, kw_only=True)
class VisibleMark:
    """A text, a logo, or both."""

    text: str
    """One line; empty where there is a logo alone."""
    logo: bytes = field(default=b"", repr=False)
    """A PNG file; empty for none."""
    opacity: float = OPACITY
    """From 0 to 1."""

    @cached_property
    def digest(self) -> str:
        """What tells visible marks apart: SHA-256, in hex."""
        return sha256(json.dumps(self.fields(), sort_keys=True).encode()).hexdigest()

    def fields(self) -> dict[str, object]:
        """Return the same as a JSON object."""
        return {"text": self.text, "logo": b64encode(self.logo).decode(), "opacity": self.opacity}


def of_fields(fields: object) -> VisibleMark:
    """Return what `VisibleMark.fields` made; raise PictureError if it did not."""
    match fields:
        case {"text": str(text), "logo": str(logo), "opacity": int() | float() as opacity}:
            try:
                return VisibleMark(text=text, logo=b64decode(logo, validate=True), opacity=opacity)
            except ValueError:
                pass
    raise PictureError("a visible mark can not be read")
