"""Is this ticket ours, for this client, and solved?

A challenge and the pass it earns are sealed values: nothing about them is kept, and whoever
holds the key can check them. The seal (HMAC-SHA256, RFC 2104) is over what the value says
and over whom it was given to: site, network and user agent. These are asked of the request
each time and stand nowhere in the value, so a ticket tells nothing about its client, and
under another address, browser or site it is no ticket.

The way back is sealed in as well, and is a path by construction, whatever the first request
named: there is no parameter that a redirect could follow to another host.
"""

import hashlib
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Final
from urllib.parse import quote, unquote_to_bytes

from guard.core.client_address import UNIX_PEER
from guard.core.facts import IPAddress, RequestFacts
from guard.core.target import canonical_path

PATH: Final = "/.well-known/guard/challenge"
COOKIE: Final = "guard_pass"

KEY_SIZE: Final = 32
NONCE_SIZE: Final = 16
MOST_BITS: Final = 22
"""A phone of 2015 tries some 50,000 proofs a second: 14 bits take it a third of a second, 22 bits a minute and more."""
MOST_TARGET: Final = 2048
"""Characters of the way back; a longer one loses its query."""

_VERSION: Final = 1
_CHALLENGE: Final = Struct(f">BBQQ{NONCE_SIZE}s")  # version, bits, issued, expires, nonce; the way back follows
_PASS: Final = Struct(">BQQ")  # version, issued, expires
_TOKEN = re.compile(r"([A-Za-z0-9_-]{1,4000})\.([A-Za-z0-9_-]{43})", re.ASCII)
_PROOF = re.compile(r"[0-9]{1,12}", re.ASCII)
_PRINTABLE: Final = "".join(map(chr, range(0x21, 0x7F)))
_UNCLEAN = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whom a ticket is given to: weak marks, which only together make it hard to pass on."""

    site: str
    """The configured site and the host name: one site may answer for many."""
    network: str
    """IPv4 /24 or IPv6 /64, so that a telephone may change its address inside its network."""
    user_agent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """What a client is asked to do."""

    issued: int
    """Seconds since 1970."""
    expires: int
    """Seconds since 1970; from then on it is void."""
    bits: int
    """Leading zero bits that the proof must have; 0 asks for no proof."""
    nonce: bytes
    """`NONCE_SIZE` bytes, never used twice: a solved challenge is known by them."""
    target: str
    """Where the client wanted to go: a path of this site, with its query."""

    def is_current(self, now: int) -> bool:
        """Tell whether `now` is in its time. One issued in the future comes from a clock that has jumped."""
        return self.issued <= now < self.expires


def holder_of(request: RequestFacts) -> Holder:
    """Return whom a ticket for this request is given to."""
    return Holder(
        site=f"{request.site} {request.host}",
        network=_network(request.client.address),
        user_agent=request.header("user-agent"),
    )


def _network(address: IPAddress | None) -> str:
    match address:
        case None:
            return UNIX_PEER
        case IPv4Address():
            return f"{IPv4Address(int(address) >> 8 << 8)}/24"
        case IPv6Address():
            return f"{IPv6Address(int(address) >> 64 << 64)}/64"


def seal_challenge(key: bytes, holder: Holder, challenge: Challenge) -> str:
    """Return the ticket: letters, digits, `-`, `_` and one `.`.

    Raises:
        ValueError: The key is weak, or a field is out of its range.
    """
    if len(challenge.nonce) != NONCE_SIZE or not 0 <= challenge.bits <= MOST_BITS:
        raise ValueError("no challenge that could be sealed")
    if safe_target(challenge.target) != challenge.target:
        raise ValueError("the way back is not one on this site")
    head = _CHALLENGE.pack(_VERSION, challenge.bits, challenge.issued, challenge.expires, challenge.nonce)
    return _seal(key, b"challenge", holder, head + challenge.target.encode("ascii"))


def open_challenge(key: bytes, holder: Holder, ticket: str) -> Challenge | None:
    """Return the challenge in a ticket that we gave to this holder, at whatever time; None for anything else."""
    body = _open(key, b"challenge", holder, ticket)
    if body is None:
        return None
    _, bits, issued, expires, nonce = _CHALLENGE.unpack_from(body)
    target = body[_CHALLENGE.size :].decode("ascii")
    return Challenge(issued=issued, expires=expires, bits=bits, nonce=nonce, target=target)


def work_of(ticket: str) -> str:
    """Return what a proof is made for: the seal itself, which is over everything that the challenge says."""
    return ticket.rpartition(".")[2]


def is_proof(ticket: str, proof: str, bits: int) -> bool:
    """Tell whether SHA-256 of `work_of(ticket):proof` begins with so many zero bits; `proof` is a decimal number."""
    if bits == 0:
        return True
    if not _PROOF.fullmatch(proof):
        return False
    digest = hashlib.sha256(f"{work_of(ticket)}:{proof}".encode("ascii")).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0


def seal_pass(key: bytes, holder: Holder, *, issued: int, expires: int) -> str:
    """Return a pass, in the same letters as a ticket; times in seconds since 1970."""
    return _seal(key, b"pass", holder, _PASS.pack(_VERSION, issued, expires))


def is_pass(key: bytes, holder: Holder, text: str, now: int) -> bool:
    """Tell whether `text` is a pass of this holder that has not expired."""
    body = _open(key, b"pass", holder, text)
    if body is None:
        return False
    _, issued, expires = _PASS.unpack(body)
    return bool(issued <= now < expires)


def seeming_passes(texts: Iterable[str], since: int, now: int) -> int:
    """Count what looks like passes issued from `since` on and good until after `now`.

    Nothing is checked, so this is good only for what hurts nobody but their holder.
    """
    times = (_PASS.unpack(body) for text in texts if len(body := _body(text)) == _PASS.size)
    return sum(since <= issued <= now < expires for _, issued, expires in times)


def safe_target(target: str) -> str:
    """Return a request target as a way back that leads to this site wherever it is written.

    Unsafe is what some reader might take for another host or another header line, as it stands, decoded once,
    twice or three times: `//host`, `/\\host`, `/%2f%2fhost`, line ends. Of such a target the canonical path is
    taken, and if that is unsafe too, the start page.
    """
    path, mark, query = target.partition("?")
    # Fields are text by way of surrogates (PEP 383); in a Location field they are escapes again.
    query = mark + quote(query.encode("utf-8", "surrogateescape"), safe=_PRINTABLE)
    for way in (path, canonical_path(path)):
        escaped = quote(way.encode("utf-8", "surrogateescape"), safe=_PRINTABLE)
        if _stays_here(escaped) and len(escaped) <= MOST_TARGET and not _is_ours(escaped):
            whole = escaped + query
            return whole if len(whole) <= MOST_TARGET and not _UNCLEAN.search(query) else escaped
    return "/"


def _stays_here(path: str) -> bool:
    data = path.encode("ascii")
    for _ in range(4):
        text = data.decode("latin-1")
        segments = text.split("/")
        if len(segments) < 2 or segments[0] or "" in segments[1:-1] or not {".", ".."}.isdisjoint(segments):
            return False
        if _UNCLEAN.search(text):
            return False
        if (decoded := unquote_to_bytes(data)) == data:
            return True
        data = decoded
    return False


def _is_ours(path: str) -> bool:
    return canonical_path(path).startswith(PATH)


def _seal(key: bytes, use: bytes, holder: Holder, body: bytes) -> str:
    return f"{_text(body)}.{_text(_mac(key, use, holder, body))}"


def _open(key: bytes, use: bytes, holder: Holder, token: str) -> bytes | None:
    body = _body(token)
    if not body or body[0] != _VERSION:
        return None
    # The text and not the bytes: base64 has several spellings for some of them.
    if not hmac.compare_digest(_seal(key, use, holder, body), token):
        return None
    return body


def _body(token: str) -> bytes:
    match = _TOKEN.fullmatch(token)
    if match is None or len(match[1]) % 4 == 1:
        return b""
    return urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4))


def _mac(key: bytes, use: bytes, holder: Holder, body: bytes) -> bytes:
    if len(key) < KEY_SIZE:
        raise ValueError(f"a key of {len(key)} bytes is too short")
    fields = [field.encode("utf-8", "surrogateescape") for field in (holder.site, holder.network, holder.user_agent)]
    message = b"".join(len(field).to_bytes(8) + field for field in (b"crawler-guard", use, *fields, body))
    return hmac.digest(key, message, "sha256")


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
