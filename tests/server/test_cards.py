import asyncio
import itertools
import time

import pytest

from guard.errors import PictureError
from guard.image.plain_cards import PLAIN_CARDS
from guard.server import cards
from guard.server.cards import CardOwner, CardStock
from guard.server.image_workers import ImageWorkers
from tests.support.pictures import decoded

OWNER = CardOwner(site="photo.example", holder="Ada", contact="a@b.example", terms="https://photo.example/terms")


class Maker:
    """A maker of cards that writes down what it was asked, and can fail or be slow."""

    def __init__(self, *, fails=False, seconds=0.0):
        self.fails = fails
        self.seconds = seconds
        self.made = []

    async def card(self, **facts):
        await asyncio.sleep(self.seconds)
        self.made.append(facts)
        if self.fails:
            raise PictureError("busy")
        return f"{facts['media_type']} {facts['language']} {facts['reference']}".encode()


@pytest.fixture
def at_once(monkeypatch):
    """Leave the pauses between cards out."""
    monkeypatch.setattr(cards, "BETWEEN", 0)


@pytest.fixture
async def opened():
    """Return a function that opens stocks; they are closed at the end."""
    stocks = []

    def open_stock(maker, **options):
        numbers = itertools.count(1)
        stocks.append(CardStock(maker, lambda: f"{next(numbers):010}", **options))
        return stocks[-1]

    yield open_stock
    for stock in stocks:
        await stock.close()


async def settle():
    for _ in range(200):
        await asyncio.sleep(0)


async def test_every_card_has_a_code_of_its_own_and_shows_it(at_once, opened):
    """The code in the header is the code in the picture, and none comes twice."""
    stock = opened(Maker(), stock=8)
    stock.warm(OWNER, "image/png", "en")
    await settle()

    taken = [await stock.take(OWNER, "image/png", "en") for _ in range(8)]

    assert len({card.reference for card in taken}) == 8
    assert all(card.body.decode() == f"image/png en {card.reference}" for card in taken)
    assert all(card.media_type == "image/png" for card in taken)


async def test_the_card_says_what_the_owner_says(at_once, opened):
    """Holder, contact and terms reach the maker as they are."""
    maker = Maker()
    stock = opened(maker, stock=1)

    await stock.take(OWNER, "image/webp", "de")
    await settle()

    assert {(job["holder"], job["contact"], job["terms"]) for job in maker.made} == {
        ("Ada", "a@b.example", "https://photo.example/terms")
    }


async def test_an_empty_shelf_gives_a_shared_card_and_a_fresh_code(opened):
    """A flood gets valid pictures without a code in them, each with its own code beside it, and nobody waits."""
    maker = Maker()
    stock = opened(maker, stock=2)
    await stock.take(OWNER, "image/png", "en")

    begin = time.perf_counter()
    taken = [await stock.take(OWNER, "image/png", "en") for _ in range(500)]

    assert time.perf_counter() - begin < 0.2
    assert {card.body for card in taken[3:]} == {b"image/png en "}
    assert len({card.reference for card in taken}) == 500
    assert len(maker.made) < 5


async def test_cards_are_made_at_a_bounded_rate(opened):
    """However many are asked for, the workers make no more than one in `BETWEEN` seconds."""
    maker = Maker()
    stock = opened(maker)

    for _ in range(20):
        await stock.take(OWNER, "image/png", "en")
        await asyncio.sleep(0.01)

    assert 2 <= len(maker.made) <= 12


async def test_a_used_shelf_is_filled_again(at_once, opened):
    """After half of the cards are gone, new ones are made in the background."""
    stock = opened(Maker(), stock=4)
    stock.warm(OWNER)
    await settle()
    for _ in range(4):
        await stock.take(OWNER, "image/jpeg", "en")

    await settle()

    assert repr(stock) == "CardStock(shelves=1, ready=4)"


@pytest.mark.parametrize("maker", [Maker(fails=True), Maker(seconds=30)], ids=["failing", "slow"])
async def test_without_workers_there_is_still_a_picture(maker, opened):
    """Whether the maker fails or never answers, the client has a real picture after a moment."""
    stock = opened(maker)

    begin = time.monotonic()
    card = await stock.take(OWNER, "image/webp", "en")

    assert time.monotonic() - begin < cards.FIRST_WAIT + 0.5
    assert card.body == PLAIN_CARDS["image/webp"]
    assert len(card.reference) == 11


async def test_failing_workers_are_not_asked_again_at_once(opened):
    """Each failure is followed by a pause, so that a broken worker is not hammered."""
    maker = Maker(fails=True)
    stock = opened(maker)

    for _ in range(100):
        await stock.take(OWNER, "image/png", "en")
    await asyncio.sleep(0.1)

    assert len(maker.made) == 1


async def test_the_shelves_are_bounded(at_once, opened):
    """Many owners clear the shelf that was not asked for longest, and it can be filled anew."""
    stock = opened(Maker(), stock=1)

    for number in range(cards.SHELVES + 20):
        await stock.take(CardOwner(site=f"{number}.example", holder="", contact=""), "image/png", "en")
    await settle()

    assert f"shelves={cards.SHELVES}," in repr(stock)


async def test_a_type_that_a_card_can_not_be_becomes_jpeg(at_once, opened):
    """A caller with a wrong type still has a picture to send, and is told which."""
    card = await opened(Maker()).take(OWNER, "image/svg+xml", "en")

    assert card.media_type == "image/jpeg"


def test_codes_are_ten_characters_that_can_be_read_out():
    """Crockford's alphabet, all of it in use, shown with a hyphen in the middle."""
    codes = [cards.new_code() for _ in range(300)]

    assert {len(code) for code in codes} == {10}
    assert set("".join(codes)) == set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
    assert cards.shown("7K3QF9X2TM") == "7K3QF-9X2TM"


async def test_real_workers_fill_the_shelf_with_real_pictures():
    """From the first client on, what goes out decodes; soon it is the owner's own card."""
    async with ImageWorkers() as workers:
        stock = CardStock(workers, stock=2)
        first = await stock.take(OWNER, "image/avif", "de")
        for _ in range(200):
            if "ready=2" in repr(stock):
                break
            await asyncio.sleep(0.05)
        later = await stock.take(OWNER, "image/avif", "de")
        await stock.close()

    assert decoded(first.body).format == "AVIF"
    assert decoded(later.body).size == (640, 360)
