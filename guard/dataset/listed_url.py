"""Which hosts does an address in a data set name, and where in it?

A data set may list a picture under its own address, or under that of a resizer or an archive
which carries the picture's address inside (`i0.wp.com/photo.example/a.jpg`,
`images.weserv.nl/?url=photo.example%2Fa.jpg`). So every host name in the address counts, with
the place where it stands. Names are compared in the form that DNS has: small letters, IDNA
(UTS 46), no dot at the end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

import idna

LONGEST: Final = 16_384
"""Characters of an address that are looked at."""

_DECODED: Final = 3
"""How often an address inside an address may be percent-encoded."""

_OWN: Final = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:)?[/\\]{2}([^/?#\\\s]*)(.*)", re.DOTALL)
_WITHOUT_SCHEME: Final = re.compile(r"\s*((?:[\w-]+\.)+[^\W\d_][\w-]*\.?(?::\d{1,5})?)((?:[/?#].*)?)", re.DOTALL)
_INSIDE: Final = re.compile(r"(?<![\w.@-])((?:[\w-]{1,63}\.){1,9}[^\W_][\w-]*)\.?(?::\d{1,5})?(/[^?#&\s\"'<>]*)?")


@dataclass(frozen=True, slots=True)
class NamedHost:
    """A host name in an address."""

    host: str
    """As `plain_host` writes it; for what only looks like a host name (a file `a.jpg`) that text."""
    path: str
    """What follows it up to the query, with a slash in front; empty where nothing follows."""
    outer: str
    """The host that the address belongs to where this one is only carried by it, else empty."""


def plain_host(text: str) -> str:
    """Return a host name as it is compared; text that is no host name comes back in small letters."""
    host = text.strip().rstrip(".").lower()
    return host if host.isascii() else _encoded(host)


@lru_cache(maxsize=4096)
def _encoded(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode()
    except (idna.IDNAError, UnicodeError):
        return host


def suffixes(host: str) -> Iterator[str]:
    """Yield the host and every name above it, down to the last label: `a.b.c`, `b.c`, `c`."""
    yield host
    at = host.find(".")
    while at >= 0:
        yield host[at + 1 :]
        at = host.find(".", at + 1)


def own_host(url: str) -> NamedHost | None:
    """Return the host that an address belongs to; None for what is no address of a host."""
    match = _OWN.match(url) or _WITHOUT_SCHEME.match(url)
    if match is None:
        return None
    authority, rest = match.groups()
    name = authority.rpartition("@")[2]
    if not name.startswith("["):
        name = name.partition(":")[0]
    host = plain_host(unquote(name) if "%" in name else name)
    path = re.split(r"[?#]", rest, maxsplit=1)[0]
    return NamedHost(host, path or ("/" if rest else ""), "") if host else None


def plain_url(url: str) -> str:
    """Return an address as it is compared whole: host and path, without scheme, port, query and fragment, decoded."""
    own = own_host(url)
    return f"{own.host}{unquote(own.path, errors='replace') or '/'}" if own else ""


def named_hosts(url: str) -> tuple[NamedHost, ...]:
    """Return every host name in an address, its own first; those inside also where they are percent-encoded."""
    url = url[:LONGEST]
    own = own_host(url)
    found = [own] if own else []
    match = _OWN.match(url) or _WITHOUT_SCHEME.match(url)
    rest = match[2] if match else url
    outer = own.host if own else "?"
    for _ in range(_DECODED):
        for name, path in _INSIDE.findall(rest):
            one = NamedHost(plain_host(name), path, outer)
            if one not in found:
                found.append(one)
        decoded = unquote(rest, errors="replace")
        if decoded == rest:
            break
        rest = decoded
    return tuple(found)


def file_name(path: str) -> str:
    """Return the last segment of a path, decoded, in small letters."""
    return unquote(path.rstrip("/").rpartition("/")[2], errors="replace").lower()
