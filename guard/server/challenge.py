"""Does a client that the policy challenges hold a pass, and how does it get one?

    page asked for ─▶ 403 with a link that opens itself after a moment ─▶ (a small proof of work, where
    the owner asks for it) ─▶ 303 with the cookie ─▶ is the cookie back? ─▶ 303 to the page, or 403: no cookies here

Every step but the second works without script. Nothing can go round: the last step asks for
the cookie before it sends the client back, and whoever does not keep it is told so, once,
on a page without a link that opens itself. A client whose address changes with every request
is known by the passes it has collected.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from guard.core import challenge
from guard.core.challenge import COOKIE, NONCE_SIZE, PATH, Challenge, Holder, holder_of
from guard.core.policy import Action, Decision
from guard.core.reference_code import shown
from guard.server.answers import Made
from guard.server.cards import new_code
from guard.server.challenge_page import Step, Words, render
from guard.server.exchange import Exchange
from guard.server.headers import Headers
from guard.server.refusals import language_of
from guard.store.clients import ClientTable, Standing

MOST_PASSES: Final = 4
"""Passes in one cookie: a telephone changes between networks, a house between IPv4 and IPv6, and each has its own."""
_MOST_COOKIES: Final = 4
"""Cookies of our name that are looked at."""

_NEVER_STORED: Final[Headers] = (
    ("Cache-Control", "no-store"),
    ("Vary", "Cookie, User-Agent, Accept, Accept-Language"),
    ("Referrer-Policy", "no-referrer"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeOptions:
    """What a client is asked for, in seconds and bits."""

    bits: int = 0
    """Of the proof of work; 0 asks for none."""
    wait: int = 2
    """So long after the first page the link does not lead on."""
    lifetime: int = 600
    """Of a challenge: within it a client is at most so often given a new pass as one cookie holds."""
    pass_seconds: int = 86_400


class SpentChallenges:
    """Which challenges have been solved, as all workers know it."""

    def __init__(self, table: ClientTable) -> None:
        self._table = table

    def spend(self, nonce: bytes) -> bool:
        """Tell whether this is the first use of `nonce`; of many at once, in whatever process, one is.

        False also where the table can not say.
        """
        before = self._table.unstored
        first = self._table.update(nonce, lambda old: (b"\x01", Standing.ORDINARY, old is None))
        return first and self._table.unstored == before


class Challenges:
    """Makes challenges, takes their solutions, and knows the passes of one guard."""

    def __init__(
        self,
        key: bytes,
        spent: SpentChallenges,
        options: ChallengeOptions,
        *,
        rules: str = "",
        nonce: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Take the key that all workers share, random for each start.

        Args:
            rules: Digest of the rule set in force.
        """
        if len(key) < challenge.KEY_SIZE:
            raise ValueError(f"a key of {len(key)} bytes is too short")
        self._key = key
        self._spent = spent
        self._options = options
        self._nonce = nonce
        self.decision = Decision.without_rules(
            Action.CHALLENGE, "challenge", "The answer to a challenge is looked at for everybody.", rules
        )
        """What is on record for a request to our own path."""

    def owns(self, exchange: Exchange) -> bool:
        """Tell whether the request is for the path where challenges are answered."""
        return exchange.facts.path == PATH

    def has_pass(self, exchange: Exchange) -> bool:
        """Tell whether the request carries a valid pass."""
        passes = _passes(exchange)
        if not passes:
            return False
        holder, now = holder_of(exchange.facts), _now(exchange)
        return any(challenge.is_pass(self._key, holder, text, now) for text in passes)

    def page(self, exchange: Exchange) -> Made:
        """Challenge the client: the first page, or where passes do not help it, one that says so."""
        target = challenge.safe_target(exchange.facts.target)
        now = _now(exchange)
        if challenge.seeming_passes(_passes(exchange), now - self._options.lifetime, now) >= MOST_PASSES - 1:
            return self._say(exchange, Step.UNSTEADY, link=target)
        return self._wait(exchange, self._ticket(exchange, target, bits=0), self._options.wait)

    def answer(self, exchange: Exchange) -> Made:
        """Answer a request to `PATH`. HEAD is told what stands there and changes nothing."""
        if exchange.facts.method not in ("GET", "HEAD"):
            return _made(405, (("Allow", "GET, HEAD"),), b"", "")
        fields = _fields(exchange)
        ticket = fields.get("ticket", "")
        opened = challenge.open_challenge(self._key, holder_of(exchange.facts), ticket)
        if opened is None:
            return self._say(exchange, Step.VOID, link="/")
        if self.has_pass(exchange):
            return _redirect(opened.target)
        if "kept" in fields:
            return self._say(exchange, Step.NO_COOKIE, link=opened.target)
        now = _now(exchange)
        if not opened.is_current(now):
            return self._say(exchange, Step.VOID, link=opened.target)
        return self._solved(exchange, opened, ticket, fields, now)

    def _solved(self, exchange: Exchange, opened: Challenge, ticket: str, fields: dict[str, str], now: int) -> Made:
        if opened.bits == 0 and (early := opened.issued + self._options.wait - now) > 0:
            return self._wait(exchange, ticket, early)
        if opened.bits < self._options.bits:
            return self._work(exchange, self._ticket(exchange, opened.target, bits=self._options.bits))
        if opened.bits and "proof" not in fields:
            return self._work(exchange, ticket)
        if not challenge.is_proof(ticket, fields.get("proof", ""), opened.bits):
            return self._say(exchange, Step.VOID, link=opened.target)
        if exchange.facts.method != "GET" or not self._spent.spend(opened.nonce):
            return self._say(exchange, Step.VOID, link=opened.target)
        return _redirect(_address(ticket=ticket, kept="1"), self._cookie(exchange, now))

    def _ticket(self, exchange: Exchange, target: str, *, bits: int) -> str:
        now = _now(exchange)
        made = Challenge(
            issued=now,
            expires=now + self._options.lifetime,
            bits=bits,
            nonce=self._nonce(NONCE_SIZE),
            target=target,
        )
        return challenge.seal_challenge(self._key, holder_of(exchange.facts), made)

    def _cookie(self, exchange: Exchange, now: int) -> Headers:
        holder: Holder = holder_of(exchange.facts)
        lasts = self._options.pass_seconds
        new = challenge.seal_pass(self._key, holder, issued=now, expires=now + lasts)
        value = "~".join([new, *_passes(exchange)][:MOST_PASSES])
        secure = "; Secure" if exchange.facts.scheme == "https" else ""
        return (("Set-Cookie", f"{COOKIE}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Lax{secure}"),)

    def _wait(self, exchange: Exchange, ticket: str, seconds: int) -> Made:
        return self._say(exchange, Step.WAIT, link=_address(ticket=ticket), seconds=seconds + 1)

    def _work(self, exchange: Exchange, ticket: str) -> Made:
        work = challenge.work_of(ticket)
        return self._say(exchange, Step.WORK, link=_address(ticket=ticket), work=work, bits=self._options.bits)

    def _say(
        self, exchange: Exchange, step: Step, *, link: str, seconds: int = 0, work: str = "", bits: int = 0
    ) -> Made:
        reference, owner = shown(new_code()), exchange.site.owner
        words = Words(
            language=language_of(exchange.facts),
            link=link,
            seconds=seconds,
            work=work,
            bits=bits,
            hours=max(1, self._options.pass_seconds // 3600),
            holder=owner.holder,
            contact=owner.contact,
            reference=reference,
        )
        page = render(step, words)
        headers = (
            ("Content-Type", "text/html; charset=utf-8"),
            ("Content-Language", words.language),
            ("Content-Security-Policy", page.security),
        )
        return _made(403, headers, page.body, reference)


def _made(status: int, headers: Headers, body: bytes, reference: str) -> Made:
    code: Headers = (("Guard-Reference", reference),) if reference else ()
    return Made(
        status=status, headers=(*headers, *code, *_NEVER_STORED), body=body, rendition="page", reference=reference
    )


def _redirect(target: str, headers: Headers = ()) -> Made:
    return _made(303, (("Location", target), *headers), b"", "")


def _address(**fields: str) -> str:
    return f"{PATH}?{urlencode(fields)}"


def _fields(exchange: Exchange) -> dict[str, str]:
    """Return the parameters of the query; none at all where one is given twice, or there are too many."""
    try:
        pairs = parse_qsl(exchange.facts.target.partition("?")[2], keep_blank_values=True, max_num_fields=8)
    except ValueError:
        return {}
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else {}


def _passes(exchange: Exchange) -> list[str]:
    """Return what the cookies of our name hold, at most as much as we ever put there."""
    crumbs = (
        crumb.strip()
        for name, value in exchange.facts.headers
        if name.lower() == "cookie"
        for crumb in value.split(";")
    )
    values = [crumb[len(COOKIE) + 1 :] for crumb in crumbs if crumb.startswith(f"{COOKIE}=")][:_MOST_COOKIES]
    return [text for value in values for text in value.split("~", MOST_PASSES)[:MOST_PASSES] if _is_token(text)]


def _is_token(text: str) -> bool:
    return 0 < len(text) <= 100 and text.isascii() and text.replace("-", "").replace("_", "").replace(".", "").isalnum()


def _now(exchange: Exchange) -> int:
    return int(exchange.facts.at.timestamp())
