"""Which bytes and lines tell crawlers the reservation, and how is that whole named in evidence?

An evidence record must name exactly what was in force. So the set has a *manifest*, a JSON
text in the canonical form of RFC 8785:

    ["crawler-guard reservation", 1,
     [[path, media type, SHA-256 of the body in lower-case hex], ...],
     [[header name, header value], ...]]

without the blanks and line ends shown here. Documents are in the order of their paths (by
code point), header lines in the order sent. The set's digest is the SHA-256 of the manifest,
in lower-case hex; whoever keeps the manifest and the bodies can recompute it years later.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from guard.reservation import aitxt, headers, robots, tdmrep, terms
from guard.reservation.statement import Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One file that everybody may fetch, always with status 200."""

    path: str
    """Canonical, as `RequestFacts.path` is."""
    media_type: str
    """The Content-Type value."""
    body: bytes

    @property
    def digest(self) -> str:
        """Return the SHA-256 of the body in lower-case hex."""
        return sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationSet:
    """Everything that one statement says, ready to send."""

    documents: tuple[Document, ...]
    """In the order of their paths."""
    headers: tuple[tuple[str, str], ...]
    """For every response, in this order; see `headers.merge` for what the upstream sent."""
    manifest: bytes
    digest: str
    """The SHA-256 of `manifest` in lower-case hex."""
    kept_out: frozenset[str]
    """The product tokens, in lower case, that robots.txt disallows everything for."""

    def document(self, path: str) -> Document | None:
        """Return what is at the canonical `path`, which is compared by case, or None if it is not ours."""
        return next((document for document in self.documents if document.path == path), None)


def render(
    statement: Statement,
    crawlers: Sequence[tuple[str, str]],
    *,
    as_of: date,
    disallow: Iterable[str] = (),
    sitemaps: Iterable[str] = (),
) -> ReservationSet:
    """Return all documents and header lines of `statement`.

    `crawlers` is the whole catalogue as (token, purpose). `as_of` is the day since which the statement holds, not today
    (so that one statement keeps its digest). `disallow` are paths that no crawler may fetch.

    Raises:
        ConfigurationError: A path or sitemap can not be written into robots.txt.
    """
    documents = tuple(
        Document(path=path, media_type=media_type, body=body)
        for path, media_type, body in sorted(
            (
                (
                    robots.PATH,
                    robots.MEDIA_TYPE,
                    robots.render(statement, crawlers, disallow=disallow, sitemaps=sitemaps),
                ),
                (aitxt.PATH, aitxt.MEDIA_TYPE, aitxt.render(statement)),
                (tdmrep.PATH, tdmrep.MEDIA_TYPE, tdmrep.render(tdmrep.rules(statement))),
                (terms.PATH, terms.MEDIA_TYPE, terms.render(statement, as_of=as_of)),
            )
        )
    )
    lines = headers.lines(statement)
    manifest = _manifest(documents, lines)
    chosen = robots.choose(statement, crawlers)
    return ReservationSet(
        documents=documents,
        headers=lines,
        manifest=manifest,
        digest=sha256(manifest).hexdigest(),
        kept_out=frozenset(token.lower() for token in (*chosen.protected, *chosen.listed)),
    )


def _manifest(documents: tuple[Document, ...], lines: tuple[tuple[str, str], ...]) -> bytes:
    # Printable ASCII in arrays and one integer: there json's compact form is RFC 8785's.
    value = [
        "crawler-guard reservation",
        1,
        [[document.path, document.media_type, document.digest] for document in documents],
        [[name, value] for name, value in lines],
    ]
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
