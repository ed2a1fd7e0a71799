"""HTML is taken apart as html.parser does it where the page is sound, and in linear time where it is not."""

import time
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.reservation.read_html import events

WORDS = st.sampled_from(
    ["<p>", "</p>", '<a href="/x?a=1&amp;b=2">', "</a>", "<img src=a.jpg alt='one > two'>", "<br/>", "<!-- <p> -->",
     "<!doctype html>", "text", "&auml;&lt;", "1 < 2 ", "<META NAME=Robots CONTENT='noai'>",
     "<script>if (a < b) '<p>'</script>", "<style>p > a {}</style>", "<input disabled value=1>"]
)  # fmt: skip


class Theirs(HTMLParser):
    """What the standard library sees."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(("start", tag, {key: value or "" for key, value in attrs}))

    def handle_endtag(self, tag):
        self.seen.append(("end", tag, {}))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)

    def handle_data(self, data):
        self.seen.append(("text", data, {}))


def joined(seen: list[tuple[str, str, dict[str, str]]]) -> list[tuple[str, str, dict[str, str]]]:
    """Put texts that follow each other together."""
    out: list[tuple[str, str, dict[str, str]]] = []
    for kind, name, attributes in seen:
        if kind == "text" and out and out[-1][0] == "text":
            out[-1] = ("text", out[-1][1] + name, {})
        elif name:
            out.append((kind, name, attributes))
    return out


@given(st.lists(WORDS, max_size=12).map("".join))
def test_a_sound_page_is_read_as_the_standard_library_reads_it(text: str):
    """Tags, attributes with references in them, scripts, comments, and a `<` that is only a sign."""
    theirs = Theirs()
    theirs.feed(text)
    theirs.close()

    assert joined(list(events(text))) == joined(theirs.seen)


@given(st.text("<>!-/='\"& ascrpt\n", max_size=100))
def test_any_text_is_read(text: str):
    """And ends."""
    assert all(kind in {"start", "end", "text"} for kind, _, _ in events(text))


@pytest.mark.parametrize(
    "unit",
    ["<!--", "<a ", "<a x='", "<", "<!", "<?", "&", "</", "<p>", "<script>", "<script></script", "<a x='>", "<a b=\"",
     "<a =\"'>", "<p style=url("],
)  # fmt: skip
def test_a_megabyte_of_the_same_takes_no_minutes(unit: str):
    """html.parser needs more than five minutes for the first of these."""
    text = unit * (1_000_000 // len(unit))
    before = time.perf_counter()

    for _ in events(text):
        pass

    assert time.perf_counter() - before < 10
