"""What does the owner say about a picture, before anybody asks whose it is?

The hashes of the file, of its decoded pixels and of the RAW file that it was developed from, who
took it, how the rights came to the owner (chain of title), and when and where it was first
published. All of it is the owner's word; that it was said before a dispute, the log shows.
The camera's serial number, which is taken out of published pictures, is committed to and
lies beside the log: who has the camera can show that it took the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from guard.evidence.record import RecordKind, leaf
from guard.evidence.text import escape


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A picture and what its owner says about it."""

    name: str
    """The file's."""
    sha256: str
    size: int
    """Bytes."""
    media_type: str
    width: int
    height: int
    pixels_sha256: str
    """Of the decoded pixels, see `guard.image.codes`; empty where they could not be decoded."""
    author: str
    title: str = ""
    chain: tuple[str, ...] = ()
    """Each step by which rights passed on, oldest first, in the owner's words; empty: the author has them."""
    raw_name: str = ""
    raw_sha256: str = ""
    raw_size: int = 0
    published: str = ""
    """When it was first published: a day or time, ISO 8601."""
    published_where: str = ""


def picture(*, at: int, said: Registration, sd: Sequence[str] = ()) -> bytes:
    """Register a picture; `sd` are commitments to what its camera wrote into it."""
    return leaf(
        RecordKind.PICTURE, at, author=escape(said.author), bytes=said.size, chain=[escape(one) for one in said.chain],
        height=said.height, media_type=said.media_type, name=escape(said.name), pixels_sha256=said.pixels_sha256,
        published=escape(said.published), published_where=escape(said.published_where), raw_bytes=said.raw_size,
        raw_name=escape(said.raw_name), raw_sha256=said.raw_sha256, sd=sorted(sd), sha256=said.sha256,
        title=escape(said.title), width=said.width,
    )  # fmt: skip
