"""Why does a file stay as it is?"""

from enum import StrEnum


class Why(StrEnum):
    """A file is either changed rightly or not at all, and then for one of these reasons."""

    NOT_SUPPORTED = "not a JPEG, PNG, WebP or AVIF file"
    DAMAGED = "the file is damaged or not complete"
    TOO_LARGE = "over a limit"
    BROKEN_XMP = "its XMP packet can not be read"
    BROKEN_EXIF = "its EXIF block can not be read"
    BROKEN_IPTC = "its IPTC block can not be read"
    TWICE = "it has the same block of metadata twice"
    TRAILING_DATA = "unknown data follows the picture"
    SIGNED = "it carries a signed C2PA manifest, which a change would break"
    NO_ROOM = "there is no room for the packet"
    UNKNOWN_STRUCTURE = "it is built in a way that is not known"
    NOT_SIGNABLE = "no C2PA manifest could be made for it"
    NOT_DONE = "the image worker had no time for it, or failed"
