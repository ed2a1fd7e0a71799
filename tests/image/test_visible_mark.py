import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import PictureError
from guard.image.visible_mark import VisibleMark, of_fields

MARKS = st.builds(VisibleMark, text=st.text(max_size=40), logo=st.binary(max_size=60), opacity=st.floats(0.25, 0.35))


@given(MARKS, MARKS)
def test_it_travels_there_and_back_and_each_has_a_digest_of_its_own(one, other):
    """Text, logo and opacity all count."""
    assert of_fields(one.fields()) == one
    assert (one.digest == other.digest) == (one == other)


@pytest.mark.parametrize(
    "fields", [None, "", {}, {"text": "x", "logo": "?", "opacity": 0.3}, {"text": "x", "logo": ""}]
)
def test_what_is_none_is_a_picture_error(fields):
    """The worker does not trust the message."""
    with pytest.raises(PictureError):
        of_fields(fields)
