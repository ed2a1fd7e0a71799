"""Prose is taken for a reservation only where it reserves mining."""

from datetime import date

import pytest

from guard.reservation import terms
from guard.reservation.read_page import read_page
from guard.reservation.read_terms import read_terms
from guard.reservation.reading import Answer, Question
from guard.reservation.statement import Statement

WHERE = "https://photo.example/terms"


def read(text: str, link: str = "Terms /terms"):
    return read_terms(read_page(f"<p>{text}</p>".encode(), "text/html; charset=utf-8"), WHERE, link)


def test_our_own_page_is_understood_when_it_reserves_and_when_it_does_not():
    """Read by words alone, in both languages."""
    reserves = terms.render(Statement(holder="Jane Doe"), as_of=date(2026, 11, 1))
    permits = terms.render(Statement(train=True, ai_use=True, search=True, tdm=True), as_of=date(2026, 11, 1))

    said = read_terms(read_page(reserves, "text/html; charset=utf-8"), WHERE, "Terms")
    free = read_terms(read_page(permits, "text/html; charset=utf-8"), WHERE, "Terms")

    assert said is not None
    assert (said.answers[Question.TDM], said.flaws) == (Answer.RESERVED, ())
    assert free is not None
    assert free.answers == {}


@pytest.mark.parametrize(
    "text",
    [
        "Text and data mining is prohibited.",
        "We reserve all rights, including for machine learning.",
        "Scraping without our prior written consent is forbidden.",
        "Die Nutzung für Text und Data Mining behalten wir uns vor.",
        "Einer Auswertung durch künstliche Intelligenz wird widersprochen; sie ist untersagt.",
    ],
)
def test_a_reservation_is_recognised(text: str):
    """Whatever else the sentence says."""
    reading = read(text)

    assert reading is not None
    assert reading.readable


@pytest.mark.parametrize("text", ["All rights reserved.", "You may not copy pictures.", "Alle Rechte vorbehalten.", ""])
def test_what_does_not_speak_of_mining_is_no_reservation_of_it(text: str):
    """The line at the foot of every page."""
    assert read(text) is None


def test_a_page_that_welcomes_mining_reserves_nothing():
    """Speaking of it is not reserving it."""
    reading = read("We welcome text and data mining of our pictures.")

    assert reading is not None
    assert [flaw.id for flaw in reading.flaws] == ["terms-no-reservation"]
