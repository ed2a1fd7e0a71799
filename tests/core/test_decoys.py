"""Are decoys known only to whom they were given, and does a page with a link in it stay the page that it was?"""

import re
import time
from html.parser import HTMLParser
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.decoys import WEEK, DecoyKind, DecoyNames, link, page
from guard.core.pages import LONGEST_TAIL, TailInserter, may_be_changed
from guard.core.target import canonical_path
from guard.reservation import robots

NAMES = DecoyNames(bytes(range(32)))
NOW = 3000.5 * WEEK
CLIENT = ip_address("192.0.2.7")
LINK = link("/gallery-x/a.html")
HTML = ("Content-Type", "text/html; charset=utf-8")


@pytest.mark.parametrize("kind", DecoyKind)
def test_a_decoy_is_known_again_this_week_and_the_next(kind):
    """A page may lie in a browser's cache for a while; then the decoy is nobody's any more."""
    path = NAMES.path("photo.example", CLIENT, NOW, kind)

    assert path.startswith(NAMES.directory("photo.example"))
    assert canonical_path(path) == path
    for later, own in ((0, True), (WEEK, True), (2 * WEEK, False), (-WEEK, False)):
        found = NAMES.read(path, "photo.example", CLIENT, NOW + later)
        assert found is not None
        assert (found.kind, found.own) == (kind, own)


def test_a_decoy_belongs_to_one_network():
    """Whoever passes a link on harms nobody; a telephone that gets another address of its network keeps it."""
    path = NAMES.path("photo.example", CLIENT, NOW, DecoyKind.PAGE)
    assert NAMES.read(path, "photo.example", ip_address("192.0.2.99"), NOW).own
    assert not NAMES.read(path, "photo.example", ip_address("192.0.3.7"), NOW).own
    path = NAMES.path("photo.example", ip_address("2001:db8:1::1"), NOW, DecoyKind.PAGE)
    assert NAMES.read(path, "photo.example", ip_address("2001:db8:1:9::1"), NOW).own
    assert not NAMES.read(path, "photo.example", ip_address("2001:db8:2::1"), NOW).own


def test_nothing_of_it_can_be_known_from_elsewhere():
    """Another site, another installation: another directory, other names; a name made up is nobody's."""
    other = DecoyNames(bytes(32))
    assert len({NAMES.directory("a"), NAMES.directory("b"), other.directory("a")}) == 3
    directory = NAMES.directory("a")
    assert NAMES.directory("a") == directory
    assert NAMES.read(f"{directory}coast-morning-{'a' * 16}.html", "a", CLIENT, NOW).own is False
    for path in (directory, f"{directory}index.html", f"{directory}coast-morning-x.html", "/coast.html", ""):
        assert NAMES.read(path, "a", CLIENT, NOW) is None


@given(st.text(max_size=80))
def test_other_paths_are_no_decoys(path):
    """Whatever a client asks for."""
    assert NAMES.read(path, "a", CLIENT, NOW) is None
    decoy = NAMES.read(NAMES.directory("a") + path, "a", CLIENT, NOW)
    assert decoy is None or not decoy.own


def test_the_directory_can_be_disallowed():
    """As a line that all parsers read alike."""
    assert robots._pattern(NAMES.directory("photo.example")) == NAMES.directory("photo.example")


class Links(HTMLParser):
    """Collects links that a person could meet, and those that nobody can."""

    def __init__(self):
        super().__init__()
        self.hidden, self.links, self.fetched = [], [], []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag in ("div", "p"):
            self.hidden.append({"hidden", "inert"} <= found.keys() and found.get("aria-hidden") == "true")
        if tag == "a":
            ours = self.hidden[-1] and found["tabindex"] == "-1" and found["rel"] == "nofollow"
            self.links.append((found["href"], ours))
        if "src" in found or tag == "link":
            self.fetched.append(tag)


def test_nobody_meets_a_link():
    """Not with the eyes, the keyboard or a screen reader; and no browser fetches anything of it by itself."""
    for html in (link("/x/a.html", "/x/b.jpg"), page("/x/b.jpg")):
        seen = Links()
        seen.feed(html.decode("ascii"))
        assert seen.links
        assert all(ours for _, ours in seen.links)
        assert seen.fetched == []
        assert len(html) < 1024


def inserted(data, cuts=()):
    inserter, out, last = TailInserter(LINK), b"", 0
    for cut in (*sorted(cuts), len(data)):
        out += inserter.feed(data[last:cut])
        last = cut
    return out + inserter.end()


@pytest.mark.parametrize(
    "end",
    [
        b"</body></html>",
        b"</BODY>\n</HTML>\n",
        b"</body >\r\n<!-- 0.3 s -->\n</html>\n<!-- cached -->",
        b"</body>",
        b"</Body\n>",
    ],
)
def test_a_link_goes_in_front_of_the_end(end):
    """However it is written."""
    start = b"<!DOCTYPE html><body><p>\xe4\xff"
    assert inserted(start + end) == start + LINK + end


@pytest.mark.parametrize(
    "whole",
    [
        b"",
        b"<p>no end",
        b"<body><script>let end = '</body></html>';</script>",
        b"<body>x</body></html><script>late()</script>",
        b"<!-- <body></body></html> -->",
        b"<body></body><p>more</p>",
        b"<body>text</bodyguard></html>",
        b"<body>x</body>" + b" " * LONGEST_TAIL,
        b"<body>x</body></html></html>",
        "<body>x</body></html>".encode("utf-16"),
    ],
)
def test_anything_unusual_stays_as_it_is(whole):
    """A page is never broken for a link."""
    assert inserted(whole) == whole


def test_the_last_end_counts():
    """One that stood in a script before does not."""
    start = b"<body><script>let a = '</body></html>'</script>"
    assert inserted(start + b"</body></html>") == start + LINK + b"</body></html>"


PIECES = (b"</body>", b"</bo", b"dy>", b"</html>", b"<", b"x", b" ", b"<!--", b"-->", b"\n")


@given(st.lists(st.sampled_from(PIECES), max_size=40), st.lists(st.integers(0, 200), max_size=12))
def test_it_is_all_the_same_how_the_bytes_come(parts, cuts):
    """What goes out is what came in, with the link at most once and never but in front of `</body`."""
    data = b"".join(parts)
    whole = inserted(data)
    assert inserted(data, [cut for cut in cuts if cut <= len(data)]) == whole
    assert whole == data or (whole.replace(LINK, b"", 1) == data and LINK + b"</body" in whole)


def test_little_is_held_back_and_little_time_needed():
    """Neither a long page nor one that seems to end all the time fills memory or stops the others."""
    inserter, started = TailInserter(LINK), time.monotonic()
    for piece in (b"x" * 65_536, b"</body", b" " * 1000, b"</body>" * 9000, b"\n" * 2000, b"<!--" * 400, b"</bod"):
        inserter.feed(piece)
        assert len(inserter._held) <= LONGEST_TAIL + len(b"</body")
    inserter.end()
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", '; charset="ISO-8859-1"', ";charset=windows-1252"])
def test_an_ordinary_page_may_be_changed(charset):
    """In every charset whose ASCII is ASCII."""
    assert may_be_changed(200, [("content-type", f"Text/HTML{charset}"), ("Cache-Control", "public, max-age=60")])


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (404, [HTML]),
        (206, [HTML]),
        (200, []),
        (200, [HTML, HTML]),
        (200, [("Content-Type", "application/xhtml+xml")]),
        (200, [("Content-Type", "text/html-x")]),
        (200, [("Content-Type", "text/html; charset=utf-16le")]),
        (200, [("Content-Type", "text/html; charset=iso-2022-jp")]),
        (200, [("Content-Type", "text/html; charset=")]),
        (200, [HTML, ("Content-Encoding", "gzip")]),
        (200, [HTML, ("Cache-Control", "max-age=5"), ("Cache-Control", "no-transform")]),
        (200, [HTML, ("Cache-Control", "Private")]),
        (200, [HTML, ("Cache-Control", 'private="x"')]),
        (200, [HTML, ("Cache-Control", "no-store")]),
        (200, [HTML, ("Set-Cookie", "a=1")]),
        (200, [HTML, ("Content-Disposition", "inline")]),
        (200, [HTML, ("Signature-Input", "x")]),
    ],
)
def test_anything_else_may_not(status, headers):
    """Personal, encoded, signed, partial or none of HTML."""
    assert not may_be_changed(status, headers)


def test_names_look_like_a_gallerys():
    """Words, and what galleries add to keep names apart."""
    assert re.fullmatch(
        r"/[a-z]+-[a-z2-7]{10}/[a-z]+-[a-z]+-[a-z2-7]{16}\.jpg", NAMES.path("a", CLIENT, NOW, DecoyKind.PICTURE)
    )
