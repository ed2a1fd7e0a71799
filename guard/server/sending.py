"""How is an answer put on the wire, and what of it arrived?

Every answer carries the reservation's header lines. A body that breaks off breaks off for
the client too: it is never ended as if it were whole.
"""

import hashlib
from collections.abc import AsyncIterator, Iterable
from functools import lru_cache
from typing import cast

from aiohttp.web import BaseRequest, StreamResponse

from guard.errors import UpstreamError
from guard.reservation.headers import FIELDS, merge
from guard.server.exchange import Exchange
from guard.server.fast_lane.plain import PlainAnswer, PlainRequest
from guard.server.headers import Headers

PIECE = 256 * 1024
"""Bytes."""


async def send(
    exchange: Exchange, status: int, reason: str, headers: Headers, body: AsyncIterator[bytes]
) -> StreamResponse:
    """Send a head and a streaming body; note in `exchange.sent` what went out."""
    response = _head(exchange, status, reason, headers)
    sent = exchange.sent
    digest = hashlib.sha256() if exchange.record is not None else None
    try:
        await response.prepare(exchange.request)
        async for piece in body:
            await response.write(piece)
            sent.bytes += len(piece)
            if digest is not None:
                digest.update(piece)
        await response.write_eof()
        sent.completed = True
    except UpstreamError:
        sent.reason = "upstream_broke_off"
        _hang_up(exchange)
    except ConnectionError:
        sent.reason = "client_gone"
        _hang_up(exchange)
    if digest is not None:
        sent.sha256 = digest.hexdigest()
    return response


async def send_bytes(exchange: Exchange, status: int, headers: Headers, body: bytes) -> StreamResponse:
    """Send a body that is in memory; a HEAD request gets its length only."""
    headers = (*headers, ("Content-Length", str(len(body))))
    return await send(exchange, status, "", headers, _one(b"" if exchange.request.method == "HEAD" else body))


def hang_up(exchange: Exchange) -> StreamResponse:
    """Close the connection without an answer."""
    exchange.sent.reason = "dropped"
    _hang_up(exchange)
    return StreamResponse(status=444)


def begin_plain(exchange: Exchange, status: int, reason: str, headers: Headers) -> PlainAnswer:
    """Begin the answer to a plain request."""
    request = cast(PlainRequest, exchange.request)
    return request.respond(status, reason, _lines(exchange, status, headers))


def _head(exchange: Exchange, status: int, reason: str, headers: Headers) -> StreamResponse:
    if isinstance(cast(BaseRequest | PlainRequest, exchange.request), PlainRequest):
        return cast(StreamResponse, begin_plain(exchange, status, reason, headers))
    response = StreamResponse(status=status, reason=reason or None)
    for name, value in _lines(exchange, status, headers):
        response.headers.add(name, value)
    return response


def _lines(exchange: Exchange, status: int, headers: Headers) -> Headers:
    """Return the lines of an answer, the reservation's first."""
    exchange.sent.status = status
    ours = exchange.reservation.headers_for(exchange.facts.path)
    kept, says_server, speaks = _places(tuple([name for name, _ in headers]))
    reserved = merge(headers, ours) if speaks else ours
    lines = [*(in_one(reserved) if exchange.asked_by else reserved)]
    lines += [headers[place] for place in kept] if speaks else headers
    if not says_server:
        lines.append(("Server", "crawler-guard"))
    return tuple(lines)


@lru_cache(maxsize=512)
def _places(names: tuple[str, ...]) -> tuple[tuple[int, ...], bool, bool]:
    """Return where the fields are that `merge` does not rule over, and whether one is `Server`, and others there are.

    The answers of one upstream have the same fields again and again.
    """
    lower = [name.lower() for name in names]
    kept = tuple(place for place, name in enumerate(lower) if name not in FIELDS)
    return kept, "server" in lower, len(kept) < len(lower)


def in_one(lines: Iterable[tuple[str, str]]) -> Headers:
    """Return one line for each name: front servers copy a single one."""
    values: dict[str, list[str]] = {}
    for name, value in lines:
        values.setdefault(name, []).append(value)
    return tuple((name, ", ".join(several)) for name, several in values.items())


def _hang_up(exchange: Exchange) -> None:
    if exchange.request.transport is not None:
        exchange.request.transport.abort()


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Yield a large body in pieces, so that what the client has not taken yet is not copied whole into its buffer."""
    view = memoryview(body)
    for start in range(0, len(body), PIECE):
        yield view[start : start + PIECE]  # type: ignore[misc]  # aiohttp and hashlib take both


async def _one(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body
