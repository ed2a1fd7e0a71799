"""Content-Usage and Content-Signal are read by the letter, and near misses are named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation.read_usage import read_signals, read_usage
from guard.reservation.reading import Answer, Carrier, Question

WHERE = "https://photo.example/"
NO, YES = Answer.RESERVED, Answer.PERMITTED


@pytest.mark.parametrize(
    ("values", "answers", "flaws"),
    [
        (["train-ai=n, ai-use=n, search=y"], {Question.TRAIN: NO, Question.AI_USE: NO, Question.SEARCH: YES}, []),
        (["train-ai=n", "search=y"], {Question.TRAIN: NO, Question.SEARCH: YES}, []),
        (["train-ai=y, train-ai=n"], {Question.TRAIN: NO}, []),
        (["train-ai=n;x=1, other=3"], {Question.TRAIN: NO}, []),
        (['train-ai="n"'], {}, ["usage-not-y-or-n"]),
        (["train-ai=?0"], {}, ["usage-not-y-or-n"]),
        (["train-ai"], {}, ["usage-not-y-or-n"]),
        (["Train-AI=n"], {}, ["usage-unreadable"]),
        (["train-ai=no"], {}, ["usage-not-y-or-n"]),
        (["train-ai=ñ"], {}, ["usage-unreadable"]),
        (["ai-train=n"], {}, ["usage-swapped-label"]),
        (["bots=n"], {}, ["usage-old-label"]),
        ([""], {}, ["usage-says-nothing"]),
        (["/img/ train-ai=n"], {Question.TRAIN: NO}, ["usage-with-path"]),
    ],
)
def test_content_usage(values: list[str], answers: dict[Question, Answer], flaws: list[str]):
    """draft-ietf-aipref-vocab-08 on RFC 9651."""
    reading = read_usage(values, WHERE, Carrier.USAGE_HEADER)

    assert reading.answers == answers
    assert [flaw.id for flaw in reading.flaws] == flaws
    assert reading.readable == bool(answers)


@pytest.mark.parametrize(
    ("value", "answers", "flaws"),
    [
        ("search=yes,ai-train=no", {Question.SEARCH: YES, Question.TRAIN: NO}, []),
        ("ai-input = NO", {Question.AI_USE: NO}, []),
        ("/blog/ ai-train=no", {Question.TRAIN: NO}, []),
        ("ai-train=yes, ai-train=no", {Question.TRAIN: NO}, []),
        ("ai-train=n", {}, ["signal-not-yes-or-no"]),
        ("train-ai=no", {}, ["signal-swapped-label"]),
        ("ai-train=no, use=reference", {Question.TRAIN: NO}, ["signal-use"]),
        ("nothing", {}, ["signal-unknown"]),
    ],
)
def test_content_signal(value: str, answers: dict[Question, Answer], flaws: list[str]):
    """contentsignals.org; the stricter of two answers stays."""
    reading = read_signals([value], WHERE)

    assert reading.answers == answers
    assert [flaw.id for flaw in reading.flaws] == flaws


@given(st.text(max_size=60))
def test_any_text_is_read(value: str):
    """A stranger's header never ends the audit."""
    assert read_usage([value], WHERE, Carrier.USAGE_HEADER).where == WHERE
    assert read_signals([value], WHERE).where == WHERE
