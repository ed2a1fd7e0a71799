"""Is what shipped rules say, and what they send, there in German?"""

import re
from pathlib import Path

import pytest

from guard.core.response import Admit, Answer, Challenge, Forward, Hangup, Mark, Shrink
from guard.server.console.words_de_rules import of_rule, spoken

ROOT = Path(__file__).resolve().parent.parent.parent.parent
SOURCES = [*(ROOT / "rules").glob("policies/*.yaml"), *(ROOT / "rules").glob("profiles/*.yaml"),
           ROOT / "guard" / "dataset" / "listed_rules.py"]  # fmt: skip
REASONS = sorted({one for path in SOURCES for one in re.findall(r"because: (.+)", path.read_text("utf-8"))})
ENGLISH = re.compile(r"\b(the|is|are|of|which|not|and|by|it|with|they)\b")


@pytest.mark.parametrize("reason", REASONS)
def test_every_reason_of_a_shipped_rule_is_there_in_german(reason: str):
    """A rule that is new or says something else needs its line."""
    told = of_rule("de", reason)

    assert ENGLISH.search(told) is None, told
    assert spoken("de", reason) == "de"
    assert (of_rule("en", reason), spoken("en", reason)) == (reason, "en")


def test_the_reasons_are_found():
    """A search that finds none would be content."""
    assert len(REASONS) > 25


@pytest.mark.parametrize("kind", [Forward, Shrink, Mark, Answer, Challenge, Admit, Hangup])
def test_everything_that_can_be_sent_is_there_in_german(kind: type):
    """As `guard explain` says it; read from its source."""
    source = (ROOT / "guard" / "cli" / "explain_tree.py").read_text("utf-8")
    block = source[source.index(f"case {kind.__name__}():") :]
    said = re.search(r'return f?"(.*)"', block)
    assert said is not None
    texts = [said[1]]
    if "{planned.size}" in said[1]:
        texts = [said[1].replace("{planned.size}", size) for size in ("display", "preview", "thumbnail")]
    elif "{planned.status}" in said[1]:
        texts = [f"status 403 with {form}" for form in re.findall(r'": "([^"]+)"', block[: block.index("return")])]
        assert len(texts) == 3

    for text in texts:
        assert spoken("de", text) == "de", text


def test_a_reason_of_the_owner_stays_as_it_is():
    """And is marked as what it was taken for, English."""
    assert of_rule("de", "My friends may.") == "My friends may."
    assert spoken("de", "My friends may.") == "en"
