"""Is nothing of a private path left in what may be recorded, and everything else as it was?"""

from dataclasses import replace

import pytest

from guard.evidence.private import PrivatePaths
from tests.support.facts import request

PRIVATE = PrivatePaths(["/clients/", "/s/", "/clients/press/"])


def facts(path: str, *headers: tuple[str, str]):
    return replace(request(path), headers=headers)


def test_a_public_request_stays_as_it_is():
    """Also one whose path only looks alike."""
    one = facts("/client/1.jpg?x=/y", ("Referer", "https://photo.example/album/?from=home"))

    assert PRIVATE.hide(one) is one
    assert PrivatePaths().hide(facts("/clients/a")).target == "/clients/a"


def test_the_longest_beginning_is_kept():
    """It was named by the owner; nothing below it was."""
    assert PRIVATE.hide(facts("/clients/press/a.jpg")).target == "/clients/press/(not-recorded)"
    assert PRIVATE.hide(facts("/clients/a.jpg?b=c")).target == "/clients/(not-recorded)"
    assert PRIVATE.hide(facts("/clients/a.jpg?b=c")).path == "/clients/(not-recorded)"


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("Referer", "https://photo.example/s/aBcD", "https://photo.example/s/(not-recorded)"),
        ("Referer", "https://photo.example:8443//x/..//%73/aBcD#f", "https://photo.example:8443/s/(not-recorded)"),
        ("Referer", "//photo.example/s/aBcD", "//photo.example/s/(not-recorded)"),
        ("Referer", "/s/aBcD?x", "/s/(not-recorded)"),
        ("X-Original-URL", "/s/aBcD", "/s/(not-recorded)"),
        ("Referer", "https://photo.example", "https://photo.example"),
        ("Referer", "", ""),
        ("Next-Url", "see /s/aBcD", "(present, not recorded)"),
        ("Accept", "image/*", "image/*"),
    ],
)
def test_a_header_field_does_not_tell_either(name, value, kept):
    """Links keep their host; whatever else names a private path is dropped whole."""
    assert dict(PRIVATE.hide(facts("/", (name, value))).headers) == {name: kept}
