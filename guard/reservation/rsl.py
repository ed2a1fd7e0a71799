"""What does /rsl.xml say in the vocabulary of RSL 1.0, and what must never stand in it?

RSL-SPEC-1.0 (RSL Technical Steering Committee, 2025-12-10). Four of its rules decide how this
file is written:

- A licence without `<payment>` is free of charge (section 3.7). So what is free here is exactly
  what the statement permits, and an offer always has a payment.
- `<permits type="usage">` is a closed list: what it does not name is not licensed. A licence
  *without* one licenses whatever it does not prohibit. So there is none without it, but the one
  that prohibits `all`; a lone `<prohibits>ai-train</prohibits>` would give away the rest.
- A prohibition beats a permission in any other licence of the asset, and of two scopes the
  stricter holds (sections 3.1, 4.9). So what is on offer is not prohibited beside it; that it is
  not free is said by the closed list.
- An element or attribute that the namespace does not know makes the whole file void. Mining in
  general has no word in RSL other than `all`. So an offer for it stands in the ODRL policy only,
  and beside an offer for something else its permission is not repeated here.
"""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from guard.reservation.contact import mail_address, web_address
from guard.reservation.offer import Offer
from guard.reservation.statement import RSL_PATH, Statement

PATH = RSL_PATH
MEDIA_TYPE = "application/rsl+xml"
NAMESPACE = "https://rslstandard.org/rsl"

MAX_AGE = 1
"""Days for which a reader may go by its copy; the default of RSL is thirty."""

_TOKENS: Final = {"train": ("ai-train",), "ai_use": ("ai-input", "ai-index"), "search": ("search",)}
_PAID_FOR: Final = {"train": "training", "ai_use": "use"}
"""The payment type of an offer that does not say what it counts."""


def render(statement: Statement) -> bytes:
    """Return the file: XML 1.0, UTF-8, one `<content>` for each path with answers of its own, the longest first."""
    scopes = [*((one.path, statement.at(one.path)) for one in statement.paths), ("/", statement.at(""))]
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<rsl xmlns="{NAMESPACE}" max-age="{MAX_AGE}">',
            *(line for path, here in scopes for line in _content(path, here)),
            "</rsl>",
            "",
        )
    ).encode("utf-8")


def _content(path: str, statement: Statement) -> Iterator[str]:
    yield f"  <content url={quoteattr(path)}>"
    offers = [offer for offer in statement.offers if offer.purpose in _TOKENS]
    permits, prohibits = _usage(statement, {offer.purpose for offer in offers})
    if permits or not offers:
        yield from _licence(permits, prohibits)
        prohibits = ()
    for offer in offers:
        # Without a free licence to stand in, the prohibitions stand in the first offer: alone they would license.
        yield from _licence(_TOKENS[offer.purpose], prohibits, offer)
        prohibits = ()
    if statement.holder:
        yield f"    <copyright{_contact(statement.contact)}>{_text(statement.holder)}</copyright>"
    yield f"    <terms>{escape(statement.policy_url)}</terms>"
    yield "  </content>"


def _usage(statement: Statement, offered: set[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tokens that are free, and those that are prohibited."""
    answers = {question: getattr(statement, question) for question in _TOKENS}
    reserved = [question for question, permitted in answers.items() if not permitted and question not in offered]
    prohibits = tuple(token for question in reserved for token in _TOKENS[question])
    if statement.tdm and not offered:  # beside an offer `all` would be free as well, so there the uses are named
        return ("all",), prohibits
    permits = tuple(token for question, permitted in answers.items() if permitted for token in _TOKENS[question])
    if not permits and not offered:
        return (), ("all",)
    # `ai-all` also covers the uses of AI that RSL has no word for yet.
    return permits, ("ai-all", *prohibits[3:]) if {"train", "ai_use"} <= set(reserved) else prohibits


def _licence(permits: tuple[str, ...], prohibits: tuple[str, ...], offer: Offer | None = None) -> Iterator[str]:
    yield "    <license>"
    if permits:
        yield f'      <permits type="usage">{" ".join(permits)}</permits>'
    if prohibits:
        yield f'      <prohibits type="usage">{" ".join(prohibits)}</prohibits>'
    if offer is not None:
        yield f'      <payment type="{offer.unit or _PAID_FOR[offer.purpose]}">'
        if offer.price:
            yield f'        <amount currency="{offer.currency}">{offer.price}</amount>'
        yield f"        <custom>{escape(offer.url)}</custom>"
        yield "      </payment>"
    yield "    </license>"


def _text(words: str) -> str:
    # Two characters that a name can hold and XML 1.0 can not; with one of them the file would be void.
    return escape(words.replace("\ufffe", "").replace("\uffff", ""))


def _contact(contact: str) -> str:
    if address := mail_address(contact):
        return f" contactEmail={quoteattr(address)}"
    return f" contactUrl={quoteattr(url)}" if (url := web_address(contact)) else ""
