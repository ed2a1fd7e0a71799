"""Which addresses does no person see, and how does a link to one get into a page without hurting anybody?

A decoy lies in one directory of its own, the same as long as the installation lives, that robots.txt disallows. Its
name ends in a keyed hash of the site, the week and the network of the client whose page held the link: nobody can make
one up, and a link that somebody passes on, puts into a page of his own, or gets out of a cache is no decoy for whoever
follows it. A decoy leads nowhere: there is a page with one more link, and a picture.

A canary, a real work of the owner, is named in a page as an image is, with its words, since collectors of pictures
read images and not links. It stands in a `template` element: what is in there belongs to no document, is not shown,
read out or fetched by a browser (HTML, section 4.12.3), and is plain markup for a program that only reads tags.
"""

import re
from base64 import b32encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from html import escape
from ipaddress import IPv4Address
from typing import Final

from guard.core.facts import IPAddress

WEEK: Final = 7 * 86_400
SECRET_SIZE: Final = 32
_DIRECTORIES = ("archive", "collection", "gallery", "portfolio", "series", "works")
_TITLES = (
    "coast", "morning", "harbour", "winter", "valley", "portrait", "evening", "rooftops", "river", "market", "fields",
    "station", "garden", "bridge", "shadows", "hills",
)  # fmt: skip
_NAME = re.compile(r"[a-z]{4,10}-[a-z]{4,10}-([a-z2-7]{16})\.(html|jpg)", re.ASCII)


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

    def path(self, site: str, address: IPAddress | None, at: float, kind: DecoyKind, number: int = 0) -> str:
        """Return the address of a decoy for a client, in the week of `at` (seconds since 1970); one for each number."""
        return self._path(site, network_of(address), int(at // WEEK), kind, number)

    def read(self, path: str, site: str, address: IPAddress | None, at: float, numbers: int = 1) -> Decoy | None:
        """Say whether a canonical path is that of a decoy, of this week or the last, of one of so many numbers."""
        directory = self.directory(site)
        if not path.startswith(directory):
            return None
        match = _NAME.fullmatch(path[len(directory) :])
        if match is None:
            return None
        kind, network, week = DecoyKind(match[2]), network_of(address), int(at // WEEK)
        known = (self._path(site, network, one, kind, number) for one in (week, week - 1) for number in range(numbers))
        own = path in known
        return Decoy(kind=kind, own=own)

    def _path(self, site: str, network: bytes, week: int, kind: DecoyKind, number: int) -> str:
        value = self._hash("decoy", f"{site}\n{week}\n{kind}\n{network.hex()}" + f"\n{number}" * bool(number))
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


def image(path: str, words: str) -> bytes:
    """Return HTML that names a picture for whoever only reads tags; no browser shows or fetches it."""
    text = escape(words).encode("ascii", "xmlcharrefreplace").decode("ascii")
    return f'<template><img src="{path}" alt="{text}"></template>'.encode("ascii")


def page(picture: str) -> bytes:
    """Return the page of a decoy: one link, and nothing that a browser fetches by itself."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<meta charset="utf-8">\n<meta name="robots" content="noindex,nofollow">\n'
        "<title>Nothing to see here</title>\n"
        "<p>This page is there for programs that follow links which people do not see, "
        "and which robots.txt asks them not to follow.</p>\n"
        f'<p hidden inert aria-hidden="true"><a href="{picture}" rel="nofollow" tabindex="-1"></a></p>\n</html>\n'
    ).encode("ascii")
