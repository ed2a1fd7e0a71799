"""Which licence card goes out with this refusal?

Every refusal has its own reference code, and the card shows it; but making a picture for
each would let a flood of refused requests buy processor time. So a few finished cards lie
ready for each owner, format and language, each with a code that nobody has been given yet.
They are made in the background, at a bounded rate. A flood that empties the shelf gets a
shared card without a code, and its code in the response's header alone.
"""

import asyncio
import contextlib
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from guard.core.reference_code import ALPHABET, LENGTH, shown
from guard.errors import PictureError
from guard.image.formats import CARD_TYPES, JPEG
from guard.image.jobs import Language
from guard.image.plain_cards import PLAIN_CARDS

STOCK = 16
"""Cards that lie ready on one shelf; at most 25 kB each."""
SHELVES = 48
"""Owner, format and language; beyond this the one that was not asked for longest is cleared. 20 MB at worst."""
BETWEEN = 0.05
"""Seconds between two cards: the most that a flood can cost is 20 cards a second in a worker of low priority."""
FIRST_WAIT = 0.25
"""Seconds that the first client of a shelf may wait for its card; then it gets a plain one."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
"""Seconds without a new try after the image workers failed; doubled with every further failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardOwner:
    """Whose picture was refused; what the card says about them."""

    site: str
    """The `host` of the configured site."""
    holder: str
    contact: str
    terms: str = ""
    """The address of the terms page; empty if there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A refusal's picture, ready to send."""

    reference: str
    """Its own code, as it is shown: `7K3QF-9X2TM`."""
    body: bytes
    media_type: str


class CardMaker(Protocol):
    """What makes cards; `ImageWorkers` does."""

    async def card(
        self, *, holder: str, contact: str, reference: str, media_type: str, language: Language, terms: str = ""
    ) -> bytes:
        """Return a card, or raise PictureError."""


@dataclass(frozen=True, slots=True)
class _Key:
    owner: CardOwner
    media_type: str
    language: Language


@dataclass(slots=True)
class _Shelf:
    cards: deque[Card] = field(default_factory=deque)
    shared: bytes = b""
    """The card without a code; empty until it is made."""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once `shared` is there, or once making it failed."""


def new_code() -> str:
    """Draw a reference code."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


class CardStock:
    """Ready licence cards. `take` always has one; `close` ends the work in the background."""

    def __init__(self, maker: CardMaker, code: Callable[[], str] = new_code, *, stock: int = STOCK) -> None:
        self._maker = maker
        self._code = code
        self._stock = stock
        self._shelves: OrderedDict[_Key, _Shelf] = OrderedDict()
        self._low: OrderedDict[_Key, None] = OrderedDict()
        """Shelves to fill, the next one first."""
        self._filling: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        ready = sum(len(shelf.cards) for shelf in self._shelves.values())
        return f"CardStock(shelves={len(self._shelves)}, ready={ready})"

    async def take(self, owner: CardOwner, media_type: str, language: Language) -> Card:
        """Return a card with a code of its own, in `media_type` (in JPEG if a card can not be that).

        Only the very first client of a shelf waits, and no longer than `FIRST_WAIT`.
        """
        key = _Key(owner, media_type if media_type in CARD_TYPES else JPEG, language)
        shelf = self._shelf(key)
        if len(shelf.cards) <= self._stock // 2:
            self._begin(key)
        if not shelf.ready.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(shelf.ready.wait(), FIRST_WAIT)
        if shelf.cards:
            return shelf.cards.popleft()
        body = shelf.shared or PLAIN_CARDS[key.media_type]
        return Card(reference=shown(self._code()), body=body, media_type=key.media_type)

    def warm(self, owner: CardOwner, media_type: str = JPEG, language: Language = "en") -> None:
        """Begin to fill a shelf before its first client comes. Call it where a loop runs."""
        key = _Key(owner, media_type, language)
        self._shelf(key)
        self._begin(key)

    async def close(self) -> None:
        """Stop making cards; those that are ready can still be taken."""
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.gather(self._filling, return_exceptions=True)

    def _shelf(self, key: _Key) -> _Shelf:
        shelf = self._shelves.get(key)
        if shelf is None:
            shelf = self._shelves[key] = _Shelf()
            while len(self._shelves) > SHELVES:
                oldest, _ = self._shelves.popitem(last=False)
                self._low.pop(oldest, None)
        self._shelves.move_to_end(key)
        return shelf

    def _begin(self, key: _Key) -> None:
        self._low[key] = None
        if self._filling is None or self._filling.done():
            self._filling = asyncio.create_task(self._fill())

    async def _fill(self) -> None:
        """Fill the low shelves in turn, one card at a time, until all are full."""
        pause = FIRST_PAUSE
        while self._low:
            key, _ = self._low.popitem(last=False)
            shelf = self._shelves.get(key)
            if shelf is None or (shelf.shared and len(shelf.cards) >= self._stock):
                continue
            reference = shown(self._code()) if shelf.shared else ""
            # In turn: this shelf comes again after the others.
            self._low[key] = None
            try:
                body = await self._make(key, reference)
            except PictureError:
                shelf.ready.set()
                await asyncio.sleep(pause)
                pause = min(LONGEST_PAUSE, pause * 2)
                continue
            pause = FIRST_PAUSE
            if reference:
                shelf.cards.append(Card(reference=reference, body=body, media_type=key.media_type))
            else:
                shelf.shared = body
            shelf.ready.set()
            await asyncio.sleep(BETWEEN)

    async def _make(self, key: _Key, reference: str) -> bytes:
        return await self._maker.card(
            holder=key.owner.holder,
            contact=key.owner.contact,
            reference=reference,
            media_type=key.media_type,
            language=key.language,
            terms=key.owner.terms,
        )
