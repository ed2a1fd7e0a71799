"""How do the bytes of a request become facts?"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from aiohttp.web import BaseRequest

from guard.core import framing
from guard.core.client_address import AddressPolicy, find_client
from guard.core.facts import AddressSource, ClientAddress, IPAddress, RequestFacts
from guard.core.front_hints import HintFields, take
from guard.core.target import authority_and_host, split_absolute
from guard.core.told import Told, ToldBefore
from guard.server.http_server import peer_of, preamble_of
from guard.server.site import Sites


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
        self._before = ToldBefore()

    def read(self, request: BaseRequest) -> RequestFacts:
        """Return the facts of a request whose head is complete.

        Raises:
            RequestError: The target or the Host field has no meaning, or the body may end elsewhere for others.
        """
        path = request._message.path  # the target as received; rel_url is normalised
        absolute, target = split_absolute(path)
        return self._of_lines(request, absolute).asks(request.method, target, at=self._now())

    def _of_lines(self, request: BaseRequest, absolute: str) -> Told:
        peer, port = self._peer(request)
        if absolute or preamble_of(request) is not None:
            return self._read(request, absolute, peer, port)
        # Behind a front server the port is that server's own.
        near = 0 if self._addresses.header and self.peer_is_trusted(request) else port
        key = (request.raw_headers, request.version, request.secure, peer, near)
        if (found := self._before.get(key)) is not None:
            return found
        made = self._read(request, absolute, peer, port)
        # One that stands in for an unreadable line has a port of its own.
        return made if near != port and made.client.source is not AddressSource.HEADER else self._before.keep(key, made)

    def _read(self, request: BaseRequest, absolute: str, peer: IPAddress | None, port: int) -> Told:
        headers = tuple((_text(name), _text(value)) for name, value in request.raw_headers)
        version = f"{request.version.major}.{request.version.minor}"
        framing.check(version, headers)
        authority, host = authority_and_host(absolute, headers)
        headers, hints = take(self._hint_fields, headers, trusted=self.continues(request))
        return Told(
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
        told = None if absolute else self._before.get(key)
        if told is None:
            told = self._of_front(absolute, version, headers, peer, port, tls=tls)
            told = told if absolute else self._before.keep(key, told)
        return told.asks(method, target, at=self._now())

    def _of_front(
        self,
        absolute: str,
        version: str,
        headers: tuple[tuple[str, str], ...],
        peer: IPAddress | None,
        port: int,
        *,
        tls: bool,
    ) -> Told:
        authority, host = authority_and_host(absolute, headers)
        headers, hints = take(self._hint_fields, headers, trusted=self._addresses.trusts(peer))
        return Told(
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


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
