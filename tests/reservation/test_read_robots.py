"""robots.txt is read as by the parser whose reading can cost a site its place in search."""

import time

import pytest
from gpyrobotstxt.robots_cc import RobotsMatcher
from hypothesis import example, given
from hypothesis import strategies as st

from guard.reservation.read_robots import looks_like_markup, matches, read_robots

WHERE = "https://photo.example/robots.txt"
TOKENS = ("GPTBot", "Googlebot", "ccbot", "*")
LINES = st.one_of(
    st.sampled_from([f"User-agent: {token}" for token in TOKENS]),
    st.sampled_from(["Disallow: /", "Allow: /", "Disallow: /img/", "Allow: /img/a", "Disallow: /*.jpg$", "Disallow:"]),
    st.sampled_from(["Content-Signal: ai-train=no", "Sitemap: https://photo.example/s.xml", "", "# note"]),
)


@example(["Disallow: /", "Allow: /"], "GPTBot", "/x")
@example(["Allow: /", "Disallow: /"], "GPTBot", "/x")
@given(
    st.lists(LINES, max_size=14), st.sampled_from(TOKENS[:3]), st.sampled_from(["/", "/img/b.jpg", "/img/a.jpg", "/x"])
)
def test_it_lets_in_whom_googles_parser_lets_in(lines: list[str], token: str, path: str):
    """gpyrobotstxt is a port of Google's; the two share nothing with what is tested."""
    text = "\n".join(("User-agent: GPTBot", *lines)) + "\n"
    theirs = RobotsMatcher().allowed_by_robots(text.encode(), [token], f"https://photo.example{path}")

    assert read_robots(text.encode(), WHERE).allows(token, path) == theirs


@given(st.binary(max_size=400))
def test_any_bytes_are_read(body: bytes):
    """A stranger's file never ends the audit."""
    file = read_robots(body, WHERE)

    assert file.where == WHERE
    assert isinstance(file.allows("GPTBot", "/"), bool)


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/img/", "/img/a.jpg", True),
        ("/img/$", "/img/a.jpg", False),
        ("/*.jpg$", "/img/a.jpg", True),
        ("/*.jpg$", "/img/a.jpg?size=2", False),
        ("/a*b*c", "/axxbxxcxx", True),
        ("*", "/", True),
        ("/A", "/a", False),
    ],
)
def test_patterns_match_as_the_standard_says(pattern: str, path: str, expected: bool):
    """RFC 9309, section 2.2.3."""
    assert matches(pattern, path) is expected


def test_a_hostile_pattern_takes_no_time():
    """Backtracking over many stars would take longer than the universe has had."""
    before = time.perf_counter()

    assert not matches("/" + "*a" * 5000 + "b$", "/" + "a" * 100_000)
    assert time.perf_counter() - before < 1


def test_a_front_page_is_no_text_file():
    """Also behind a byte order mark or blanks; a comment in robots.txt is not markup."""
    assert looks_like_markup(b"\xef\xbb\xbf \n<!DOCTYPE html>")
    assert not looks_like_markup(b"# <html>\nUser-agent: *\n")


@pytest.mark.parametrize(
    "body",
    [
        b"User-agent: a\nAllow: /\nDisallow: /a\n" * 14000,
        b"User-agent: a\n" * 15000 + b"Content-Usage: x=y\n" + b"User-agent: b\n" * 15000,
        b"User-agent: a\n" + b"Allow: /x\n" * 25000 + b"Disallow: /y\n" * 20000,
        b"".join(b"User-agent: b%d\nContent-Usage: x=y\nAllow: /\n" % number for number in range(10000)),
    ],
)
def test_half_a_megabyte_of_the_same_takes_no_minutes(body: bytes):
    """Every group is compared with what was said, and not with every other."""
    before = time.perf_counter()

    file = read_robots(body, WHERE)

    assert file.allows("GPTBot", "/")
    assert time.perf_counter() - before < 5
