from itertools import product

import pytest

from guard.reservation.in_picture import words
from guard.reservation.statement import Statement

USES = {
    "train": ("training of generative models", "Training generativer Modelle"),
    "ai_use": ("use as input to generative models", "Verwendung als Eingabe generativer Modelle"),
    "search": ("indexing by search engines", "Aufnahme in Suchmaschinen"),
    "tdm": ("other text and data mining", "sonstiges Text und Data Mining"),
}


@pytest.mark.parametrize("answers", list(product((True, False), repeat=4)))
def test_the_words_say_what_was_answered(answers):
    """Each use stands on the right side, in both languages; nothing is said where nothing is reserved."""
    given = dict(zip(USES, answers, strict=True))

    said = dict(words(Statement(**given)).constraints)

    if all(answers):
        assert said == {}
        return
    for language, (reserved, permitted) in {
        "x-default": ("Reserved: ", "Permitted: "),
        "de": ("Vorbehalten: ", "Erlaubt: "),
    }.items():
        no, _, yes = said[language].partition(permitted)
        for use, names in USES.items():
            name = names[language == "de"]
            assert (name in yes) is given[use]
            assert (name in no.partition(reserved)[2]) is not given[use]


def test_the_law_is_named_in_both_languages():
    """§ 44b(3) UrhG and Article 4(3), as on the terms page."""
    said = dict(words(Statement()).constraints)

    assert "Article 4(3) of Directive (EU) 2019/790" in said["x-default"]
    assert "§ 44b Absatz 3 UrhG" in said["de"]


@pytest.mark.parametrize(
    ("contact", "url", "email"),
    [
        ("a@photo.example", "", "a@photo.example"),
        ("https://photo.example/ask", "https://photo.example/ask", ""),
        ("write to the gallery", "", ""),
        ("", "", ""),
    ],
)
def test_the_contact_is_put_where_it_belongs(contact, url, email):
    """A mail address, a page, or words."""
    said = words(Statement(contact=contact))

    assert (said.licensor_url, said.licensor_email) == (url, email)


def test_the_licensors_page_comes_first():
    """Where the owner has one."""
    said = words(Statement(contact="a@photo.example", licensor="https://photo.example/licence"))

    assert said.licensor_url == "https://photo.example/licence"


def test_terms_without_a_host_are_not_named():
    """Inside a picture a path leads nowhere."""
    assert words(Statement()).web_statement == ""
    assert words(Statement()).usage_terms == ()
    assert words(Statement(terms_url="https://photo.example/t")).web_statement == "https://photo.example/t"
