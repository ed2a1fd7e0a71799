"""What does a report say of a canary?"""

import pytest

from guard.cli.canary_words import TEXTS, section
from guard.store.canary_records import Canary

HOSTILE = "<script>alert(1)</script>"


@pytest.mark.parametrize(("lang", "limit"), [("en", "It does not show who"), ("de", "Es zeigt nicht, wer")])
def test_it_names_picture_record_and_place_and_what_it_does_not_show(lang, limit):
    """In both languages, and without markup of strangers."""
    canary = Canary(sha256="ab" * 32, name=f"a{HOSTILE}", record=17, since=0, places={"photo.example": "/w/"}, copies=3)

    text = section([(f"found{HOSTILE}.jpg", canary)], lang)

    for said in ("ab" * 32, "17", "1970-01-01 00:00:00", "photo.example", "<code>/w/</code>", "robots.txt", limit):
        assert said in text
    assert "<script>" not in text


def test_both_languages_say_the_same_things():
    """No text is there in one only."""
    assert TEXTS["en"].keys() == TEXTS["de"].keys()
