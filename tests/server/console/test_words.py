"""Every sentence is there in German too."""

import ast
import re
from pathlib import Path

import pytest

from guard.core.crawlers import Purpose
from guard.core.policy import Action
from guard.server.console import words
from guard.server.console.words_de import GERMAN

FOLDER = Path(words.__file__).parent
_TEXT = r"""(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')"""


def sentences() -> set[str]:
    """Return every text that a template or a module asks to be said."""
    found: set[str] = set()
    for file in (FOLDER / "templates").glob("*.html"):
        text = file.read_text("utf-8")
        for match in re.finditer(rf"\b_\({_TEXT}", text):
            found.add(match[1] or match[2])
        for match in re.finditer(rf"\bmany\([^()]*?{_TEXT}, {_TEXT}\)", text):
            found |= {match[1] or match[2], match[3] or match[4]}
        for match in re.finditer(rf"else _\({_TEXT}", text):
            found.add(match[1] or match[2])
    for file in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
                "_problem", "_sign_in_form", "say", "many",
            ):  # fmt: skip
                found |= {
                    one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)
                }
    tables = [text for table in words.TABLES.values() for text in table.values()] + [name for _, name in words.PAGES]
    return {*found, *tables} - {"", "en", "de"}


def test_every_sentence_has_its_german():
    """And no German is left over."""
    asked = sentences()

    assert asked - GERMAN.keys() == set()
    assert GERMAN.keys() - asked == set()


@pytest.mark.parametrize("english", sorted(GERMAN))
def test_a_translation_keeps_what_is_put_into_it(english: str):
    """The same names in braces."""
    names = re.compile(r"\{(\w+)\}")

    assert set(names.findall(english)) == set(names.findall(GERMAN[english]))


def test_every_purpose_and_action_has_a_word():
    """A new one must not come out as its name in the rules."""
    assert set(Purpose) <= words.PURPOSES.keys()
    assert {str(one) for one in Action} == words.ACTIONS.keys()


def test_what_is_put_into_a_sentence_is_no_markup():
    """It may come from a stranger."""
    assert words.say("en", "and {n} more", n="<b>") == "and &lt;b&gt; more"
