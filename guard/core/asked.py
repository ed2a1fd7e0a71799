"""Which request does a front server ask about?

It keeps the visitor's connection and asks us, in a request of its own, what to do (nginx
`auth_request`, Caddy `forward_auth`, Traefik ForwardAuth). What the visitor wants then stands in
header fields: `X-Original-…` where a person wrote them into nginx's configuration, `X-Forwarded-…`
where Caddy and Traefik write them. Which of the two counts says the address that the front asks
at, never the request: a visitor can send the other one, and Caddy passes it on.

A field that should be there once and is not, or is there twice, is no request to decide about.
That is an error of the configuration, and people would all look like the front server.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from guard.core.client_address import AddressPolicy, find_client
from guard.core.facts import AddressSource, IPAddress, RequestFacts
from guard.core.target import authority_and_host, split_absolute
from guard.core.told import Told
from guard.errors import RequestError

_METHOD = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}")
_OF_THE_QUESTION = frozenset(
    {"connection", "content-length", "transfer-encoding", "keep-alive", "te", "upgrade", "host", "expect"}
)
"""Lines of the sub-request itself; the visitor's do not get this far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one kind of front server asks, and which answers it understands."""

    name: str
    prefix: str
    """Of the fields that tell the request: then come `method`, `uri`, `host`, `proto` and `for`."""
    only_403: bool = False
    """Every refusal is 403, without a body, and the real status stands in `Guard-Status`: nginx takes 401 and 403 for
    refusals and everything else but 2xx for an error of ours."""
    hands_over: bool = False
    """Whatever is not simply allowed is answered 401: the front then sends the request itself through the guard, which
    decides again, records it and answers. Nothing is recorded here."""
    tells_kind: bool = False
    """Whoever asks can show its response, in a second question."""


NGINX = Dialect(name="nginx", prefix="x-original-", only_403=True)
HAND_OVER = Dialect(name="nginx", prefix="x-original-", hands_over=True)
FORWARDED = Dialect(name="forwarded", prefix="x-forwarded-")
APPLICATION = Dialect(name="application", prefix="x-original-", tells_kind=True)

DIALECTS = {"/nginx": NGINX, "/nginx/hand-over": HAND_OVER, "/forwarded": FORWARDED, "/application": APPLICATION}
"""By the path at which the front server asks."""


def original(
    dialect: Dialect,
    lines: Sequence[tuple[str, str]],
    *,
    at: datetime,
    version: str,
    peer: IPAddress | None,
    addresses: AddressPolicy,
    site_of: Callable[[str], str],
) -> RequestFacts:
    """Return the facts of the request that `lines`, the head of a front server's question, tell about.

    Args:
        version: `1.0` or `1.1`, of the question: nobody tells that of the visitor.
        peer: Who asks; a server that is believed. None stands for a unix socket.
        addresses: Who else in front of it is believed about the visitor's address; its `header` is not used.

    Raises:
        RequestError: A field is missing, is there twice, or makes no sense.
    """
    absolute, target = split_absolute(_one(lines, f"{dialect.prefix}uri"))
    told = told_besides(
        dialect, lines, absolute, version=version, peer=peer, addresses=addresses, site_of=site_of
    )  # fmt: skip
    return told.asks(method_of(dialect, lines), target, at=at)


def method_of(dialect: Dialect, lines: Sequence[tuple[str, str]]) -> str:
    """Return the method of the request that `lines` tell about; RequestError if there is none."""
    method = _one(lines, f"{dialect.prefix}method")
    if not _METHOD.fullmatch(method):
        raise RequestError(f"{dialect.prefix}method is no method")
    return method


def told_besides(
    dialect: Dialect,
    lines: Sequence[tuple[str, str]],
    absolute: str,
    *,
    version: str,
    peer: IPAddress | None,
    addresses: AddressPolicy,
    site_of: Callable[[str], str],
) -> Told:
    """Return what all lines tell but those of method and target; `absolute` is the authority of an absolute-form one.

    Raises:
        RequestError: As `original` does.
    """
    prefix = dialect.prefix
    told = [value for name, value in lines if name.lower() == f"{prefix}host"]
    authority, host = authority_and_host(absolute, [("host", value) for value in told])
    # Whoever may ask is believed, whatever its address.
    client = find_client(replace(addresses, header=f"{prefix}for", trust_unix=True), None, 0, lines)
    if client.source is not AddressSource.HEADER:
        raise RequestError(f"{prefix}for does not tell the visitor's address")
    kept = tuple(line for line in lines if not _is_of_the_question(line[0].lower(), prefix))
    return Told(
        site=site_of(host),
        scheme="https" if _scheme(lines, prefix) == "https" else "http",
        authority=authority,
        host=host,
        version=version,
        headers=(("Host", authority), *kept) if authority else kept,
        client=client if peer is None else replace(client, peer=str(peer)),
    )


def _is_of_the_question(name: str, prefix: str) -> bool:
    return name in _OF_THE_QUESTION or name.startswith(prefix)


def _one(lines: Sequence[tuple[str, str]], name: str) -> str:
    values = [value.strip() for key, value in lines if key.lower() == name]
    if len(values) != 1 or not values[0]:
        count = "no" if not values else "an empty" if len(values) == 1 else f"{len(values)}"
        raise RequestError(f"the front server sent {count} {name} line{'s' if len(values) > 1 else ''}")
    return values[0]


def _scheme(lines: Sequence[tuple[str, str]], prefix: str) -> str:
    said = [value.strip().lower() for name, value in lines if name.lower() == f"{prefix}proto"]
    return said[0] if len(said) == 1 else ""
