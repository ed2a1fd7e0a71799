"""The report says what the records say, looks like one, and archives take it."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from guard.bundle import words_de, words_en
from guard.bundle.findings import findings
from guard.bundle.report import report_value, typeset
from guard.bundle.say import LANGUAGES, Language
from tests.support.anchors import stamp
from tests.support.authority import Authority
from tests.support.cases import BOT, NOBODY, Visits, case_of, fill, registration
from tests.support.programs import need

HOSTILE = '#panic("x") $1+1$ *b* @a <b> \u202egpj.exe\u2066 \x1b[31m =cmd()'


def value_of(root: Path, lang: Language = "en", **wanted: Any) -> dict[str, Any]:
    return dict(report_value(findings(case_of(root, **wanted)), lang, version="0.1.0", thumbnails={}))


def texts_of(value: Any) -> Iterator[str]:
    """Yield every text that the report shows."""
    if isinstance(value, str):
        yield value
    if isinstance(value, dict) and "k" in value:
        value = value["t"]  # a span, without its style
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts_of(one)


def said(value: Any) -> str:
    return " ".join(" ".join(texts_of(value)).split())


def pages(pdf: bytes, folder: Path) -> list[str]:
    """Return the text of each page."""
    file = folder / "report.pdf"
    file.write_bytes(pdf)
    out = subprocess.run([need("pdftotext"), "-layout", str(file), "-"], capture_output=True, text=True, check=True)
    return out.stdout.split("\f")[:-1]


FORBIDDEN = re.compile(
    r"used for training|zum Training (verwendet|benutzt)|court-proof|gerichtsfest|thief|stolen|gestohlen|Dieb|"
    r"fetched by|read by the|gelesen (hat|wurde von)|proves that|beweist, dass",
    re.IGNORECASE,
)


@pytest.mark.parametrize("module", [words_en, words_de])
def test_no_word_says_more_than_a_log_can_carry(module: Any):
    """Delivered to, not read by; presented itself as, not it was."""
    words = [text for table in (module.TEXTS, module.RENDITIONS, module.OUTCOMES) for text in table.values()]

    assert [text for text in words if FORBIDDEN.search(text)] == []


@pytest.mark.parametrize("table", ["TEXTS", "RENDITIONS", "SHORT", "OUTCOMES", "REASONS", "ACTIONS"])
def test_both_languages_say_the_same_things(table: str):
    """With the same values put in."""
    english, german = getattr(words_en, table), getattr(words_de, table)
    holes = re.compile(r"\{(\w*)\}")

    assert english.keys() == german.keys()
    for name, text in english.items():
        assert sorted(set(holes.findall(text))) == sorted(set(holes.findall(german[name]))), name


GRADES = {
    "A": ("Cryptographically proven", "Kryptographisch nachgewiesen"),
    "B": ("Address in the published range of Example Inc", "Adresse im veröffentlichten Bereich von Example Inc"),
    "C": ("Address in the network of Example Inc", "Adresse im Netz von Example Inc"),
    "D": ("Presented itself as ExampleBot", "Gab sich aus als ExampleBot"),
    "E": ("Not identified", "Nicht identifiziert"),
}


@pytest.mark.parametrize("grade", GRADES)
def test_the_wording_of_a_grade_is_fixed(tmp_path: Path, grade: str):
    """So that nobody reads into one report what another says."""
    visits = Visits(tmp_path / "evidence")
    visits.reserve()
    visits.fetch("/a.jpg", NOBODY if grade == "E" else {**BOT, "grade": grade})
    visits.close()
    for lang, words in zip(("en", "de"), GRADES[grade], strict=True):
        assert words in said(value_of(tmp_path / "evidence", lang)["first"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_claim_from_a_home_address_is_no_statement_about_the_operator(tmp_path: Path, lang: Language):
    """Grade D: the report attributes nothing to whom the client named."""
    text = said(value_of(fill(tmp_path / "evidence"), lang, crawlers={"examplebot"})["first"])

    assert {"en": "it is not shown that it was Example Inc", "de": "dass es Example Inc war, ist nicht gezeigt"}[
        lang
    ] in text
    assert {"en": "attributes nothing to Example Inc", "de": "schreibt Example Inc nichts zu"}[lang] in text


def test_page_one_answers_the_questions_of_a_court(tmp_path: Path):
    """Work, who, when, reservation for this URL, delivery of it, answer, log, witnesses, limits."""
    root = fill(tmp_path / "evidence")
    (block,) = value_of(root, crawlers={"examplebot"})["first"]
    rows = {row["label"]: said(row["body"]) for row in block["rows"]}

    assert list(rows) == [
        "The work", "Who", "When", "Reservation that applied", "Delivered to this client", "What was answered",
        "The log", "Who can testify", "What this does not show",
    ]  # fmt: skip
    assert "photo.example/album/harbour.jpg" in rows["The work"]
    assert "not registered" in rows["The work"]
    assert "UTC (2026-01-01 01:00:" in rows["When"]
    assert "Not anchored" in rows["When"]
    assert "User-agent: ExampleBot · Disallow: /album/" in rows["Reservation that applied"]
    assert "tdm-reservation: 1" in rows["Reservation that applied"]
    assert "/robots.txt was delivered to it" in rows["Delivered to this client"]
    assert "status 403" in rows["What was answered"]
    assert "It admits no gap" in rows["The log"]


def test_the_bracket_of_others_is_on_page_one(tmp_path: Path):
    """Between a token on record before and one over a head after."""

    root = fill(tmp_path / "evidence")
    stamp(root, Authority())
    visits = Visits(root)
    visits.reserve()
    visits.fetch("/late.jpg")
    visits.close()
    stamp(root, Authority())
    text = said(value_of(root, pictures={"/late.jpg"})["first"])

    assert "By clocks of third parties between" in text
    assert "Third parties: https://tsa.example" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_author_and_chain_of_title_are_on_page_one(tmp_path: Path, lang: Language):
    """As the owner's word, with the record that says since when."""
    visits = Visits(tmp_path / "evidence")
    visits.put(registration())
    visits.reserve()
    visits.fetch("/album/harbour.jpg", NOBODY, action="mark", rendition="marked", mark="ab" * 8, original="12" * 32,
                 end_status=200)  # fmt: skip
    visits.close()
    text = said(value_of(tmp_path / "evidence", lang)["first"])

    words = {"en": "by Ada Example, by the owner’s word.", "de": "von Ada Example, nach Angabe des Betreibers."}
    assert f"Harbour, {words[lang]}" in text
    assert "to the Agency, 2025" in text
    assert "56" * 32 in text
    assert {"en": "before this request", "de": "vor diesem Abruf"}[lang] in text


def test_what_the_machine_knew_of_its_clock_is_on_page_one(tmp_path: Path):
    """A documented synchronisation, or that there was none."""
    from guard.evidence.clock_record import ClockReading, ClockState, Why, clock
    from tests.support.evidence import AT

    visits = Visits(tmp_path / "evidence")
    visits.reserve()
    for state, error in ((ClockState.UNSYNCHRONISED, 0), (ClockState.SYNCHRONISED, 250_000)):
        visits.look(clock(ClockReading(at=AT, boot="b", boottime=1, slept=0, state=state, error=error, estimate=0),
                         why=Why.MINUTE))  # fmt: skip
    visits.fetch("/album/harbour.jpg")
    visits.close()

    assert "its clock was in step, wrong by 0.25 s at most" in said(value_of(tmp_path / "evidence")["first"])


@pytest.mark.parametrize(
    ("person", "words"),
    [
        ({"source": "header", "peer": "127.0.0.1"}, "A trusted server in front told that address."),
        ({"source": "peer_header_unusable"}, "told no usable address"),
        ({"headers": [["X-Forwarded-For", "10.0.0.1"]]}, "A forwarding chain that the client sent was not believed."),
    ],
)
def test_where_an_address_came_from_is_said(tmp_path: Path, person: dict[str, Any], words: str):
    """Behind a front server the peer is not the client, and what a client says of itself nobody believes."""
    visits = Visits(tmp_path / "evidence")
    visits.reserve()
    visits.fetch("/a.jpg", person=person)
    index = visits.fetch("/a.jpg")
    visits.close()
    every, plain = (said(value_of(tmp_path / "evidence", **one)["first"]) for one in ({}, {"records": {index}}))

    assert words in every
    assert words not in plain


@pytest.mark.parametrize(
    ("count", "lang", "words"),
    [
        (1, "en", "1 of 1 pictures; all are in data/images.csv. One more address was refused with a picture too."),
        (2, "en", "2 more addresses were refused with a picture too."),
        (1, "de", "Mit einem Bild abgelehnt wurde auch der Abruf einer weiteren Adresse."),
        (3, "de", "Mit einem Bild abgelehnt wurden auch Abrufe von 3 weiteren Adressen."),
    ],
)
def test_what_nobody_had_seen_is_no_picture_and_is_said(tmp_path: Path, count: int, lang: Language, words: str):
    """A crawler that only comes to be refused asks for more than the pictures that the guard knows."""

    visits = Visits(tmp_path / "evidence")
    visits.reserve()
    visits.fetch("/album/harbour.jpg")
    for number in range(count):
        visits.fetch(f"/unseen/{number}.jpg", resource="unknown", resource_source="")
    visits.fetch("/a-page", resource="unknown", resource_source="", rendition="page")
    visits.close()
    told = said(value_of(tmp_path / "evidence", lang))

    assert words in told


def test_gaps_are_told_on_page_one(tmp_path: Path):
    """A log that admits its gaps is believed."""
    from guard.evidence import record
    from tests.support.evidence import AT

    def more(visits: Visits) -> None:
        visits.put(record.gap(at=AT, count=17, since=AT, until=AT + 5, why="queue_full"))

    text = said(value_of(fill(tmp_path / "evidence", more), crawlers={"examplebot"}))

    assert "It admits one gap: 17 records could not be written" in text
    assert "queue_full" in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_one_is_one_page_in_the_worst_case(tmp_path: Path, lang: Language):
    """Long addresses, two versions of robots.txt, several clients, a mark, gaps."""

    def more(visits: Visits) -> None:
        visits.reserve(b"User-agent: *\nAllow: /\n", **{f"x-line-{n}": "value " * 10 for n in range(8)})
        visits.fetch("/album/" + "long-name-" * 30 + ".jpg?" + "q=1&" * 40, {**BOT, "grade": "A"}, mark="ab" * 8,
                     original="12" * 32, rendition="marked", action="mark")  # fmt: skip
        visits.fetch("/x.jpg", {**BOT, "grade": "C", "operator": "A Very Long Name Of An Operator, Incorporated"})

    value = value_of(fill(tmp_path / "evidence", more), lang)
    text = pages(typeset(value), tmp_path)

    assert said(value["first"][0]["rows"][-1]["label"]) in text[0]
    assert value["rest"][1]["text"].split()[-1] in text[1]


def test_it_is_a_tagged_pdf_for_archives_and_the_same_every_time(tmp_path: Path):
    """PDF/A-3b by its own words; qpdf finds nothing wrong with its structure."""
    value = value_of(fill(tmp_path / "evidence"), crawlers={"examplebot"})
    pdf = typeset(value)
    (tmp_path / "report.pdf").write_bytes(pdf)
    checked = subprocess.run([need("qpdf"), "--check", str(tmp_path / "report.pdf")], capture_output=True, check=False)
    plain = subprocess.run([need("qpdf"), "--qdf", "--object-streams=disable", str(tmp_path / "report.pdf"), "-"],
                           capture_output=True, check=True).stdout  # fmt: skip

    assert checked.returncode == 0, checked.stderr
    assert b"<pdfaid:part>3</pdfaid:part>" in plain
    assert b"<pdfaid:conformance>B</pdfaid:conformance>" in plain
    assert b"/StructTreeRoot" in plain
    assert b"/Lang (en)" in plain
    assert typeset(value) == pdf


def test_a_hostile_user_agent_is_shown_and_does_nothing(tmp_path: Path):
    """No markup, no direction marks, no escape sequences."""
    visits = Visits(tmp_path / "evidence")
    visits.reserve()
    visits.fetch("/a.jpg?" + HOSTILE.replace(" ", "+"), {**BOT, "agent": HOSTILE, "claimed": HOSTILE})
    visits.close()
    value = value_of(tmp_path / "evidence")
    text = "".join(pages(typeset(value), tmp_path))

    assert '#panic("x")' in text
    assert not {"\u202e", "\u2066", "\x1b"} & set(text)
    assert "\\u202e" in json.dumps(value, ensure_ascii=False)
