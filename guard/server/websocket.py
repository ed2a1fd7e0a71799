"""How does a WebSocket pass through?

Message by message: the upstream is asked first, with the client's own subprotocols, and the
client is answered with what the upstream chose. Pings and pongs are passed on, so that each
end sees the other end's life and not ours.
"""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp import WSCloseCode, WSMsgType, web
from multidict import CIMultiDict

from guard.core.facts import RequestFacts
from guard.core.licence import LicenceState
from guard.errors import UpstreamError
from guard.server.exchange import Exchange
from guard.server.headers import for_upstream
from guard.server.licences import without_licence
from guard.server.upstream_requests import UpstreamRequests

MAX_MESSAGE = 16 << 20
"""Bytes; a message is held in memory whole."""

_HANDSHAKE = frozenset(
    {"sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol"}
)


def wants_websocket(facts: RequestFacts) -> bool:
    """Tell whether the request is a WebSocket handshake (RFC 6455, section 4.1)."""
    return (
        facts.method == "GET"
        and facts.header("upgrade").lower() == "websocket"
        and "upgrade" in facts.header("connection").lower()
    )


async def bridge(exchange: Exchange, upstreams: UpstreamRequests) -> web.StreamResponse:
    """Connect both ends and return once one of them has closed.

    Raises:
        UpstreamError: The upstream does not accept the handshake.
    """
    facts = exchange.facts
    client = upstreams.clients[exchange.site.host]
    protocols = [item.strip() for item in facts.header("sec-websocket-protocol").split(",") if item.strip()]
    headers = for_upstream(facts, host=facts.authority, peer_is_trusted=exchange.peer_is_trusted, without=_HANDSHAKE)
    if exchange.licence is not LicenceState.NONE:
        headers = without_licence(headers)
    try:
        far = await client.session.ws_connect(
            client.url(facts.target),
            headers=CIMultiDict(headers),
            protocols=protocols,
            autoping=False,
            max_msg_size=MAX_MESSAGE,
        )
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        raise UpstreamError("the site behind the guard does not accept the WebSocket") from error

    async with far:
        chosen = [far.protocol] if far.protocol else []
        near = web.WebSocketResponse(autoping=False, protocols=chosen, max_msg_size=MAX_MESSAGE)
        for name, value in exchange.reservation.headers_for(exchange.facts.path):
            near.headers.add(name, value)
        await near.prepare(exchange.request)
        exchange.sent.status = 101
        await _until_one_ends(_pass_on(near, far), _pass_on(far, near))
        if not far.closed:
            await far.close(code=near.close_code or WSCloseCode.OK)
        if not near.closed:
            await near.close(code=far.close_code or WSCloseCode.OK)
    exchange.sent.completed = True
    return near


_End = web.WebSocketResponse | aiohttp.ClientWebSocketResponse


async def _pass_on(source: _End, target: _End) -> None:
    senders: dict[WSMsgType, Callable[..., Awaitable[None]]] = {
        WSMsgType.TEXT: target.send_str,
        WSMsgType.BINARY: target.send_bytes,
        WSMsgType.PING: target.ping,
        WSMsgType.PONG: target.pong,
    }
    while (message := await source.receive()).type in senders:
        try:
            await senders[message.type](message.data)
        except ConnectionError:
            return


async def _until_one_ends(*directions: Awaitable[None]) -> None:
    tasks = [asyncio.ensure_future(direction) for direction in directions]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
