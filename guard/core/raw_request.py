"""What does a request say that somebody wrote down?

The head of an HTTP/1.1 request as text, as it went over the wire or as a person typed it:
lines may end in LF, and the version may be left out. What the proxy would answer with 400
is refused here with the same words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from guard.core.client_address import AddressPolicy, find_client, parse_address
from guard.core.facts import RequestFacts
from guard.core.target import authority_and_host, split_absolute
from guard.core.told import Told
from guard.errors import RequestError

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRequest:
    """A request line and header lines."""

    method: str
    target: str
    version: str = "1.1"
    headers: tuple[tuple[str, str], ...]
    """Names and values in the order written."""


def parse_request(data: bytes) -> RawRequest:
    """Read the head of a request; whatever follows an empty line is its body and not looked at.

    Raises:
        RequestError: It is none; the message names the line.
    """
    lines = data.decode("utf-8", "surrogateescape").lstrip("\r\n").split("\n")
    first = lines[0].rstrip("\r").split(" ")
    version = first.pop().removeprefix("HTTP/") if len(first) == 3 and first[2].startswith("HTTP/") else "1.1"
    if len(first) != 2 or not _TOKEN.fullmatch(first[0]) or not first[1]:
        raise RequestError("line 1 is no request line; it looks like this: GET /photo.jpg HTTP/1.1")
    headers = []
    for number, line in enumerate(lines[1:], 2):
        text = line.rstrip("\r")
        if not text:
            break
        headers.append(parse_header(text, f"line {number}"))
    return RawRequest(method=first[0], target=first[1], version=version, headers=tuple(headers))


def parse_header(text: str, where: str) -> tuple[str, str]:
    """Read `Name: value`; `where` is what an error names.

    Raises:
        RequestError: It is no header line.
    """
    name, colon, value = text.partition(":")
    if not colon or not _TOKEN.fullmatch(name):
        raise RequestError(f"{where} is no header line; it looks like this: User-Agent: GPTBot/1.3")
    return name, value.strip()


def facts_of_request(
    request: RawRequest,
    *,
    at: datetime,
    peer: str,
    addresses: AddressPolicy,
    site_of: Callable[[str], str],
    scheme: str = "https",
) -> RequestFacts:
    """Return the facts that the proxy would have, had the request come from the address `peer` (may be empty).

    Raises:
        RequestError: The target or the Host field has no meaning.
    """
    absolute, target = split_absolute(request.target)
    authority, host = authority_and_host(absolute, request.headers)
    told = Told(
        site=site_of(host),
        scheme=scheme,
        authority=authority,
        host=host,
        version=request.version,
        headers=request.headers,
        client=find_client(addresses, parse_address(peer) if peer else None, 0, request.headers),
    )
    return told.asks(request.method, target, at=at)
