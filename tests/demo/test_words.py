"""Is what happened said in words that need no explanation, and truly?"""

from dataclasses import replace

import pytest

from guard.core.policy import Action
from guard.demo.scene import Verified
from guard.demo.words import ACTIONS, claim, closing, haul, reason, size, summary
from tests.support.visits import GOOD, GPTBOT


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "claims to be GPTBot of OpenAI; collects to train AI; unproven"),
        ({"identity": "verified"}, "claims to be GPTBot of OpenAI; collects to train AI; proven"),
        ({"operator": "anyone (tool)"}, "claims to be GPTBot; collects to train AI; unproven"),
        ({"purpose": "new_purpose"}, "claims to be GPTBot of OpenAI; new purpose; unproven"),
        ({"claimed": "", "user_agent": "Mozilla/5.0 Firefox/72.0"}, "comes as Firefox 72"),
        ({"claimed": "", "user_agent": "", "purpose": ""}, "comes as nobody in particular"),
    ],
    ids=["claim", "proven", "anybody's tool", "purpose without words", "browser", "no trace"],
)
def test_a_claim_is_told_with_its_worth(changes: dict[str, str], words: str) -> None:
    """Who it says it is, for whom, what for, and whether that is known to be true."""
    assert claim(replace(GPTBOT, **changes)) == words


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({}, ["no pictures", "7 refusals", "6 with a picture", "123 kB"]),
        ({"only_robots": True, "bytes": 900}, ["nothing", "read robots.txt", "900 B"]),
        ({"refusals": 0, "refusal_pictures": 0, "skipped": 24}, ["no pictures", "left 24 alone", "123 kB"]),
        (
            {"pictures": 1, "refusals": 1, "refusal_pictures": 0, "bytes": 2_345_678},
            ["1 picture", "1 refusal", "2.3 MB"],
        ),
    ],
    ids=["refused", "robots only", "skipped", "one of each"],
)
def test_the_haul_is_told_pictures_first(changes: dict[str, int], lines: list[str]) -> None:
    """A refusal picture is told as part of a refusal, never as a picture."""
    assert haul(replace(GPTBOT, **changes)) == lines


def test_a_reason_is_whole_sentences() -> None:
    """What stands lower case and without a full stop in the log is a sentence here."""
    assert reason(replace(GPTBOT, because="given to everybody")) == "Given to everybody."
    assert reason(replace(GPTBOT, because="")) == ""
    assert reason(replace(GPTBOT, because="", skipped=2)).startswith("The header")


def test_every_action_has_words() -> None:
    """A new action gets its words here before anybody sees its name."""
    assert {action.value for action in Action} <= set(ACTIONS)


def test_the_end_says_what_was_verified() -> None:
    """The last line counts the records, or says plainly that the log does not hold."""
    assert closing(Verified(records=17, holds=True)) == "evidence verified: 17 records, unchanged since recording"
    assert "NOT verified" in closing(Verified(records=17, holds=False, problem="log/seg: changed"))
    assert "log/seg: changed" in closing(Verified(records=17, holds=False, problem="log/seg: changed"))


def test_the_summary_names_who_was_not_treated_as_expected() -> None:
    """All is well in one sentence, or the names of those for whom it is not."""
    wrong = replace(GOOD, visits=(GPTBOT, replace(GPTBOT, client="Bad", faults=("x",))))

    assert summary(GOOD) == "1 visitor, each treated as expected"
    assert summary(wrong) == "1 of 2 visitors not treated as expected: Bad"
    assert (GOOD.ok, wrong.ok) == (True, False)


@pytest.mark.parametrize(
    ("count", "words"), [(0, "0 B"), (999, "999 B"), (1000, "1 kB"), (999_499, "999 kB"), (1_000_000, "1.0 MB")]
)
def test_sizes_are_for_people(count: int, words: str) -> None:
    """Bytes, kilobytes, megabytes, without a jump between them."""
    assert size(count) == words
