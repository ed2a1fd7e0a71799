"""Are the bytes for a page's head safe in any page, and read by those who look there?"""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation import html
from guard.reservation.statement import Override, Statement

STATEMENT = Statement(holder="Jane Doe", base_url="https://photo.example")


class Elements(HTMLParser):
    """The elements of a head, with their text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_elements_are_these():
    """The defaults, in the order in which they are written."""
    assert html.meta(STATEMENT) == (
        '<meta name="robots" content="noai, noimageai, noarchive">',
        '<meta name="tdm-reservation" content="1">',
        '<meta name="tdm-policy" content="https://photo.example/.well-known/guard/terms">',
        '<link rel="license" type="application/rsl+xml" href="https://photo.example/rsl.xml">',
    )


def test_a_page_below_a_path_says_what_holds_there():
    """With four permissions there is nothing to forbid and no policy."""
    paths = (Override(path="/press/", train=True, ai_use=True, search=True, tdm=True),)
    statement = Statement(base_url="https://photo.example", paths=paths)

    assert html.meta(statement.at("/press/x.html")) == (
        '<meta name="tdm-reservation" content="0">',
        '<link rel="license" type="application/rsl+xml" href="https://photo.example/rsl.xml">',
    )
    assert b"noai" in html.head(statement.at("/"))


def test_pictures_with_an_address_are_described_one_by_one():
    """Search engines show the licence only for a picture whose address they know; each once, and not without end."""
    urls = [f"https://photo.example/{number}.jpg" for number in range(200)]

    script = Elements(html.json_ld(STATEMENT, [*urls, urls[0]])).text

    described = json.loads(script)["@graph"]
    assert [one["contentUrl"] for one in described] == urls[: html.MAX_IMAGES]
    assert {one["@type"] for one in described} == {"ImageObject"}
    assert json.loads(Elements(html.json_ld(STATEMENT, urls[:1])).text)["contentUrl"] == urls[0]


HOSTILE = st.one_of(
    st.text(max_size=60),
    st.lists(
        st.sampled_from(["</script>", "<!--", "<script>", '"', "'", "]]>", "&quot;", "\u2028", "\\"]), max_size=8
    ).map("".join),
)


@given(holder=HOSTILE, credit=HOSTILE, image=HOSTILE)
def test_no_name_ends_an_element(holder: str, credit: str, image: str):
    """Whatever the words are, the head has its five elements, in ASCII, and the words come back whole."""
    statement = Statement(holder=f"J {holder}", credit=f"C {credit}", base_url="https://photo.example")

    head = html.head(statement, [image])
    read = Elements(head.decode("ascii"))

    assert [tag for tag, _ in read.found] == ["meta", "meta", "meta", "link", "script"]
    described = json.loads(read.text)
    assert described["creator"]["name"] == statement.holder
    assert described["creditText"] == statement.credit
    assert described["contentUrl"] == image


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "windows-1252", "shift_jis", "gb18030", "koi8-r", "euc-kr"])
def test_the_bytes_mean_the_same_in_the_charsets_of_the_web(charset: str):
    """They can be put into a page without knowing how it is encoded."""
    head = html.head(Statement(holder="Zoë 山田", base_url="https://photo.example"))

    assert head.decode(charset) == head.decode("ascii")
    assert json.loads(Elements(head.decode(charset)).text)["creator"]["name"] == "Zoë 山田"
