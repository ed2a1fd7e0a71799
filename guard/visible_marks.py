"""What does the configuration say is written across pictures?"""

from pathlib import Path

from guard.errors import ConfigurationError, Fault, LeftAloneError
from guard.image import png_chunks
from guard.image.sniff import dimensions, media_type
from guard.image.visible_mark import MAX_LOGO, MAX_LOGO_PIXELS, VisibleMark
from guard.settings_pictures import VisibleMark as Stated
from guard.settings_rights import Rights


def visible_mark_of(stated: Stated, rights: Rights) -> VisibleMark:
    """Return what is written across the pictures of a site with these rights.

    Raises:
        ConfigurationError: The logo can not be read, is no PNG, or too large.
    """
    logo = _read(stated.logo) if stated.logo is not None else b""
    text = stated.text or ("" if logo else f"© {rights.holder}")
    return VisibleMark(text=text, logo=logo, opacity=stated.opacity)


def _read(file: Path) -> bytes:
    try:
        data = file.read_bytes()
    except OSError as error:
        raise _fault(file, f"can not be read: {(error.strerror or str(error)).lower()}") from None
    if media_type(data) != "image/png":
        raise _fault(file, "is no PNG; save the logo as one, best with transparency")
    if len(data) > MAX_LOGO:
        raise _fault(file, f"has {len(data)} bytes; at most {MAX_LOGO}, so make the picture smaller")
    try:
        png_chunks.coded(data)
    except LeftAloneError:
        raise _fault(file, "is damaged; save the logo again") from None
    width, height = dimensions(data) or (0, 0)
    if not 0 < width * height <= MAX_LOGO_PIXELS:
        raise _fault(file, f"has {width} × {height} pixels; at most {MAX_LOGO_PIXELS}, so make the picture smaller")
    return data


def _fault(file: Path, message: str) -> ConfigurationError:
    return ConfigurationError((Fault(file=str(file), line=0, column=0, where="visible_mark.logo", message=message),))
