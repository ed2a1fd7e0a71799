from itertools import product

import pytest

from guard.image.data_mining import (
    ALLOWED,
    EVERY_USE,
    NO_GENERATIVE_TRAINING,
    NO_TRAINING,
    ONLY_SEARCH,
    PROHIBITED,
    SEE_CONSTRAINT,
    UNSPECIFIED,
    VOCABULARY,
    Use,
    permitted,
    together,
    value,
)  # fmt: skip

# train, ai_use, search, tdm
VALUES = {
    (True, True, True, True): ALLOWED,
    (False, True, True, True): NO_GENERATIVE_TRAINING,
    (False, False, True, False): ONLY_SEARCH,
    (False, False, False, False): PROHIBITED,
}
ORDER = (ALLOWED, NO_GENERATIVE_TRAINING, NO_TRAINING, ONLY_SEARCH, PROHIBITED)


def uses(answers):
    return permitted(**dict(zip(("train", "ai_use", "search", "tdm"), answers, strict=True)))


@pytest.mark.parametrize("answers", list(product((True, False), repeat=4)))
def test_every_statement_has_its_value(answers):
    """Four of the sixteen have a word of their own; the others are prohibited but for what words say."""
    assert value(uses(answers)) == VALUES.get(answers, SEE_CONSTRAINT)


@pytest.mark.parametrize(("said", "ours"), list(product(range(5), repeat=2)))
def test_of_two_values_the_stricter_holds(said, ours):
    """Neither the picture nor its owner can be overruled towards more."""
    permits = {
        ALLOWED: EVERY_USE,
        NO_GENERATIVE_TRAINING: EVERY_USE - {Use.GENERATIVE_TRAINING},
        NO_TRAINING: EVERY_USE - {Use.GENERATIVE_TRAINING, Use.OTHER_TRAINING},
        ONLY_SEARCH: frozenset({Use.SEARCH}),
        PROHIBITED: frozenset(),
    }

    assert together(ORDER[said], permits[ORDER[ours]]) == ORDER[max(said, ours)]


@pytest.mark.parametrize(
    ("said", "answers", "result"),
    [
        pytest.param("", (False, False, True, False), ONLY_SEARCH, id="nothing said"),
        pytest.param(UNSPECIFIED, (False, False, True, False), ONLY_SEARCH, id="unspecified"),
        pytest.param(SEE_CONSTRAINT, (False, False, True, False), SEE_CONSTRAINT, id="words stay"),
        pytest.param(SEE_CONSTRAINT, (False, False, False, False), PROHIBITED, id="but not against a plain no"),
        pytest.param("https://other.example/x", (True, True, True, True), "https://other.example/x", id="unknown"),
        pytest.param(ONLY_SEARCH, (False, False, False, True), PROHIBITED, id="nothing in common"),
        pytest.param(NO_TRAINING, (False, False, True, True), ONLY_SEARCH, id="no word for what is left: less"),
        pytest.param(ALLOWED, (False, False, True, True), SEE_CONSTRAINT, id="the owner's own words"),
    ],
)
def test_what_a_picture_says_is_never_weakened(said, answers, result):
    """Rows where the two can not simply be put in order."""
    assert together(said, uses(answers)) == result


def test_the_values_are_those_of_the_vocabulary():
    """Spelled as PLUS spells them."""
    assert {one.removeprefix(VOCABULARY) for one in (*ORDER, SEE_CONSTRAINT, UNSPECIFIED)} == {
        "DMI-ALLOWED", "DMI-PROHIBITED", "DMI-PROHIBITED-AIMLTRAINING", "DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING",
        "DMI-PROHIBITED-GENAIMLTRAINING", "DMI-PROHIBITED-SEECONSTRAINT", "DMI-UNSPECIFIED",
    }  # fmt: skip
