import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import PictureError
from guard.image import card, metadata
from guard.image.card import licence_card
from guard.image.formats import CARD_TYPES
from tests.support.pictures import decoded

LONG = "Jürgen Größmann-Überländer, Fotografie & Bildbearbeitung seit 1987, Inhaber der Lichtbildwerkstatt am Südtor"


def make(**changes):
    facts = {
        "holder": "Jane Doe",
        "contact": "rights@photo.example",
        "reference": "7K3QF-9X2TM",
        "media_type": "image/png",
        "language": "en",
    }
    return licence_card(**facts | changes)


def ink(data, region):
    """Count the dark pixels of a card in a region given as left, top, right, bottom."""
    return sum(decoded(data).convert("L").crop(region).point(lambda value: value < 120).histogram()[1:])


@pytest.mark.parametrize("media_type", CARD_TYPES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_a_card_is_a_small_valid_picture_of_its_type(media_type, language):
    """Every format decodes in full, has the card's size, and costs less than 25 kB even with long texts."""
    body = make(media_type=media_type, language=language, holder=LONG, contact=LONG, terms="https://photo.example/t")

    image = decoded(body)
    assert image.get_format_mimetype() == media_type
    assert image.size == (640, 360)
    assert len(body) <= card.MAX_BYTES


@pytest.mark.parametrize("media_type", CARD_TYPES)
def test_a_card_says_in_its_metadata_what_is_reserved(media_type):
    """The XMP packet names the holder, the data mining term, and the terms page."""
    body = make(media_type=media_type, holder="山田太郎", terms="https://photo.example/terms")

    # Pillow does not read a GIF's packet: it stands in the file as it is, in front of the landing bytes.
    packet = decoded(body).info.get("xmp") or body.partition(b"XMP DataXMP")[2].partition(b"\x01\xff\xfe")[0]
    rights = metadata.read(packet)
    assert rights.notice == "© 山田太郎"
    assert rights.data_mining == metadata.PROHIBITED_EXCEPT_SEARCH
    assert rights.web_statement == "https://photo.example/terms"


@pytest.mark.parametrize(
    ("changes", "region"),
    [
        pytest.param({"reference": ""}, (350, 300, 640, 345), id="reference"),
        pytest.param({"holder": "", "contact": ""}, (0, 210, 640, 244), id="holder"),
        pytest.param({"contact": ""}, (0, 246, 640, 270), id="contact"),
    ],
)
def test_each_text_is_on_the_card(changes, region):
    """The place of each text has ink with it, and none without it."""
    assert ink(make(), region) > 150
    assert ink(make(**changes), region) < 20


def test_the_languages_have_different_words():
    """A German card is no English card, and both have a headline."""
    headline = (40, 80, 600, 150)

    assert make(language="de") != make(language="en")
    assert min(ink(make(language="de"), headline), ink(make(language="en"), headline)) > 2000


def test_nothing_is_drawn_outside_the_margins():
    """Long texts are shortened before the edge of the card."""
    body = make(holder=LONG * 3, contact="x" * 400, reference="Y" * 300, language="de")

    assert ink(body, (600, 10, 640, 360)) == 0


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=20))
def test_any_text_makes_a_card(holder, contact, reference):
    """Odd Unicode, control characters and lone surrogates neither raise nor break the picture."""
    assert decoded(make(holder=holder, contact=contact, reference=reference, media_type="image/jpeg"))


def test_a_format_that_a_card_can_not_be_is_said():
    """Asking for another format is the caller's fault, and named."""
    with pytest.raises(PictureError, match="image/heic"):
        make(media_type="image/heic")
