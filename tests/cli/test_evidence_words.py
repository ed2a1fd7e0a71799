import pytest

from guard.cli.evidence_words import answer_of
from guard.evidence.record import Rendition


@pytest.mark.parametrize(
    ("action", "rendition", "answer"),
    [
        ("mark", "marked", "mark"),
        ("mark", "preview", "preview"),
        ("mark", "thumbnail", "preview"),
        ("mark", "card", "refuse"),
        ("preview", "thumbnail", "preview"),
        ("allow", "rights", "allow"),
    ],
)
def test_what_stood_in_for_a_marked_copy_is_told_as_what_it_was(action, rendition, answer):
    """A copy that was not ready was not given."""
    assert answer_of({"action": action, "rendition": Rendition(rendition)}) == answer
