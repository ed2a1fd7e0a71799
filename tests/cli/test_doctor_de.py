"""Has every sentence of the doctor a German one?"""

import ast
import re
from pathlib import Path

import pytest

from guard.cli.doctor import Finding, Health
from guard.cli.doctor_de import FORMS, NAMES, german

ROOT = Path(__file__).resolve().parent.parent.parent / "guard"
CHECKS = [*(ROOT / "cli" / name for name in ("doctor.py", "doctor_site.py", "doctor_command.py"))]
WARNINGS = [ROOT / "settings_warnings.py", ROOT / "core" / "search_faults.py"]
ENGLISH = re.compile(r"\b(the|is|are|of|which|not|and|by|it|with|they)\b")
INSIDE = {"sentence": "the client is whoever opens the connection (client_ip: peer)", "lacking": "seccomp (network)",
          "path": "", "note": ""}  # fmt: skip
"""Values that are themselves sentences, or mostly empty."""
NONE = {"guard serve -c FILE", " below 17", "rule '17' (1717)"}
"""A command, and parts of sentences."""


def _text(node: ast.AST) -> str:
    """Return a sentence of the source with a number for each value; nothing for what is none."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = []
    for one in node.values:
        name = ast.unparse(one.value) if isinstance(one, ast.FormattedValue) else ""
        percent = isinstance(one, ast.FormattedValue) and one.format_spec is not None and "%" in ast.unparse(one)
        parts.append(str(one.value) if isinstance(one, ast.Constant) else INSIDE.get(name, "17%" if percent else "17"))
    return "".join(parts)


def sentences() -> list[str]:
    """Read them: the third and fourth argument of a finding, what is assigned before, and every warning."""
    found = []
    for path in CHECKS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                found += [_text(one) for one in node.args[2:]]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("sentence", "advice"):
                found.append(_text(node.value))
    for path in WARNINGS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "found.append":
                found += map(_text, node.args)
            elif isinstance(node, ast.ListComp | ast.Return) and path.stem == "settings_warnings":
                found.append(_text(node.elt) if isinstance(node, ast.ListComp) else "")
            elif isinstance(node, ast.Return) and path.stem == "search_faults" and node.value is not None:
                found.append(_text(node.value))
    return sorted({one for one in found if " " in one} - NONE)


@pytest.mark.parametrize("sentence", sentences(), ids=str)
def test_every_sentence_of_the_doctor_is_german(sentence: str):
    """A new one needs its line here, or who reads the console in German gets a mixed page."""
    told = german(Finding("clock", Health.NOTE, sentence, sentence))

    assert told.sentence != sentence
    assert told.advice == told.sentence
    assert ENGLISH.search(told.sentence) is None, told.sentence


def test_the_sentences_are_found():
    """A search that finds none would be content."""
    assert len(sentences()) > 55


def test_everything_that_is_looked_at_has_a_german_name():
    """As it stands first on the line."""
    found = set()
    for path in CHECKS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "Finding":
                found.add(_text(node.args[0]))
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).strip("()").startswith("what"):
                value = node.value.elts[0] if isinstance(node.value, ast.Tuple) else node.value
                found.add(_text(value))
    names = {one for one in found if one}

    assert len(names) > 10
    for name in names:
        assert german(Finding(name, Health.WELL, "", "")).what != name, name


@pytest.mark.parametrize("forms", [FORMS, NAMES])
def test_no_value_is_lost_in_german(forms):
    """As many places as in English."""
    assert [one for one, other in forms if one.count("{") != other.count("{")] == []
