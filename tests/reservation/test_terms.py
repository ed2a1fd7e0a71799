"""Is the terms page sound HTML that says the reservation and nothing that was smuggled in?"""

import asyncio
import re
import warnings
from datetime import date
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import ConfigurationError
from guard.reservation import terms
from guard.reservation.statement import Override, Statement, one_line

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


def weboptout_says(body: bytes) -> tuple[object, list[str]]:
    """Return what the reader of terms makes of a page, and the sentences that it goes by."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is of 2023
        from weboptout.client import ClientSession
        from weboptout.html import check_tos_reservation

        async def ask() -> tuple[object, list[str]]:
            async with ClientSession() as client:
                status = check_tos_reservation(client, "https://photo.example/terms", body.decode())
                return status, [str(sentence) for _, sentence, _ in client._output]

        return asyncio.run(ask())


def test_weboptout_recognises_the_reservation():
    """The one reader of terms that exists says yes, by our sentence on scraping."""
    status, sentences = weboptout_says(terms.render(Statement(holder="Jane Doe", contact="x@y.example"), as_of=AS_OF))

    assert str(status) == "Status.SUCCESS"
    assert any("scraping" in sentence or "data mining" in sentence for sentence in sentences)


def test_weboptout_does_not_recognise_german_or_short_words():
    """It gives up on German, and on less than 500 characters: the test above can fail."""
    body = terms.render(Statement(holder="Jane Doe"), as_of=AS_OF)
    german = re.sub(rb'<section lang="en">.*?</section>', b"", body, flags=re.DOTALL)
    short = re.sub(rb"<p>.*?</p>", b"", body, flags=re.DOTALL).replace(b"<main>", b"<main><p>No data mining.</p>")

    assert "SUCCESS" not in str(weboptout_says(short)[0])
    assert "SUCCESS" not in str(weboptout_says(german)[0])


def test_a_link_named_terms_leads_to_the_page():
    """weboptout follows links whose text and address look like terms; ours does at its path."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from weboptout.client import ClientSession
        from weboptout.http import _find_tos_links_from_html

        async def ask() -> list[str]:
            async with ClientSession() as client:
                home = f'<html><body><a href="/about">About</a> <a href="{terms.PATH}">Terms</a></body></html>'
                return (await _find_tos_links_from_html(client, "https://photo.example/", home))[1]

        links = asyncio.run(ask())

    assert links == ["https://photo.example/.well-known/guard/terms"]


def test_the_table_of_uses_is_answered_from_the_statement():
    """Index and preview follow search, training follows train; what is no mining is the author's, and reserved."""
    for stances in ({"train": True, "search": False}, {"train": False, "search": True}):
        answers = page(**stances).cells["en"][4:]

        words = {True: "permitted", False: "reserved"}
        search, train = words[stances["search"]], words[stances["train"]]
        assert answers == [search, search, train, *["reserved"] * 5]


def test_the_owners_words_take_the_templates_place():
    """Paragraph by paragraph, as text; the tables, the contact and the day stay."""
    own = "Mine & <b>yours</b>.\nNo {holder}.\n\n \nSecond."

    body = terms.render(Statement(holder="Jane", contact="x@y.example", terms_text=(("en", own),)), as_of=AS_OF)
    read = Page(body)

    assert read.paragraphs["en"][:2] == ["Mine & <b>yours</b>. No {holder}.", "Second."]
    assert "behält sich" in read.paragraphs["de"][0]
    assert read.cells["en"][:4] == ["reserved", "reserved", "permitted", "reserved"]
    assert "follows a template" not in body.decode()
    assert "folgt einer Vorlage" in body.decode()
    assert "<!-- Template." in body.decode()
    both = terms.render(Statement(terms_text=(("en", own), ("de", "Eigene Worte."))), as_of=AS_OF).decode()
    assert "Template" not in both


def test_a_path_with_answers_of_its_own_has_a_table():
    """In both languages, with the path as it is written."""
    paths = (Override(path="/press/%C3%A4/", train=True, ai_use=False, search=True, tdm=False),)

    read = page(paths=paths)

    assert read.cells["en"][12:] == ["permitted", "reserved", "permitted", "reserved"]
    assert read.cells["de"][12:] == ["erlaubt", "vorbehalten", "erlaubt", "vorbehalten"]


def test_a_site_that_permits_but_for_one_path_still_reserves():
    """The sentences of the reservation are there as soon as one path needs them."""
    everything = {"train": True, "ai_use": True, "search": True, "tdm": True}
    paths = (Override(path="/private/", train=False, ai_use=True, search=True, tdm=True),)

    assert "expressly reserves" in page(paths=paths, **everything).paragraphs["en"][0]


def test_who_gives_licences_is_linked():
    """The owner's page, or the first offer's."""
    links = {
        dict(pairs)["href"] for name, pairs in page(licensor="https://agency.example/?a=1&b=2").tags if name == "a"
    }

    assert links == {"https://agency.example/?a=1&b=2"}
