"""Which addresses does no person see, and how does a link to one get into a page without hurting anybody?

A decoy lies in one directory of its own, the same as long as the installation lives, that robots.txt disallows. Its
name ends in a keyed hash of the site, the week and the network of the client whose page held the link: nobody can make
one up, and a link that somebody passes on, puts into a page of his own, or gets out of a cache is no decoy for whoever
follows it. A decoy leads nowhere: there is a page with one more link, and a picture.

The link is put in front of the end of a page that is plainly one, and only there: what stands in a script or a comment
looks alike, so a page with anything else behind its last `</body>` stays as it is.
"""

import re
from base64 import b32encode
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from ipaddress import IPv4Address
from typing import Final

from guard.core.facts import IPAddress

WEEK: Final = 7 * 86_400
SECRET_SIZE: Final = 32
LONGEST_TAIL: Final = 2048
"""Bytes from `</body` on that are held back until the page's end; with more, it is not its end."""
_DIRECTORIES = ("archive", "collection", "gallery", "portfolio", "series", "works")
_TITLES = (
    "coast", "morning", "harbour", "winter", "valley", "portrait", "evening", "rooftops", "river", "market", "fields",
    "station", "garden", "bridge", "shadows", "hills",
)  # fmt: skip
_NAME = re.compile(r"[a-z]{4,10}-[a-z]{4,10}-([a-z2-7]{16})\.(html|jpg)", re.ASCII)
# No possessive quantifiers: Python 3.11.2, which Debian 12 has, does not always find what they match.
_BLANK = rb"(?:\s|<!--[^<>]*-->)*"
_END = re.compile(rb"</body\s*>" + _BLANK + rb"(?:</html\s*>)?" + _BLANK + rb"\Z", re.I)
_OPENING = b"</body"
_CHARSET = re.compile(r'charset\s*=\s*"?([A-Za-z0-9_.:-]+)', re.I)
_ASCII_LIKE = re.compile(r"utf-?8|us-ascii|ascii|iso-?8859-\d{1,2}|latin-?1|windows-125\d|cp125\d|koi8-[ru]", re.I)


class DecoyKind(StrEnum):
    """What a decoy is."""

    PAGE = "html"
    PICTURE = "jpg"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoy:
    """A request for a decoy."""

    kind: DecoyKind
    own: bool
    """The link was given to this client's network, so nobody else has led it here."""


class DecoyNames:
    """The decoys of one installation."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_SIZE:
            raise ValueError("a secret of another size")
        self._secret = secret

    def directory(self, site: str) -> str:
        """Return the directory, for robots.txt; it begins and ends with a slash."""
        number = int.from_bytes(self._hash("directory", site), "big")
        number, place = divmod(number, len(_DIRECTORIES))
        return f"/{_DIRECTORIES[place]}-{b32encode(number.to_bytes(16, 'big'))[:10].decode().lower()}/"

    def path(self, site: str, address: IPAddress | None, at: float, kind: DecoyKind) -> str:
        """Return the address of a decoy for a client, in the week of `at` (seconds since 1970)."""
        return self._path(site, network_of(address), int(at // WEEK), kind)

    def read(self, path: str, site: str, address: IPAddress | None, at: float) -> Decoy | None:
        """Say whether a canonical path is that of a decoy, of this week or the last."""
        directory = self.directory(site)
        if not path.startswith(directory):
            return None
        match = _NAME.fullmatch(path[len(directory) :])
        if match is None:
            return None
        kind, network, week = DecoyKind(match[2]), network_of(address), int(at // WEEK)
        own = path in (self._path(site, network, week, kind), self._path(site, network, week - 1, kind))
        return Decoy(kind=kind, own=own)

    def _path(self, site: str, network: bytes, week: int, kind: DecoyKind) -> str:
        value = self._hash("decoy", f"{site}\n{week}\n{kind}\n{network.hex()}")
        first, second = _TITLES[value[10] % len(_TITLES)], _TITLES[value[11] % len(_TITLES)]
        return f"{self.directory(site)}{first}-{second}-{b32encode(value[:10]).decode().lower()}.{kind}"

    def _hash(self, purpose: str, text: str) -> bytes:
        return blake2b(
            text.encode("utf-8", "surrogateescape"), key=self._secret, digest_size=16, person=purpose.encode()
        ).digest()


def network_of(address: IPAddress | None) -> bytes:
    """Return what a link is bound to: an IPv4 /24 or an IPv6 /48, as telephones change their address."""
    if address is None:
        return b""
    return address.packed[:3] if isinstance(address, IPv4Address) else address.packed[:6]


def link(*paths: str) -> bytes:
    """Return HTML with links that nobody sees, reaches with a key or hears read out."""
    anchors = "".join(f'<a href="{path}" rel="nofollow" tabindex="-1"></a>' for path in paths)
    return f'<div hidden inert aria-hidden="true">{anchors}</div>'.encode("ascii")


def page(picture: str) -> bytes:
    """Return the page of a decoy: one link, and nothing that a browser fetches by itself."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="robots" content="noindex,nofollow">\n'
        "<title>Nothing to see here</title>\n"
        "<p>This page is there for programs that follow links which people do not see, "
        "and which robots.txt asks them not to follow.</p>\n"
        f'<p hidden inert aria-hidden="true"><a href="{picture}" rel="nofollow" tabindex="-1"></a></p>\n</html>\n'
    ).encode("ascii")


def may_take_a_link(status: int, headers: Iterable[tuple[str, str]]) -> bool:
    """Tell by its head whether an answer to GET is an ordinary page that may be changed."""
    fields: dict[str, list[str]] = {}
    for name, value in headers:
        fields.setdefault(name.lower(), []).append(value)
    types = fields.get("content-type", [])
    if status != 200 or len(types) != 1 or types[0].partition(";")[0].strip().lower() != "text/html":
        return False
    charset = _CHARSET.search(types[0])
    if charset is not None and not _ASCII_LIKE.fullmatch(charset[1]):
        return False
    if ("charset" in types[0].lower()) != (charset is not None):
        return False
    if any(value.strip().lower() not in ("", "identity") for value in fields.get("content-encoding", [])):
        return False
    said = {item.strip().lower().partition("=")[0] for v in fields.get("cache-control", []) for item in v.split(",")}
    if not said.isdisjoint({"private", "no-store", "no-transform"}):
        return False
    # Personal answers, downloads, signed ones and those that go on for ever are not ours to change.
    return fields.keys().isdisjoint(
        {"set-cookie", "content-disposition", "content-range", "signature", "signature-input", "x-accel-buffering",
         "trailer", "refresh"}
    )  # fmt: skip


class Inserter:
    """Puts a piece in front of the last `</body>` of a page that comes in pieces."""

    def __init__(self, piece: bytes) -> None:
        self._piece = piece
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes and return those that can be sent on."""
        held = self._held + data
        start = held.lower().rfind(_OPENING)
        # What comes before the last one is sure to go; of one too far from the end only a new beginning is of interest.
        if start < 0 or len(held) - start > LONGEST_TAIL:
            start = len(held) - _beginning(held)
        self._held = held[start:]
        return held[:start]

    def end(self) -> bytes:
        """Return what is left, with the piece in it if the page ends as a page does."""
        held, self._held = self._held, b""
        return self._piece + held if _END.match(held) else held


def _beginning(data: bytes) -> int:
    """Return how many bytes at the end may be the beginning of `</body`."""
    tail = data[-len(_OPENING) + 1 :].lower()
    return next((length for length in range(len(tail), 0, -1) if _OPENING.startswith(tail[-length:])), 0)
