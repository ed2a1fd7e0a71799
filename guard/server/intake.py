"""How do the bytes of a request become facts?"""

from collections.abc import Callable
from datetime import datetime

from aiohttp.web import BaseRequest

from guard.core import framing
from guard.core.client_address import AddressPolicy, find_client, parse_address
from guard.core.facts import IPAddress, RequestFacts
from guard.core.front_hints import HintFields, take
from guard.core.target import authority_and_host, canonical_path, split_absolute
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

    def read(self, request: BaseRequest) -> RequestFacts:
        """Return the facts of a request whose head is complete.

        Raises:
            RequestError: The target or the Host field has no meaning, or the body may end elsewhere for others.
        """
        headers = tuple((_text(name), _text(value)) for name, value in request.raw_headers)
        version = f"{request.version.major}.{request.version.minor}"
        framing.check(version, headers)
        absolute, target = split_absolute(request._message.path)  # the target as received; rel_url is normalised
        authority, host = authority_and_host(absolute, headers)
        peer, port = self._peer(request)
        headers, hints = take(self._hint_fields, headers, trusted=self._addresses.trusts(peer))
        return RequestFacts(
            at=self._now(),
            site=self._sites.find(host).host,
            scheme=self._scheme(request, peer, headers),
            authority=authority,
            host=host,
            method=request.method,
            target=target,
            path=canonical_path(target),
            version=version,
            headers=headers,
            client=find_client(self._addresses, peer, port, headers),
            hints=hints,
        )

    def peer_is_trusted(self, request: BaseRequest) -> bool:
        """Tell whether the connection comes from a configured front server."""
        return self._addresses.trusts(self._peer(request)[0])

    def _peer(self, request: BaseRequest) -> tuple[IPAddress | None, int]:
        peername = request.transport.get_extra_info("peername") if request.transport else None
        if not isinstance(peername, tuple) or len(peername) < 2:
            return None, 0
        return parse_address(str(peername[0])), int(peername[1])

    def _scheme(self, request: BaseRequest, peer: IPAddress | None, headers: tuple[tuple[str, str], ...]) -> str:
        if self._addresses.trusts(peer):
            said = [value.strip().lower() for name, value in headers if name.lower() == "x-forwarded-proto"]
            if said and said[-1] in ("http", "https"):
                return said[-1]
        return "https" if request.secure else "http"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
