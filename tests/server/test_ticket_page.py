"""What does the page say to whom, and what can nobody write into it?"""

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from guard.server.ticket_page import SECURITY, Words, render

WORDS = Words(
    language="en", picture="/a.jpg?b=1&c", host="photo.example", hours=24, holder="Jane Doe",
    contact="rights@photo.example", terms="https://photo.example/terms",
)  # fmt: skip


class Reader(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page.decode())

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", ("A picture by Jane Doe", "for 24 hours", "Rights holder")), ("de", ("Ein Bild von Jane Doe", "24 Stunden",
      "Rechteinhaber"))],
)  # fmt: skip
def test_it_shows_the_picture_and_says_why(language, said):
    """Whose it is, whom to ask, and where the picture itself is."""
    page = Reader(render(replace(WORDS, language=language)))

    assert all(one in page.text for one in said)
    assert ("img", {"src": "/a.jpg?b=1&c", "alt": said[0]}) in page.tags
    assert [tag["href"] for name, tag in page.tags if name == "a"] == [
        "/a.jpg?b=1&c", "/", "https://photo.example/terms"
    ]  # fmt: skip


def test_nothing_can_be_smuggled_in():
    """Neither by an address nor by what the owner has written; and nothing runs."""
    hostile = '"><script>alert(1)</script>'
    page = Reader(
        render(replace(WORDS, picture=f"/{hostile}", host=hostile, holder=hostile, contact=hostile, terms=hostile))
    )

    assert "script" not in [name for name, _ in page.tags]
    assert "default-src 'none'" in SECURITY
    assert "script-src" not in SECURITY


def test_without_a_holder_the_site_is_named():
    """Nobody has to say who he is."""
    assert "A picture on photo.example" in Reader(render(replace(WORDS, holder=""))).text
