"""Do two files hold the same picture, whatever is written beside it?

The digest of the coded pixels alone: of a file before and after rights were written into it, it
is the same. Nothing is decoded, so a picture that was encoded anew is another one.
"""

from hashlib import sha256

from guard.errors import LeftAloneError
from guard.image import jpeg_segments, png_chunks, webp_chunks
from guard.image.sniff import media_type


def digest(data: bytes) -> str:
    """Return the SHA-256, in hex, of what a JPEG, PNG or WebP file codes its pixels in; of any other, of the whole."""
    reader = {
        "image/jpeg": jpeg_segments.coded,
        "image/png": png_chunks.coded,
        "image/webp": webp_chunks.coded,
    }.get(media_type(data[:64]))
    try:
        return sha256(b"".join(reader(data)) if reader else data).hexdigest()
    except LeftAloneError:
        return sha256(data).hexdigest()
