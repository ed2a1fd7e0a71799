"""The upstream gets the target as written; rules match on one canonical path."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.core.target import authority_and_host, canonical_path, split_absolute
from guard.errors import RequestError

CANONICAL = [
    ("/", "/"),
    ("/a/b.jpg?x=/../y", "/a/b.jpg"),
    ("//x", "/x"),
    ("/a//b", "/a/b"),
    ("/a/../b", "/b"),
    ("/%2e%2e/private/", "/private/"),
    ("/a/%2E/b", "/a/b"),
    ("/../../etc", "/etc"),
    ("/%70rivate", "/private"),
    ("/a%2fb", "/a%2Fb"),
    ("/a;x.png", "/a;x.png"),
    ("/a\\..\\b", "/b"),
    ("/a/..", "/"),
    ("/a/b/..", "/a/"),
    ("/a/.", "/a/"),
    ("/%zz%", "/%zz%"),
]


@pytest.mark.parametrize(("target", "path"), CANONICAL)
def test_two_spellings_of_one_path_are_one_path(target: str, path: str):
    """An exemption for /api/ must not be reached as /api/../photos/."""
    assert canonical_path(target) == path


@given(st.text(alphabet="/.%2eEfF\\ab?;", max_size=40))
def test_canonical_is_final(text: str):
    """Canonicalising twice changes nothing, and no dot segment is left."""
    path = canonical_path("/" + text)

    assert path.startswith("/")
    assert "/../" not in path + "/"
    assert canonical_path(path) == path or "%" in path


ABSOLUTE = [
    ("/a?b", ("", "/a?b")),
    ("http://Photo.example:8080/a?b", ("Photo.example:8080", "/a?b")),
    ("HTTPS://photo.example", ("photo.example", "/")),
    ("http://photo.example?x", ("photo.example", "/?x")),
    ("/a#fragment", ("", "/a")),
    ("*", ("", "*")),
]


@pytest.mark.parametrize(("target", "parts"), ABSOLUTE)
def test_an_absolute_form_target_names_the_host(target: str, parts: tuple[str, str]):
    """RFC 9112, section 3.2.2: its authority counts, not the Host field."""
    assert split_absolute(target) == parts


@pytest.mark.parametrize(
    "target", ["/a.jpg%00", "/a\x00", "/a b", "a.jpg", "", "ftp://x/y", "http://user@photo.example/a", "/a\r\nX: y"]
)
def test_a_target_without_meaning_is_the_clients_fault(target: str):
    """It becomes 400, and never reaches the upstream. A user in it is there to deceive (RFC 9110, section 4.2.4)."""
    with pytest.raises(RequestError):
        split_absolute(target)


@pytest.mark.parametrize("said", ["photo.example", "PHOTO.example:80", "photo.example.", "Photo.Example.:8443"])
def test_a_host_has_one_spelling_and_goes_on_as_it_was_written(said: str):
    """Else a rule about a host is passed by with a dot (RFC 3986, section 3.2.2)."""
    assert authority_and_host("", [("Host", said)]) == (said, "photo.example")
