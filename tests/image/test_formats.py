import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.image.formats import CARD_TYPES, acceptable


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        pytest.param("", "image/jpeg", id="nothing said"),
        pytest.param("*/*", "image/jpeg", id="anything"),
        pytest.param("image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8", "image/jpeg", id="chrome"),
        pytest.param("image/webp,image/png;q=0.9", "image/webp", id="highest weight"),
        pytest.param("image/png, image/jpeg", "image/jpeg", id="our order among equals"),
        pytest.param("image/gif", "image/gif", id="one type alone"),
        pytest.param("image/avif", "image/avif", id="avif alone"),
        pytest.param("image/*, image/jpeg;q=0", "image/png", id="jpeg excluded"),
        pytest.param("image/jpeg;q=0", "image/png", id="only an exclusion"),
        pytest.param("image/*;q=0, image/gif", "image/gif", id="the specific range wins"),
        pytest.param("*/*;q=0", "image/jpeg", id="everything excluded"),
        pytest.param("text/html", "image/jpeg", id="no picture named"),
        pytest.param("image/jpg", "image/jpeg", id="the wrong name of jpeg"),
        pytest.param("image/jpeg;q=zero, image/webp;q=0.1", "image/webp", id="unreadable weight"),
        pytest.param("IMAGE/WEBP ; Q=0.5 , text/html", "image/webp", id="case and spaces"),
    ],
)
def test_the_best_format_for_an_accept_field(accept, expected):
    """RFC 9110, section 12.5.1, row by row."""
    assert acceptable(accept) == expected


@given(st.text(alphabet="image/jpegwb*;,q=.019 ", max_size=80) | st.text(max_size=200))
def test_there_is_always_an_answer(accept):
    """Any text gives a type that a card can be."""
    assert acceptable(accept) in CARD_TYPES
