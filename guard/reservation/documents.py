"""Which bytes and lines tell crawlers the reservation, and how is that whole named in evidence?

An evidence record must name exactly what was in force. So the set has a *manifest*, a JSON
text in the canonical form of RFC 8785:

    ["crawler-guard reservation", 2,
     [[path, media type, SHA-256 of the body in lower-case hex], ...],
     [[header name, header value], ...],
     [[path prefix, [[header name, header value], ...]], ...]]

without the blanks and line ends shown here. Documents are in the order of their paths (by
code point), header lines in the order sent, and the prefixes, whose responses have other lines,
the longest first. Version 1 had no prefixes. The set's digest is the SHA-256 of the manifest,
in lower-case hex; whoever keeps the manifest and the bodies can recompute it years later.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256

from guard.reservation import aitxt, headers, odrl, robots, rsl, tdmrep, terms, trusttxt
from guard.reservation.headers import Line
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
class PathReservation:
    """What responses below one path say, where it differs from the rest of the site."""

    path: str
    """The beginning of the canonical paths that are meant."""
    headers: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservationSet:
    """Everything that one statement says, ready to send."""

    documents: tuple[Document, ...]
    """In the order of their paths."""
    headers: tuple[Line, ...]
    """For responses at every other path, in this order; see `headers.merge` for what the upstream sent."""
    paths: tuple[PathReservation, ...]
    """The longest first; empty where the whole site has one answer."""
    manifest: bytes
    digest: str
    """The SHA-256 of `manifest` in lower-case hex."""
    statement: Statement
    """What all of it was made from; `html.head` of it is for pages."""

    @property
    def terms_url(self) -> str:
        """The page for people; `tdm-policy` may name a policy for machines instead."""
        return self.statement.policy_url

    def document(self, path: str) -> Document | None:
        """Return what is at the canonical `path`, which is compared by case, or None if it is not ours."""
        for document in self.documents:  # with every request
            if document.path == path:
                return document
        return None

    def with_document(self, document: Document) -> "ReservationSet":
        """Return the set with `document` in the place of that at the same path, and the digest that names it."""
        documents = tuple(document if one.path == document.path else one for one in self.documents)
        manifest = _manifest(documents, self.headers, self.paths)
        return replace(self, documents=documents, manifest=manifest, digest=sha256(manifest).hexdigest())

    def headers_for(self, path: str) -> tuple[Line, ...]:
        """Return the lines for a response at the canonical `path`, in the order to send them."""
        return next((one.headers for one in self.paths if path.startswith(one.path)), self.headers)


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
    crawlers = tuple(crawlers)
    bodies = [
        (robots.PATH, robots.MEDIA_TYPE, robots.render(statement, crawlers, disallow=disallow, sitemaps=sitemaps)),
        (aitxt.PATH, aitxt.MEDIA_TYPE, aitxt.render(statement)),
        (tdmrep.PATH, tdmrep.MEDIA_TYPE, tdmrep.render(tdmrep.rules(statement))),
        (rsl.PATH, rsl.MEDIA_TYPE, rsl.render(statement)),
        (terms.PATH, terms.MEDIA_TYPE, terms.render(statement, as_of=as_of)),
        *((path, trusttxt.MEDIA_TYPE, trusttxt.render(statement)) for path in trusttxt.PATHS),
        *(((odrl.PATH, odrl.MEDIA_TYPE, odrl.render(statement)),) if statement.offers else ()),
    ]
    documents = tuple(Document(path=path, media_type=form, body=body) for path, form, body in sorted(bodies))
    lines = headers.lines(statement)
    paths = tuple(
        PathReservation(path=one.path, headers=headers.lines(statement.at(one.path))) for one in statement.paths
    )
    manifest = _manifest(documents, lines, paths)
    return ReservationSet(
        documents=documents,
        headers=lines,
        paths=paths,
        manifest=manifest,
        digest=sha256(manifest).hexdigest(),
        statement=statement,
    )


def _manifest(documents: tuple[Document, ...], lines: tuple[Line, ...], paths: tuple[PathReservation, ...]) -> bytes:
    # Printable ASCII in arrays and one integer: there json's compact form is RFC 8785's.
    value = [
        "crawler-guard reservation",
        2,
        [[document.path, document.media_type, document.digest] for document in documents],
        [list(line) for line in lines],
        [[one.path, [list(line) for line in one.headers]] for one in paths],
    ]
    return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")
