import pytest

from guard.image.formats import CARD_TYPES
from guard.image.plain_cards import PLAIN_CARDS
from tests.support.pictures import decoded


@pytest.mark.parametrize("media_type", CARD_TYPES)
def test_a_plain_card_is_a_small_valid_picture(media_type):
    """Each constant decodes in full as the format it is filed under."""
    image = decoded(PLAIN_CARDS[media_type])

    assert image.get_format_mimetype() == media_type
    assert image.size == (200, 112)
    assert len(PLAIN_CARDS[media_type]) < 2500
