"""How are our own documents answered?

robots.txt, ai.txt, tdmrep.json and the terms page are answered 200 to everyone who may
read, refused crawlers included: a crawler that gets 403 or 429 for robots.txt may take it
as a permission (RFC 9309, section 2.3.1.3).
"""

from aiohttp import web

from guard.reservation.documents import Document
from guard.server.exchange import Exchange
from guard.server.log_head import LogHead
from guard.server.sending import send_bytes

MAX_AGE = 3600
"""Seconds; RFC 9309, section 2.4, asks for at most a day."""


class WellKnown:
    """Answers for the paths that belong to the reservation, and for those of the log's head."""

    def __init__(self, log: LogHead) -> None:
        self.log = log

    def find(self, exchange: Exchange) -> Document | None:
        """Return the document that the request asks for, if it is one of ours."""
        return exchange.reservation.document(exchange.facts.path)

    async def send(self, exchange: Exchange, document: Document) -> web.StreamResponse:
        """Send it: 200, 304 for a copy that is still right, or 405 for a method that would change something."""
        tag = f'"{document.digest[:32]}"'
        headers = (
            ("Content-Type", document.media_type),
            ("Cache-Control", f"public, max-age={MAX_AGE}"),
            ("ETag", tag),
        )
        method = exchange.facts.method
        if method not in ("GET", "HEAD"):
            return await send_bytes(exchange, 405, (("Allow", "GET, HEAD"),), b"")
        if tag in (item.strip() for item in exchange.facts.header("if-none-match").split(",")):
            return await send_bytes(exchange, 304, headers, b"")
        return await send_bytes(exchange, 200, headers, document.body)
