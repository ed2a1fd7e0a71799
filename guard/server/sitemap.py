"""Which pictures does a site's sitemap name, and which pages?

A sitemap (sitemaps.org 0.9), the index of several, and the image extension of it, `image:loc`. Only addresses count,
wherever they stand; nothing in the file is expanded or fetched by reading it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Final

MOST_ADDRESSES: Final = 50_000
"""As many as a sitemap may have by its own rules."""
_LONGEST: Final = 2048
_LOCATION: Final = re.compile(rb"<(?:([\w-]{1,20}):)?loc\s*>\s*(?:<!\[CDATA\[\s*)?([^<\]\s]{1,2048})(?=\s*[<\]])")
_INDEX: Final = re.compile(rb"<(?:[\w-]{1,20}:)?sitemapindex[\s>]")
_PICTURE: Final = re.compile(r"\.(?:jpe?g|png|webp|avif|gif)(?:$|\?)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitemap:
    """Addresses as the file has them, each once and in its order."""

    pictures: tuple[str, ...]
    pages: tuple[str, ...]
    sitemaps: tuple[str, ...]
    """Of an index, which has nothing else."""


def read(body: bytes) -> Sitemap:
    """Read a sitemap or an index of sitemaps; something else has no addresses."""
    if _INDEX.search(body[:4096]):
        return Sitemap(pictures=(), pages=(), sitemaps=tuple(dict.fromkeys(url for _, url in _locations(body))))
    pictures: dict[str, None] = {}
    pages: dict[str, None] = {}
    for extension, url in _locations(body):
        if extension == "image" or is_picture(url):
            pictures[url] = None
        elif not extension:
            pages[url] = None
    return Sitemap(pictures=tuple(pictures), pages=tuple(pages), sitemaps=())


def is_picture(url: str) -> bool:
    """Tell whether an address ends as that of a picture."""
    return _PICTURE.search(url) is not None


def _locations(body: bytes) -> Iterator[tuple[str, str]]:
    for number, found in enumerate(_LOCATION.finditer(body)):
        if number >= MOST_ADDRESSES:
            return
        extension, url = (part.decode("utf-8", "replace") if part else "" for part in found.groups())
        yield extension, unescape(url)[:_LONGEST]
