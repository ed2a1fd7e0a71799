"""The texts beside the evidence are filled in, in both languages."""

import re
from pathlib import Path

from guard.bundle.findings import findings
from guard.bundle.texts import rtf, texts
from tests.support.cases import case_of, fill


def test_every_text_is_there_in_both_languages_with_its_facts(tmp_path: Path):
    """Version, log, and that nobody outside has confirmed a time."""
    case = case_of(fill(tmp_path / "evidence"), crawlers={"examplebot"})
    data, tags = texts(findings(case), version="1.2.3", program="ab" * 32)

    assert sorted({**data, **tags}) == [
        "README.de.txt", "README.en.txt", "declaration.de.rtf", "declaration.en.rtf", "procedure.de.md",
        "procedure.en.md",
    ]  # fmt: skip
    for body in (*data.values(), *tags.values()):
        assert not re.search(rb"\{[a-z]+\}", body.replace(b"{\\rtf1", b""))
    for lang in ("de", "en"):
        procedure = data[f"procedure.{lang}.md"].decode()
        assert "crawler-guard 1.2.3" in procedure
        assert case.origin in procedure
        assert "ab" * 32 in procedure
        assert case.vkey in tags[f"README.{lang}.txt"].decode()
    assert "keine solche Bestätigung" in data["procedure.de.md"].decode()


def test_a_declaration_opens_in_a_word_processor():
    """RTF is ASCII; letters beyond it are written as numbers, and braces are no groups."""
    made = rtf("Erklärung\nText {x} \\ – ß")

    assert made.isascii()
    assert made.count(b"{") - made.count(b"\\{") == made.count(b"}") - made.count(b"\\}")
    assert b"Erkl\\u228?rung" in made
    assert b"\\{x\\} \\\\ \\u8211? \\u223?" in made
