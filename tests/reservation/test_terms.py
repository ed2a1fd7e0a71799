"""Is the terms page sound HTML that says the reservation and nothing that was smuggled in?"""

import re
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigurationError
from guard.reservation import terms
from guard.reservation.statement import Statement, one_line

AS_OF = date(2026, 11, 22)
VOID = {"meta"}


class Page(HTMLParser):
    """Reads the page as a browser would: tags in order, text by the language of its section."""

    def __init__(self, body: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.open: list[str] = []
        self.language = ""
        self.paragraphs: dict[str, list[str]] = {"en": [], "de": []}
        self.cells: dict[str, list[str]] = {"en": [], "de": []}
        self.feed(body.decode("utf-8"))
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, tuple(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "section":
            self.language = dict(attrs)["lang"]
        if tag in {"p", "td"}:
            (self.paragraphs if tag == "p" else self.cells)[self.language].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "p" in self.open:
            self.paragraphs[self.language][-1] += data
        if "td" in self.open:
            self.cells[self.language][-1] += data


def page(**values) -> Page:
    return Page(terms.render(Statement(**({"holder": "Jane Doe"} | values)), as_of=AS_OF))


def test_the_page_names_the_law_the_holder_the_contact_and_the_day_in_both_languages():
    """Who reserves what on which law, whom to ask, and since when."""
    read = page(contact="rights@photo.example")
    english, german = (" ".join(read.paragraphs[language]) for language in ("en", "de"))

    for text in (english, german):
        assert "Jane Doe" in text
        assert "rights@photo.example" in text
        assert "2026-11-22" in text
    assert "Article 4(3) of Directive (EU) 2019/790" in english
    assert "section 44b(3) of the German Copyright Act" in english
    assert "Art. 4 Abs. 3 der Richtlinie (EU) 2019/790" in german
    assert "§ 44b Abs. 3 UrhG" in german
    assert "Stand: 2026-11-22" in german


def test_an_automatic_reader_of_terms_recognises_the_english_clause():
    """At least 500 characters in paragraphs, more English than German, and the words such readers look for."""
    read = page()
    english = " ".join(read.paragraphs["en"])

    assert len(english) >= 500
    assert len(english) > 1.5 * len(" ".join(read.paragraphs["de"]))
    assert re.search(r"(scrap(e|er|ing)|data[\s-]min(e|ing))[^.]*prohibited", english)


def test_the_page_is_sound_and_loads_nothing():
    """Every element is closed, there is no script, style from elsewhere or picture, and each language is marked."""
    read = page(contact="rights@photo.example")
    names = [name for name, _ in read.tags]

    assert read.open == []
    assert not {"script", "link", "img", "iframe", "form"} & set(names)
    assert not any(name.startswith("on") or name in {"src", "style"} for _, pairs in read.tags for name, _ in pairs)
    assert [dict(pairs)["lang"] for name, pairs in read.tags if name == "section"] == ["en", "de"]
    assert names.count("h1") == 1
    assert names.count("caption") == 4
    assert {dict(pairs)["scope"] for name, pairs in read.tags if name == "th"} == {"col", "row"}


def test_the_page_says_that_it_is_a_template():
    """The owner is told to have it checked, and a visitor that the words follow a template."""
    body = terms.render(Statement(holder="Jane Doe"), as_of=AS_OF).decode()

    assert "<!-- Template. Owner: have these words checked by a lawyer" in body
    assert "follows a template" in body
    assert "folgt einer Vorlage" in body


def test_nothing_reserved_claims_nothing():
    """With four permissions the page makes no reservation in either language."""
    read = page(train=True, ai_use=True, search=True, tdm=True)
    text = " ".join(read.paragraphs["en"] + read.paragraphs["de"])

    assert not re.search(r"44b|prohibited|untersagt", text)
    assert {language: cells[:4] for language, cells in read.cells.items()} == {
        "en": ["permitted"] * 4,
        "de": ["erlaubt"] * 4,
    }


@pytest.mark.parametrize(
    ("contact", "link"),
    [
        ("rights@photo.example", "mailto:rights@photo.example"),
        ("https://photo.example/contact?x=1", "https://photo.example/contact?x=1"),
        ("Jane, +49 0000", None),
        ("javascript:alert(1)", None),
        ("a@b.example?subject=x&bcc=y@z.example", None),
        ('x"onclick="y@photo.example', None),
        ("https://photo.example/\u202e", "https://photo.example/"),
        ("data://x", None),
    ],
)
def test_only_a_plain_address_becomes_a_link(contact, link):
    """What is not plainly an e-mail or web address is shown as text."""
    links = {dict(pairs)["href"] for name, pairs in page(contact=contact).tags if name == "a"}

    assert links == ({link} if link else set())


HOSTILE = st.one_of(
    st.text(min_size=1, max_size=80),
    st.lists(
        st.sampled_from(
            ["</p>", "<script>", "'", '"', "&lt;", "&", "\r\n", "-->", "<!--", "{holder}", "\u202e", "x", "</style>"]
        ),
        min_size=1,
        max_size=10,
    ).map("".join),
)


@given(holder=HOSTILE, contact=HOSTILE)
def test_no_name_adds_a_tag(holder, contact):
    """Any words are shown as themselves, on one line, and the page keeps its elements."""
    read = page(holder=holder, contact=contact)

    names, calm = (
        [name for name, _ in found.tags if name not in {"a", "bdi"}]
        for found in (read, page(contact="Jane" if one_line(contact) else ""))
    )
    assert read.open == []
    assert names == calm
    assert [name for name, _ in read.tags].count("bdi") == 2 * bool(one_line(holder)) + 2 * bool(one_line(contact))
    assert one_line(holder) in read.paragraphs["en"][0]
    assert one_line(contact) in " ".join(read.paragraphs["de"])


def test_a_page_without_a_name_still_says_who_reserves():
    """Where the owner has given no name, the sentences are whole."""
    read = page(holder="")

    assert "The rights holder of this website expressly reserves" in read.paragraphs["en"][0]
    assert "Der Rechtsinhaber dieser Website behält sich" in read.paragraphs["de"][0]


def test_ten_thousand_characters_are_rejected():
    """A name as long as a page is a mistake, and is told as one."""
    with pytest.raises(ConfigurationError, match="rights: holder: longer than 300 characters"):
        page(holder="x" * 10_000)
