"""A robots.txt as others wrote it is read so that no line any crawler obeys is overlooked."""

import pytest

from guard.errors import ReservationError
from guard.reservation.robots_file import MAX_BYTES, read


def rules(text: str | bytes, name: str) -> tuple[list[str], list[str]]:
    """Return the paths that a name is denied and allowed."""
    found = read(text if isinstance(text, bytes) else text.encode()).rules(name)
    assert found is not None
    return list(found.disallow), list(found.allow)


BODY = "User-agent: Foo\nDisallow: /a\n\nUser-agent: *\nDisallow: /ä\n"


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (BODY.encode(), ""),
        (b"\xef\xbb\xbf" + BODY.encode(), "byte order mark"),
        (BODY.replace("\n", "\r\n").encode(), ""),
        (BODY.replace("\n", "\r").encode(), "CR alone"),
        (BODY.encode("latin-1"), "Latin-1"),
        (BODY.rstrip().encode(), ""),
    ],
    ids=["plain", "BOM", "CRLF", "CR", "latin-1", "no last line end"],
)
def test_every_way_to_store_the_text_says_the_same(body: bytes, finding: str):
    """What is odd is told to its owner, and read all the same."""
    assert rules(body, "foo") == (["/a"], [])
    assert rules(body, "*") == (["/%C3%A4"], [])
    assert (finding in " ".join(read(body).findings)) if finding else read(body).findings == ()


def test_a_signal_or_a_blank_line_ends_no_list_of_user_agents():
    """Google's parser reads one group here, which closes the site for everybody; the owner is told."""
    text = "User-agent: *\nContent-Signal: search=yes\n\nUser-agent: GPTBot\nDisallow: /\n"

    assert rules(text, "*") == (["/"], [])
    assert "line 2: a signal before any rule" in read(text.encode()).findings[0]


def test_groups_of_one_name_are_one_group():
    """RFC 9309, section 2.2.1; the case of a name does not matter."""
    assert rules("User-agent: foo\nDisallow: /a\nUser-agent: FOO\nUser-agent: b\nDisallow: /c\n", "Foo") == (
        ["/a", "/c"],
        [],
    )


@pytest.mark.parametrize(
    "line", ["Disallow : /a", "dissallow:/a", "DISALLOW: /a # why", "disallow /a", "  Disallow:\t/a  ", "Diasllow: /a"]
)
def test_what_googles_parser_understands_is_understood(line: str):
    """A line that only some crawlers obey is kept for them."""
    assert rules(f"user agent: foo\n{line}\n", "foo") == (["/a"], [])


@pytest.mark.parametrize(
    ("name", "kept"), [("GPTBot/1.1", "GPTBot/1.1"), ("* everybody", "*"), ("img2dataset", "img2dataset")]
)
def test_names_stay_as_they_were_written(name: str, kept: str):
    """Each parser reads of a name what it always read."""
    assert rules(f"User-agent: {name}\nDisallow: /\n", kept) == (["/"], [])


def test_an_empty_disallow_closes_nothing():
    """It makes a group all the same, so that the group of `*` does not hold for its names."""
    assert rules("User-agent: foo\nDisallow:\n\nUser-agent: *\nDisallow: /\n", "foo") == ([], [])


def test_rules_before_any_user_agent_are_nobodys():
    """As all parsers read it."""
    assert read(b"Disallow: /\nSitemap: https://photo.example/s.xml\nHost: photo.example\n").groups == ()


@pytest.mark.parametrize(
    ("body", "media_type", "why"),
    [
        (b"<!doctype html><title>Gallery</title>", "text/html", "HTML"),
        (b"\n  <html>", "text/plain", "HTML"),
        (b"User-agent: *\nDisallow: /\n", "text/html; charset=utf-8", "HTML"),
        ("User-agent: *\nDisallow: /\n".encode("utf-16"), "text/plain", "not text"),
        (b"\x00\x01\x02", "", "not text"),
        (b'{"error": "not found"}', "application/json", "no line of it"),
    ],
)
def test_what_is_no_robots_txt_is_not_read(body: bytes, media_type: str, why: str):
    """A site that answers every path with its start page has no robots.txt, and must not lose the last good one."""
    with pytest.raises(ReservationError, match=why):
        read(body, media_type)


def test_of_ten_megabytes_half_a_megabyte_is_read():
    """To the end of a line; RFC 9309, section 2.5."""
    found = read(b"User-agent: *\n" + b"Disallow: /aaaaaaaaaaaaaaaaaaaaaaaa\n" * 300_000 + b"Disallow: /last\n")

    everybody = found.rules("*")
    assert everybody is not None
    assert everybody.disallow == ("/" + "a" * 24,)
    assert f"first {MAX_BYTES:,}" in found.findings[0]


def test_a_long_path_closes_more_rather_than_less():
    """A cut Disallow path covers what the whole one covers; a cut Allow path would open too much."""
    disallow, allow = rules(f"User-agent: *\nDisallow: /{'d' * 5000}\nAllow: /{'a' * 5000}\n", "*")

    assert (len(disallow[0]), allow) == (2000, [])


def test_nothing_in_a_value_ends_a_line():
    """Control characters and line separators become blanks or codes."""
    found = read("User-agent: a\x0bb\nDisallow: /\u2028x\x85y\nCrawl-delay: 1\x0c2\n# c\x1b[31m\n".encode())

    assert all(character.isprintable() for character in repr(found))
    assert found.groups[0][1].disallow == ("/%20x%20y",)
