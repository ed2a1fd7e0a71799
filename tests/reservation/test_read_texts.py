"""ai.txt and trust.txt are read in the one grammar that each has."""

import pytest

from guard.reservation.read_texts import read_ai_txt, read_trust_txt
from guard.reservation.reading import Answer, Question

WHERE = "https://photo.example/ai.txt"


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("User-Agent: *\nDisallow: *.jpg\nDisallow: /\nDisallow: *\n", Answer.RESERVED),
        ("User-Agent: *\nDisallow: /\n", Answer.RESERVED),
        ("User-Agent: *\nDisallow: *.jpg\nDisallow: *.jpeg\nAllow: *.png\n", Answer.SOME),
        ("User-Agent: *\nAllow: *.jpg\nAllow: /\n", Answer.PERMITTED),
        ("User-Agent: *\nDisallow: *.mp3\n", Answer.PERMITTED),
    ],
)
def test_ai_txt_answers_for_pictures(text: str, answer: Answer):
    """Spawning's grammar of 2023; what is about music says nothing about pictures."""
    assert read_ai_txt(text.encode(), WHERE).answers == {Question.TRAIN: answer}


@pytest.mark.parametrize("text", ["<!doctype html>", "# AI policy\nPlease ask.", "", "Disallow: /"])
def test_another_grammar_is_not_read_as_this_one(text: str):
    """Three drafts use the same name, and front pages have every name."""
    reading = read_ai_txt(text.encode(), WHERE)

    assert not reading.readable
    assert len(reading.flaws) == 1


@pytest.mark.parametrize(
    ("text", "answer"),
    [("datatrainingallowed=no", Answer.RESERVED), (" DataTrainingAllowed = Yes # all", Answer.PERMITTED)],
)
def test_trust_txt_says_yes_or_no(text: str, answer: Answer):
    """JournalList, 2024-04-04."""
    reading = read_trust_txt(f"member=https://x.example/\n{text}\n".encode(), WHERE)

    assert reading is not None
    assert reading.answers == {Question.TRAIN: answer}


def test_a_trust_txt_about_something_else_is_silent():
    """Most of them are."""
    assert read_trust_txt(b"member=https://x.example/\n", WHERE) is None
