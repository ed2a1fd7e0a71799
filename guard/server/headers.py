"""Which header lines cross the proxy, and what is added?

Hop-by-hop fields, those the Connection field names, and every statement about where the
request came from stay behind; ours are set in their place (RFC 9110, section 7.6.1;
RFC 7239). Order and spelling of all other lines are kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from guard.core.facts import AddressSource, HeaderLines, RequestFacts

Headers = tuple[tuple[str, str], ...]

HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

FORWARDING = frozenset(
    {"forwarded", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip"}
)

_OURS = frozenset({"guard_pass", "guard_view"})
"""Cookies that are between the client and us: a site's own page cache would pass over a visitor with cookies."""

_PINNED = frozenset({"host", "content-length", "content-type", "authorization", "cookie"})
"""A Connection field that names one of these would change what the request means; it is not believed."""


def of_answer(fields: Sequence[tuple[bytes, bytes]]) -> HeaderLines:
    """Return the lines of an upstream's answer that are not for this hop only."""
    connection = b",".join([value for name, value in fields if len(name) == 10 and name.lower() == b"connection"])
    kept = _kept_of_answer(tuple([name for name, _ in fields]), connection)
    return HeaderLines([(name, fields[place][1].decode("utf-8", "surrogateescape")) for place, name in kept])


@lru_cache(maxsize=512)
def _kept_of_answer(names: tuple[bytes, ...], connection: bytes) -> tuple[tuple[int, str], ...]:
    """Return place and name of the fields that are kept; an upstream's answers have the same ones again and again."""
    named = {token.strip().lower() for token in connection.decode("utf-8", "surrogateescape").split(",")}
    dropped = HOP_BY_HOP | (named - _PINNED)
    text = [name.decode("utf-8", "surrogateescape") for name in names]
    return tuple((place, name) for place, name in enumerate(text) if name.lower() not in dropped)


def end_to_end(headers: Iterable[tuple[str, str]]) -> Headers:
    """Return the lines that are not for this hop only."""
    lines = tuple(headers)
    named = {
        token.strip().lower() for name, value in lines if name.lower() == "connection" for token in value.split(",")
    }
    dropped = HOP_BY_HOP | (named - _PINNED)
    return tuple((name, value) for name, value in lines if name.lower() not in dropped)


def for_upstream(facts: RequestFacts, *, host: str, peer_is_trusted: bool, without: frozenset[str]) -> Headers:
    """Return the lines to send to the upstream.

    Args:
        host: The Host field as the client sent it, port included.
        peer_is_trusted: The peer is a configured front server, so its forwarding lines are continued;
            otherwise they are what the client invented, and replaced.
        without: Lower-case names of further fields to leave out.
    """
    lines = facts.headers
    if type(lines) is not HeaderLines:
        return _for_upstream(facts, host, peer_is_trusted=peer_is_trusted, without=without)
    return lines.once(
        "upstream",
        (facts.client, facts.scheme, host, peer_is_trusted, without),
        lambda: HeaderLines(_for_upstream(facts, host, peer_is_trusted=peer_is_trusted, without=without)),
    )


def _for_upstream(facts: RequestFacts, host: str, *, peer_is_trusted: bool, without: frozenset[str]) -> Headers:
    dropped = FORWARDING | without | {"host", "expect"}
    kept = [(name, value) for name, value in _without_ours(end_to_end(facts.headers)) if name.lower() not in dropped]
    client = facts.client
    address = str(client.address) if client.address else "unknown"
    node = f'"[{address}]"' if ":" in address else address
    chain = [client.peer if client.peer != "unix" else "unknown"]
    if client.source is AddressSource.PROXY_PROTOCOL:
        chain = [address]  # who passes on bytes is no hop of HTTP
    forwarded = [f'for={node};host="{_quotable(host)}";proto={facts.scheme}']
    if peer_is_trusted:
        chain = [*_values(facts, "x-forwarded-for"), *chain]
        forwarded = [*_values(facts, "forwarded"), *forwarded]
    return (
        ("Host", host),
        *kept,
        ("X-Forwarded-For", ", ".join(chain)),
        ("X-Forwarded-Host", host),
        ("X-Forwarded-Proto", facts.scheme),
        ("X-Real-IP", address),
        ("Forwarded", ", ".join(forwarded)),
    )


def _without_ours(headers: Headers) -> Iterator[tuple[str, str]]:
    """Leave our cookies out; a Cookie field that held nothing else is gone, any other stays as it was written."""
    for name, value in headers:
        if name.lower() == "cookie" and "guard_" in value:
            crumbs = value.split(";")
            others = [crumb for crumb in crumbs if crumb.partition("=")[0].strip() not in _OURS]
            if not others:
                continue
            if len(others) < len(crumbs):
                yield name, ";".join(others).strip()
                continue
        yield name, value


def _values(facts: RequestFacts, name: str) -> list[str]:
    return [value.strip() for key, value in facts.headers if key.lower() == name and value.strip()]


def _quotable(text: str) -> str:
    return text.replace("\\", "").replace('"', "")
