"""What a page says of a rule's condition."""

import pytest

from guard.server.console.requests import condition


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ({"purpose": ["ai_training"], "path": []}, "purpose: ai_training"),
        ({"purpose": ["a", "b"], "conduct": ["hostile"]}, "purpose: a, b; conduct: hostile"),
        ({}, ""),
        (None, ""),
    ],
)
def test_a_condition_is_one_line(when: object, said: str):
    """Without what it does not ask."""
    assert condition(when) == said
