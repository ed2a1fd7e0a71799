"""A live site on loopback of whatever shape: the right one, or with one thing wrong.

Its documents are written out here by hand, from the specifications, so that neither what we
render nor how we read decides what is right.
"""

import io
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from PIL import Image

PACKET = (
    '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    ' xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"'
    ' xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" xmlns:xmpRights="http://ns.adobe.com/xap/1.0/rights/"'
    ' plus:DataMining="http://ns.useplus.org/ldf/vocab/{term}" photoshop:Credit="Jane Doe"'
    ' xmpRights:WebStatement="https://photo.example/terms">'
    '<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">© Jane Doe</rdf:li></rdf:Alt></dc:rights>'
    "<dc:creator><rdf:Seq><rdf:li>Jane Doe</rdf:li></rdf:Seq></dc:creator>"
    '<xmpRights:UsageTerms><rdf:Alt><rdf:li xml:lang="x-default">Ask.</rdf:li></rdf:Alt></xmpRights:UsageTerms>'
    '<plus:Licensor><rdf:Seq><rdf:li plus:LicensorURL="https://photo.example/licence"/></rdf:Seq></plus:Licensor>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
)
RESERVED = "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING"
SIGNALS = (
    "Content-Usage: train-ai=n, ai-use=n, search=y\nContent-Signal: search=yes, ai-input=no, ai-train=no\n"
    "License: {origin}/rsl.xml\n"
)
ROBOTS = (
    "User-agent: GPTBot\nUser-agent: ClaudeBot\nUser-agent: CCBot\nUser-agent: Google-Extended\n"
    "User-agent: Applebot-Extended\nUser-agent: meta-externalagent\nUser-agent: Bytespider\nUser-agent: Amazonbot\n"
    f"Disallow: /\n{SIGNALS}\nUser-agent: *\nDisallow: /private/\nAllow: /\n{SIGNALS}"
)
RSL = (
    '<rsl xmlns="https://rslstandard.org/rsl" max-age="7"><content url="/"><license>'
    '<permits type="usage">search</permits><prohibits type="usage">ai-train ai-input ai-index</prohibits>'
    "</license></content></rsl>"
)
TERMS = (
    '<!doctype html><html lang="en"><title>Terms</title>'
    + "<p>The rights holder expressly reserves text and data mining under Article 4(3) of Directive (EU) 2019/790 and "
    "section 44b(3) UrhG; crawling, scraping and machine learning are prohibited without prior consent.</p>"
    * 4
    + "<p>Der Rechtsinhaber behält sich Text und Data Mining vor; es ist untersagt.</p>"
)
PAGE = (
    '<!doctype html><html lang="en"><head><title>Album</title>'
    '<meta name="robots" content="noai, noimageai, noarchive"><meta name="tdm-reservation" content="1">'
    '<meta name="tdm-policy" content="/terms"><script type="application/ld+json">{data}</script></head>'
    '<body><img src="/one.jpg"><img src="/two.jpg"><a href="/terms">Terms</a></body></html>'
)
DATA = json.dumps(
    {
        "@type": "ImageObject",
        "contentUrl": "/one.jpg",
        "license": "/terms",
        "acquireLicensePage": "/licence",
        "creator": {"@type": "Person", "name": "Jane Doe"},
        "creditText": "Jane Doe",
        "copyrightNotice": "© Jane Doe",
    }
)
HEADERS = (
    ("X-Robots-Tag", "noai, noimageai, noarchive"),
    ("X-Robots-Tag", "max-image-preview:large"),
    ("tdm-reservation", "1"),
    ("tdm-policy", "/terms"),
    ("Content-Usage", "train-ai=n, ai-use=n, search=y"),
)


def picture(term: str = RESERVED, packet: str = PACKET) -> bytes:
    """Return a JPEG with an XMP packet, put behind the start of the image by hand."""
    buffer = io.BytesIO()
    Image.linear_gradient("L").resize((64, 48)).save(buffer, "JPEG")
    body = buffer.getvalue()
    content = b"http://ns.adobe.com/xap/1.0/\0" + packet.replace("{term}", term).encode()
    return body[:2] + b"\xff\xe1" + (len(content) + 2).to_bytes(2, "big") + content + body[2:]


@dataclass
class Answer:
    """What is answered at one path; `{origin}` in the body becomes the site's."""

    body: bytes
    media_type: str = "text/html; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    status: int = 200


def right() -> dict[str, Answer]:
    """Return a site that reserves everything but search, in every way, without a fault."""
    data = picture()
    return {
        "/": Answer(PAGE.replace("{data}", DATA).encode(), headers=HEADERS),
        "/robots.txt": Answer(ROBOTS.encode(), "text/plain"),
        "/.well-known/tdmrep.json": Answer(
            b'[{"location": "/", "tdm-reservation": 1, "tdm-policy": "/terms"}]', "application/json"
        ),
        "/ai.txt": Answer(b"User-Agent: *\nDisallow: *.jpg\nDisallow: /\nDisallow: *\n", "text/plain"),
        "/trust.txt": Answer(b"datatrainingallowed=no\n", "text/plain"),
        "/rsl.xml": Answer(RSL.encode(), "application/rsl+xml"),
        "/terms": Answer(TERMS.encode(), headers=HEADERS),
        "/one.jpg": Answer(data, "image/jpeg", HEADERS),
        "/two.jpg": Answer(data, "image/jpeg", HEADERS),
    }


def refuse_gptbot(agent: str, path: str) -> int:
    """Refuse pictures to a crawler that names itself."""
    return 403 if "GPTBot" in agent and path.endswith(".jpg") else 0


def refuse_nobody(_agent: str, _path: str) -> int:
    """Give everything to everybody."""
    return 0


@dataclass
class ShapedSite:
    """Serves `pages` until it is closed; what is not there is 404."""

    pages: dict[str, Answer] = field(default_factory=right)
    refuse: Callable[[str, str], int] = refuse_gptbot
    """Status with which a user agent is refused a path; 0 for none."""
    bare: frozenset[str] = frozenset()
    """Which of HEAD, 206 and 304 go without the extra header lines."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and user agent of every request."""
    refused: Answer = field(default_factory=lambda: Answer(b"{}", "application/problem+json", HEADERS))
    _server: ThreadingHTTPServer | None = None

    def __enter__(self) -> "ShapedSite":
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one piece: no waiting for acknowledgements

            def do_GET(self) -> None:
                site._answer(self)

            def do_HEAD(self) -> None:
                site._answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *error: object) -> None:
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()

    @property
    def origin(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        agent, path = handler.headers.get("User-Agent", ""), handler.path
        self.asked.append((handler.command, path, agent))
        answer = self.pages.get(path) or self.pages.get("*") or Answer(b"not found", "text/plain", status=404)
        status, body = answer.status, answer.body.replace(b"{origin}", self.origin.encode())
        if refusal := self.refuse(agent, path):
            answer, status, body = self.refused, refusal, self.refused.body
        tag = f'"{hash(answer.body)}"'
        lines = answer.headers
        name = handler.command
        if status == 200 and handler.headers.get("If-None-Match") == tag:
            name, status, body = "304", 304, b""
        elif status == 200 and handler.headers.get("Range"):
            name, status, body = "206", 206, body[:100]
        handler.send_response(status)
        if status != 304:
            handler.send_header("Content-Type", answer.media_type)
            handler.send_header("Content-Length", str(len(body)))
        handler.send_header("ETag", tag)
        for key, value in () if name in self.bare else lines:
            handler.send_header(key, value.replace("{origin}", self.origin))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)
