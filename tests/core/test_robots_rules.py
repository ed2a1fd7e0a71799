"""Which paths does a robots.txt keep a crawler from?"""

import time

import pytest
from gpyrobotstxt.robots_cc import RobotsMatcher
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from protego import Protego

from guard.core.robots_rules import MOST_WILD, RobotsRules, normal

PRIVATE = "User-agent: *\nDisallow: /private/\n"

CASES = {
    "a path under a disallowed folder": (PRIVATE, "FooBot", "/private/a.jpg", True),
    "the folder without its slash is another path": (PRIVATE, "FooBot", "/private", False),
    "who names itself nowhere is everybody": (PRIVATE, "", "/private/a.jpg", True),
    "a name in another case": ("User-agent: GPTBot\nDisallow: /\n", "gptbot", "/", True),
    "a version behind the name": ("User-agent: GPTBot/1.2\nDisallow: /\n", "GPTBot", "/", True),
    "a group of one's own instead of everybody's": (
        f"{PRIVATE}\nUser-agent: FooBot\nDisallow: /tmp\n", "FooBot", "/private/a", False),
    "two groups of one name are one": (
        "User-agent: FooBot\nDisallow: /a\n\nUser-agent: FooBot\nDisallow: /b\n", "FooBot", "/a", True),
    "several names above one group": ("User-agent: A\nUser-agent: FooBot\nDisallow: /\n", "FooBot", "/x", True),
    "lines that nobody knows end no group": (
        "User-agent: FooBot\nContent-Usage: train-ai=n\nDisallow: /\n", "FooBot", "/x", True),
    "the longest pattern wins": ("User-agent: *\nDisallow: /a\nAllow: /a/b\n", "FooBot", "/a/b/c", False),
    "the longest pattern wins, whatever comes first": (
        "User-agent: *\nAllow: /a\nDisallow: /a/b\n", "FooBot", "/a/b/c", True),
    "Allow wins a tie": ("User-agent: *\nDisallow: /a\nAllow: /a\n", "FooBot", "/a", False),
    "Allow with a star wins a tie": ("User-agent: *\nDisallow: /ab\nAllow: /a*\n", "FooBot", "/ab", False),
    "a path shorter than some patterns": (
        "User-agent: *\nAllow: /\nAllow: /a\nDisallow: /*\n", "FooBot", "/", True),
    "an empty Disallow forbids nothing": ("User-agent: *\nDisallow:\n", "FooBot", "/a", False),
    "a star in the middle": ("User-agent: *\nDisallow: /*/raw/\n", "FooBot", "/2024/raw/1.jpg", True),
    "an end": ("User-agent: *\nDisallow: /*.tif$\n", "FooBot", "/a/b.tif", True),
    "an end that is none": ("User-agent: *\nDisallow: /*.tif$\n", "FooBot", "/a/b.tif?x=1", False),
    "a query": ("User-agent: *\nDisallow: /*?size=full\n", "FooBot", "/a.jpg?size=full", True),
    "escapes that need not be": ("User-agent: *\nDisallow: /%70rivate/\n", "FooBot", "/private/a", True),
    "letters beyond ASCII": ("User-agent: *\nDisallow: /bücher/\n", "FooBot", "/b%c3%bccher/a", True),
    "an escaped star is no star": ("User-agent: *\nDisallow: /a%2Ab\n", "FooBot", "/axxb", False),
    "a comment behind a line": ("User-agent: * # all\nDisallow: /a # b\n", "FooBot", "/a", True),
    "line ends of an old Macintosh": ("User-agent: *\rDisallow: /a\r", "FooBot", "/a", True),
    "a byte order mark": ("\ufeffUser-agent: *\nDisallow: /a\n", "FooBot", "/a", True),
    "rules above any name": ("Disallow: /\nUser-agent: *\nDisallow: /a\n", "FooBot", "/b", False),
    "a shorter name that lets it in": (
        "User-agent: Googlebot\nAllow: /\n\nUser-agent: *\nDisallow: /\n", "Googlebot-Image", "/a", False),
    "a shorter name that keeps it out too": (
        "User-agent: Googlebot\nDisallow: /a\n\nUser-agent: *\nDisallow: /\n", "Googlebot-Image", "/a", True),
    "a shorter name, and nothing for everybody": (
        "User-agent: Googlebot\nDisallow: /\n", "Googlebot-Image", "/a", False),
    "who does not read everybody's group": (PRIVATE, "AdsBot-Google", "/private/a", False),
    "the same, named": ("User-agent: AdsBot-Google\nDisallow: /private/\n", "AdsBot-Google", "/private/a", True),
    "an empty file": ("", "FooBot", "/a", False),
    "a page instead of a file": ("<!DOCTYPE html>\n<p>User-agent: *\n<p>Disallow: /", "FooBot", "/a", False),
}  # fmt: skip


@pytest.mark.parametrize(("text", "name", "path", "forbidden"), CASES.values(), ids=CASES)
def test_a_file_is_read_as_the_standard_says(text, name, path, forbidden):
    """RFC 9309, section 2.2, and the benefit of the doubt where readers differ."""
    assert RobotsRules.parse(text.encode()).forbids(name, path) is forbidden


PIECES = st.sampled_from(["/", "/a", "/a/", "/b", "ab", "*", "$", "?", "%20", ".jpg", "x"])
PATTERN = st.lists(PIECES, max_size=5).map(lambda parts: "/" + "".join(parts).lstrip("/"))
RULE = st.tuples(st.sampled_from(["Allow", "Disallow"]), PATTERN)
GROUP = st.tuples(st.lists(st.sampled_from(["*", "foo", "foo-image", "bar"]), min_size=1, max_size=2),
                  st.lists(RULE, min_size=1, max_size=5))  # fmt: skip
PATH = st.lists(st.sampled_from(["/", "a", "b", "x", "?", ".jpg", "%20"]), max_size=7).map(
    lambda parts: "/" + "".join(parts)
)


def written(groups) -> bytes:
    blocks = ("\n".join([*(f"User-agent: {n}" for n in names), *(f"{k}: {v}" for k, v in rules)])
              for names, rules in groups)  # fmt: skip
    return ("\n\n".join(blocks) + "\n").encode()


@settings(max_examples=300, deadline=None)
@given(st.lists(GROUP, max_size=4), st.sampled_from(["foo", "bar", "foo-image", "other"]), PATH)
def test_nobody_is_accused_whom_googles_parser_lets_in(groups, name, path):
    """Held against a port of Google's C++ parser; where a name has a group, or none can be meant, both say the same."""
    body = written(groups)
    ours = RobotsRules.parse(body).forbids(name, path)
    theirs = not RobotsMatcher().allowed_by_robots(body, [name], "https://photo.example" + path)

    assert not (ours and not theirs)
    if name != "foo-image":
        assert ours is theirs


@settings(max_examples=200, deadline=None)
@given(st.lists(RULE, min_size=1, max_size=6), PATH)
def test_protego_reads_one_group_alike(rules, path):
    """Scrapy's parser, another line of descent; it measures `/a*` as `/a`, which Google's does not."""
    assume(not any(pattern.endswith("*") for _, pattern in rules))
    body = written([(["*"], rules)])

    assert RobotsRules.parse(body).forbids("foo", path) is not Protego.parse(body.decode()).can_fetch(
        "https://photo.example" + path, "foo"
    )


def test_patterns_made_to_take_long_do_not():
    """Stars upon stars against a long path: no going back, so no explosion."""
    body = ("User-agent: *\n" + f"Disallow: /{'*a' * 900}$\n" * 50).encode()
    started = time.process_time()
    assert not RobotsRules.parse(body).forbids("foo", "/" + "a" * 8000 + "b")

    assert time.process_time() - started < 0.5


def test_a_group_with_thousands_of_patterns_accuses_nobody():
    """Reading half of it could miss what allows."""
    lines = [f"Disallow: /{number}*x" for number in range(MOST_WILD + 1)]

    assert RobotsRules.parse("\n".join(["User-agent: *", *lines[:-1]]).encode()).forbids("foo", "/7x")
    assert not RobotsRules.parse("\n".join(["User-agent: *", *lines]).encode()).forbids("foo", "/7x")


@given(st.binary(max_size=400), st.text(max_size=40), st.text(max_size=60))
def test_whatever_is_in_the_file_there_is_an_answer(body, name, path):
    """Any bytes, any name, any path."""
    assert RobotsRules.parse(body).forbids(name, path) in (True, False)


@given(st.text(max_size=60))
def test_what_was_written_once_stays_as_it_is(text):
    """Both sides of a comparison go through the same."""
    assert normal(normal(text)) == normal(text)
