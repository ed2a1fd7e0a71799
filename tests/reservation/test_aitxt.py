"""Does /ai.txt say to a downloader what the statement says about training?"""

import pytest

from guard.reservation import aitxt
from guard.reservation.statement import Statement


@pytest.mark.parametrize("train", [False, True])
def test_every_line_gives_the_same_answer(train):
    """One group for everybody, whose lines are all Disallow, or all Allow where training is permitted."""
    body = aitxt.render(Statement(holder="Jane Doe", train=train)).decode("ascii")

    comment, group = body.split("\n\n")
    agent, *rules = group.rstrip("\n").split("\n")

    assert all(line.startswith("#") for line in comment.split("\n"))
    assert agent == "User-Agent: *"
    assert {rule.split(": ")[0] for rule in rules} == {"Allow" if train else "Disallow"}
    assert {"*.jpg", "*.jpeg", "*.png", "*.webp", "*.avif", "/", "*"} <= {rule.split(": ")[1] for rule in rules}


@pytest.mark.parametrize("stances", [{"ai_use": True}, {"search": False}, {"tdm": True}], ids=str)
def test_only_training_is_answered(stances):
    """The file's one question is training, so the other stances leave it as it is."""
    assert aitxt.render(Statement(holder="Jane Doe", **stances)) == aitxt.render(Statement(holder="Jane Doe"))
