import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.image import typeface
from guard.image.typeface import Weight

FONT = typeface.face(Weight.REGULAR, 16)


@pytest.mark.parametrize(
    "text", ["Jürgen Größmann", "ÄÖÜäöüß ẞ", "Łukasz Ďurčo Şahin Nguyễn", "Ελλάδα", "Привет Їжак", "© € „x“ – …"]
)
def test_european_names_are_drawn_in_full(text):
    """Latin, Greek and Cyrillic letters all have a glyph."""
    assert typeface.readable(text) == text


def test_combining_marks_are_joined_to_their_letter():
    """A name typed on a Mac as u + ¨ is the same name."""
    assert typeface.readable(unicodedata.normalize("NFD", "Jürgen")) == "Jürgen"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("山田 Taro", "Taro"),
        ("a\u202eb\u200fc\x00d\nr", "abcd r"),
        ("שלום", ""),
        ("\ud800x", "x"),
        (" a\t\r\n b ", "a b"),
        ("👩‍🎨 Ada", "Ada"),
    ],
)
def test_what_can_not_be_drawn_is_left_out(text, expected):
    """Foreign scripts, direction marks, controls and lone surrogates vanish instead of becoming boxes."""
    assert typeface.readable(text) == expected


@given(st.text(max_size=80), st.integers(1, 400), st.integers(1, 4))
def test_no_line_is_wider_than_the_card(text, width, lines):
    """Wrapping keeps to the width and to the number of lines, for any text at any width."""
    wrapped = typeface.wrap(typeface.readable(text), FONT, max(width, 40), lines)

    assert len(wrapped) <= lines
    assert all(FONT.getlength(line) <= max(width, 40) for line in wrapped)


def test_wrapping_loses_nothing_while_there_is_room():
    """Words stay whole and in order; only a text that is too long ends in an ellipsis."""
    text = "Lichtbildwerkstatt am Südtor, Inhaber Jürgen Größmann"

    assert " ".join(typeface.wrap(text, FONT, 200, 9)) == text
    assert typeface.wrap(text, FONT, 200, 1)[0].endswith("…")


def test_an_address_without_spaces_is_broken_at_the_edge():
    """A word longer than the line goes on in the next one."""
    word = "https://photo.example/" + "a" * 80

    lines = typeface.wrap(word, FONT, 200, 9)

    assert len(lines) > 1
    assert "".join(lines) == word
