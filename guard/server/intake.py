"""How do the bytes of a request become facts?

A page's pictures are asked for with the same header lines: what they say is read once, for as long as they come again.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Final, NamedTuple

from aiohttp.web import BaseRequest

from guard.core import framing
from guard.core.client_address import AddressPolicy, find_client
from guard.core.facts import AddressSource, ClientAddress, HeaderLines, IPAddress, RequestFacts
from guard.core.front_hints import FrontHints, HintFields, take
from guard.core.target import authority_and_host, canonical_path, split_absolute
from guard.server.http_server import peer_of, preamble_of
from guard.server.site import Sites

REMEMBERED: Final = 1024
"""Sets of header lines, at most some 16 KiB each with what is made of them."""
_LONGEST: Final = 2048
"""Characters of one that is remembered."""


class _Told(NamedTuple):
    """What the header lines of a request tell, whatever it asks for."""

    site: str
    scheme: str
    authority: str
    host: str
    version: str
    headers: tuple[tuple[str, str], ...]
    client: ClientAddress
    hints: FrontHints


class Intake:
    """Reads requests: one source for the client's address, one canonical path, one site."""

    def __init__(
        self,
        sites: Sites,
        addresses: AddressPolicy,
        now: Callable[[], datetime],
        hint_fields: HintFields = HintFields(),  # noqa: B008  # frozen
    ) -> None:
        self._sites = sites
        self._addresses = addresses
        self._hint_fields = hint_fields
        self._now = now
        self._peer_before: object = self
        self._believed = False
        self._remembered: OrderedDict[tuple[object, ...], _Told] = OrderedDict()

    def read(self, request: BaseRequest) -> RequestFacts:
        """Return the facts of a request whose head is complete.

        Raises:
            RequestError: The target or the Host field has no meaning, or the body may end elsewhere for others.
        """
        path = request._message.path  # the target as received; rel_url is normalised
        absolute, target = split_absolute(path)
        told = self._told(request, absolute)
        return _facts(told, self._now(), request.method, target)

    def _told(self, request: BaseRequest, absolute: str) -> _Told:
        peer, port = self._peer(request)
        if absolute or preamble_of(request) is not None:
            return self._read(request, absolute, peer, port)
        # Behind a front server the port is that server's own.
        near = 0 if self._addresses.header and self.peer_is_trusted(request) else port
        key = (request.raw_headers, request.version, request.secure, peer, near)
        found = self._remembered.get(key)
        if found is not None:
            self._remembered.move_to_end(key)
            return found
        made = self._read(request, absolute, peer, port)
        return made if near != port and made.client.source is not AddressSource.HEADER else self._keep(key, made)

    def _keep(self, key: tuple[object, ...], made: _Told) -> _Told:
        if sum([len(name) + len(value) for name, value in made.headers]) > _LONGEST:
            return made
        made = self._remembered[key] = made._replace(headers=HeaderLines(made.headers))
        if len(self._remembered) > REMEMBERED:
            self._remembered.popitem(last=False)
        return made

    def _read(self, request: BaseRequest, absolute: str, peer: IPAddress | None, port: int) -> _Told:
        headers = tuple((_text(name), _text(value)) for name, value in request.raw_headers)
        version = f"{request.version.major}.{request.version.minor}"
        framing.check(version, headers)
        authority, host = authority_and_host(absolute, headers)
        headers, hints = take(self._hint_fields, headers, trusted=self.continues(request))
        return _Told(
            site=self._sites.find(host).host,
            scheme=self._scheme(request, headers),
            authority=authority,
            host=host,
            version=version,
            headers=headers,
            client=self._client(request, peer, port, headers),
            hints=hints,
        )

    def told(
        self,
        *,
        method: str,
        target: str,
        version: str,
        headers: tuple[tuple[str, str], ...],
        peer: IPAddress | None,
        port: int,
        tls: bool,
    ) -> RequestFacts:
        """Return the facts of a request that a front server tells about as it came: from `peer`, with these lines.

        Raises:
            RequestError: The target or the Host field has no meaning.
        """
        absolute, target = split_absolute(target)
        key = (headers, version, tls, peer, port)
        told = None if absolute else self._remembered.get(key)
        if told is None:
            told = self._told_by_front(absolute, version, headers, peer, port, tls=tls)
            if not absolute:
                told = self._keep(key, told)
        return _facts(told, self._now(), method, target)

    def _told_by_front(
        self,
        absolute: str,
        version: str,
        headers: tuple[tuple[str, str], ...],
        peer: IPAddress | None,
        port: int,
        *,
        tls: bool,
    ) -> _Told:
        authority, host = authority_and_host(absolute, headers)
        headers, hints = take(self._hint_fields, headers, trusted=self._addresses.trusts(peer))
        return _Told(
            site=self._sites.find(host).host,
            scheme="https" if tls else "http",
            authority=authority,
            host=host,
            version=version,
            headers=headers,
            client=find_client(self._addresses, peer, port, headers),
            hints=hints,
        )

    def trusts(self, peer: IPAddress | None) -> bool:
        """Tell whether this is the address of a configured front server."""
        return self._addresses.trusts(peer)

    def peer_is_trusted(self, request: BaseRequest) -> bool:
        """Tell whether the connection comes from a configured front server."""
        peer = self._peer(request)[0]
        # It is asked several times of each request, and one connection has one peer.
        if peer is not self._peer_before:
            self._peer_before, self._believed = peer, self._addresses.trusts(peer)
        return self._believed

    def continues(self, request: BaseRequest) -> bool:
        """Tell whether forwarding lines of the request are that server's, and not the visitor's own."""
        return not self._addresses.preamble and self.peer_is_trusted(request)

    def _client(
        self, request: BaseRequest, peer: IPAddress | None, port: int, headers: tuple[tuple[str, str], ...]
    ) -> ClientAddress:
        client = find_client(self._addresses, peer, port, headers)
        told = preamble_of(request)
        if told is None or told.address is None:
            return client
        return replace(client, address=told.address, port=told.port, source=AddressSource.PROXY_PROTOCOL)

    def _peer(self, request: BaseRequest) -> tuple[IPAddress | None, int]:
        told: tuple[IPAddress | None, int] | None = getattr(request, "peer", None)
        return peer_of(request.transport) if told is None else told

    def _scheme(self, request: BaseRequest, headers: tuple[tuple[str, str], ...]) -> str:
        if (told := preamble_of(request)) is not None and told.tls:
            return "https"
        if self.continues(request):
            said = [value.strip().lower() for name, value in headers if name.lower() == "x-forwarded-proto"]
            if said and said[-1] in ("http", "https"):
                return said[-1]
        return "https" if request.secure else "http"


def _facts(told: _Told, at: datetime, method: str, target: str) -> RequestFacts:
    return RequestFacts(
        at=at,
        site=told.site,
        scheme=told.scheme,
        authority=told.authority,
        host=told.host,
        method=method,
        target=target,
        path=canonical_path(target),
        version=told.version,
        headers=told.headers,
        client=told.client,
        hints=told.hints,
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
