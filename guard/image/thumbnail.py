"""How does a picture look, small, in a report?"""

import io
from typing import Final

from PIL import Image

from guard.image.decoding import ORIENTATION, TURNS, decoding, on_white

SIDE: Final = 360
QUALITY: Final = 82


def thumbnail(data: bytes) -> bytes:
    """Return a JPEG of at most `SIDE` pixels, without metadata.

    Raises:
        PictureError: It can not be read.
    """
    with decoding(), Image.open(io.BytesIO(data)) as picture:
        turn = TURNS.get(picture.getexif().get(ORIENTATION, 1))
        picture.draft("RGB", (SIDE, SIDE))
        picture.thumbnail((SIDE, SIDE))
        small = on_white(picture)
        out = io.BytesIO()
        (small.transpose(turn) if turn is not None else small).save(out, "JPEG", quality=QUALITY)
        return out.getvalue()
