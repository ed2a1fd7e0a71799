"""How are hostile bytes decoded, and laid out as a person sees them?

Decoders raise whatever they like; here it becomes a `PictureError` with one sentence. A bomb is
a reason to stop; a tag that is not quite right is not.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from guard.errors import PictureError

ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What undoes each value of the orientation tag (EXIF 2.32, section 4.6.4)."""


@contextmanager
def decoding() -> Iterator[None]:
    """Let decoders run.

    Raises:
        PictureError: Whatever they raised, in one sentence; one that was raised inside stays as it is.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            yield
    except PictureError:
        raise
    except UnidentifiedImageError:
        raise PictureError("not a picture of a known format") from None
    except MemoryError:
        raise PictureError("the picture needs more memory than is allowed") from None
    except Exception as error:  # OSError, SyntaxError, struct.error, …
        raise PictureError(f"the picture can not be read: {type(error).__name__}: {error}"[:300]) from error


def on_white(image: Image.Image, mode: str = "RGB") -> Image.Image:
    """Return a picture with transparency laid on white, in `mode`, RGB or L."""
    paper = Image.new("RGBA", image.size, "white")
    paper.alpha_composite(image.convert("RGBA"))
    return paper.convert(mode)
