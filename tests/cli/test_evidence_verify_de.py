"""Has every sentence of a verification a German one?"""

import ast
import re
from pathlib import Path

import pytest

from guard.cli.evidence_verify_de import FORMS, KINDS, german, place
from guard.evidence.record import RecordKind
from guard.evidence.segment import Flaw

ROOT = Path(__file__).resolve().parent.parent.parent
CHECKS = [*sorted((ROOT / "guard" / "evidence").glob("*.py")), ROOT / "guard" / "cli" / "evidence_time.py"]
UNITS = re.compile(r"\b(the|were|is|are|of|which|not|and|by)\b")


def _text(node: ast.expr) -> str:
    """Return a sentence with a value in every place, or nothing for what is no sentence in the source."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = []
        for part in node.values:
            if isinstance(part, ast.Constant):
                parts.append(str(part.value))
            else:
                inner = part.value if isinstance(part, ast.FormattedValue) else part
                choice = inner.body if isinstance(inner, ast.IfExp) else inner
                name = ast.unparse(inner)
                if isinstance(choice, ast.Constant):
                    parts.append(str(choice.value))
                elif name == "what":
                    parts.append("was cut short by a crash")
                elif name not in ("said", "_accuracy(newest)"):
                    parts.append("17")
        return "".join(parts)
    return ""


def sentences() -> list[str]:
    """Read them from the source: arguments of fault() and note(), and what the clock and the tokens say."""
    found = []
    for path in CHECKS:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in ("fault", "note")
            ):
                found.append(_text(node.args[-1]))
            elif isinstance(node, ast.Yield) and path.name == "clock_check.py" and node.value is not None:
                found.append(_text(node.value))
            elif (
                isinstance(node, ast.Call)
                and path.name == "evidence_time.py"
                and ast.unparse(node.func) == "lines.append"
            ):
                found.append(_text(node.args[0]))
    return sorted({one for one in found if " " in one})


@pytest.mark.parametrize("sentence", [*sentences(), *Flaw], ids=str)
def test_every_sentence_of_the_checks_is_german(sentence: str):
    """A new one needs its line here, or a German reader gets a mixed report."""
    told = german(str(sentence))

    assert told != sentence
    assert UNITS.search(told) is None, told


def test_the_sentences_are_found():
    """A search that finds none would be content."""
    assert len(sentences()) > 55


def test_values_keep_their_place():
    """Also where German has another order, and inside each other."""
    assert german("this machine's clock was 3 s fast at record 9, by that of tsa") == (
        "Die Uhr dieses Rechners ging bei Aufzeichnung 9 um 3 s vor, gemessen an der von tsa"
    )
    assert german("the rest of the file is zeros, at byte 7") == "Der Rest der Datei sind Nullen, bei Byte 7"
    assert german("something that nobody translated") == "something that nobody translated"
    assert place("log/seg/000000.seg, record 4") == "log/seg/000000.seg, Aufzeichnung 4"


def test_every_kind_of_record_has_a_german_name():
    """As in English."""
    assert KINDS.keys() == {kind.value for kind in RecordKind}


def test_every_form_has_as_many_values_in_german():
    """None is lost."""
    for english, german_form in FORMS:
        assert english.count("{") == german_form.count("{"), english
