"""Who gets a ticket, who needs none, and what do caches read?

Off unless the owner asks for it. Pages of the site give tickets to whoever may be a person. Since an
answer that came without asking us gives none, every page is asked for anew, and no shared cache may keep it,
nor a picture for which some rule wants a ticket.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import Counter

from guard.core import tickets
from guard.core.challenge import safe_target
from guard.core.classification import Classification, Identity, TicketState
from guard.core.facts import Kind, RequestFacts
from guard.core.licence import LicenceState
from guard.core.policy import Action, Policy
from guard.core.tickets import COOKIE, AskedFor, Worth, opened_by_itself
from guard.server.answers import Made
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.instead import SERVED_UNRECORDED
from guard.server.refusals import language_of
from guard.server.shared_caches import for_one_party
from guard.server.ticket_page import SECURITY, Words, render
from guard.settings import Settings
from guard.store import ticket_keys

_NEEDS_NONE: Final = Worth(TicketState.NOT_ASKED, due=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketOptions:
    """What the owner has set."""

    hours: int = 24
    embedders: tuple[str, ...] = ()
    """Hosts whose pages may show originals; `*.name` is everything below it."""


class Tickets:
    """Gives and reads the tickets of one guard."""

    def __init__(self, keys: Sequence[bytes], options: TicketOptions, policy: Policy, counter: Counter) -> None:
        """Take the keys, the newest first, and a counter by site and result."""
        self._keys = tuple(keys)
        self._options = options
        self._asked_for = AskedFor(policy)
        self._counter = counter

    def look(self, facts: RequestFacts, who: Classification, *, own: bool) -> Worth:
        """Say what the tickets of a request are worth; our own need none."""
        return _NEEDS_NONE if own else look(self._keys, self._options, facts, who)

    def dressed(self, exchange: Exchange, status: int, headers: Headers) -> Headers:
        """Return the head of an answer from the upstream, with a ticket if it gives one, and right for caches."""
        facts, decision = exchange.facts, exchange.decided
        if facts.method not in ("GET", "HEAD") or status >= 400:
            return headers
        if exchange.kind is Kind.PAGE or (exchange.kind is Kind.UNKNOWN and status == 304 and opened_by_itself(facts)):
            given = self._ticket(exchange) if decision.action is Action.ALLOW and status in (200, 206, 304) else ()
            return (*for_one_party(headers, "no-cache"), *given)
        if decision.by_ticket:
            # The same address gives another picture as soon as there is a ticket.
            self._counter.labels(exchange.site.host, "smaller").inc()
            return (*for_one_party(headers, "no-cache"), ("Vary", "Cookie"))
        if exchange.seen is not None and self._asked_for.concerns(facts, exchange.seen):
            given = self._ticket(exchange) if exchange.who.ticket is TicketState.VALID else ()
            # What a browser keeps for its own user may serve that user later, whatever has become of the ticket.
            return (*for_one_party(headers), *given)
        return headers

    def page(self, exchange: Exchange) -> Made:
        """Make the page for somebody who opens a picture by itself; it gives the ticket."""
        owner, language = exchange.site.owner, language_of(exchange.facts)
        words = Words(
            language=language,
            picture=safe_target(exchange.facts.target),
            host=exchange.facts.host,
            hours=self._options.hours,
            holder=owner.holder,
            contact=owner.contact,
            terms=exchange.reservation.terms_url,
        )
        self._counter.labels(exchange.site.host, "page").inc()
        headers: Headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Language", language),
            ("Content-Security-Policy", SECURITY),
            ("Cache-Control", "no-store"),
            ("Vary", "Cookie, Sec-Fetch-Dest, Accept, Accept-Language, User-Agent"),
            *self._ticket(exchange),
        )
        return Made(status=403, headers=headers, body=render(words), rendition="page", reference="")

    def _ticket(self, exchange: Exchange) -> Headers:
        """Return the line that gives a ticket, where one is due and the client may be a person."""
        if not exchange.ticket_due or exchange.who.is_crawler:
            return ()
        self._counter.labels(exchange.site.host, "given").inc()
        secure = "; Secure" if exchange.facts.scheme == "https" else ""
        value = tickets.seal(self._keys[0], exchange.facts)
        lives = self._options.hours * tickets.HOUR
        return (("Set-Cookie", f"{COOKIE}={value}; Path=/; Max-Age={lives}; HttpOnly; SameSite=Lax{secure}"),)


def tickets_of(settings: Settings, policy: Policy, counter: Counter) -> Tickets | None:
    """Return what gives tickets; None where the owner wants none.

    Raises:
        GuardError: The keys can not be read.
    """
    said = settings.tickets
    if not said.give:
        return None
    keys = ticket_keys.load(ticket_keys.folder_in(settings.evidence.directory))
    return Tickets(keys, TicketOptions(hours=said.hours, embedders=said.embedders), policy, counter)


def look(keys: Sequence[bytes], options: TicketOptions, facts: RequestFacts, who: Classification) -> Worth:
    """Say what the tickets of a request are worth.

    None is asked of licensees, of search engines and their like once they are verified, and of what a page of a site
    shows that the owner has named.
    """
    if who.licence.state is LicenceState.VALID or _is_embedded(facts, options.embedders):
        return _NEEDS_NONE
    if who.identity is Identity.VERIFIED and who.purpose in SERVED_UNRECORDED:
        return _NEEDS_NONE
    return tickets.worth(keys, facts, options.hours)


def _is_embedded(facts: RequestFacts, embedders: tuple[str, ...]) -> bool:
    if not embedders:
        return False
    said = facts.header("origin") or facts.header("referer")
    host = said.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0].lower()
    return any(host.endswith(name[1:]) if name.startswith("*.") else host == name for name in embedders)
