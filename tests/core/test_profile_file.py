import pytest

from guard.core.profile_file import parse_profile
from guard.errors import ConfigurationError
from guard.yaml12 import load

WHOLE = b"""
name: a
about: b
source: c
rules:
  - {id: a-own, when: {path: /api/, kind: other}, action: allow}
"""


def test_the_rules_are_for_the_hosts():
    """The file names none: it is the same for everybody."""
    (rule,) = parse_profile(load(WHOLE, "a.yaml"), ["photo.example"])

    assert (rule.id, rule.when.host, rule.when.path) == ("a-own", ("photo.example",), ("/api/",))


def test_a_rule_without_a_path_is_refused():
    """It would decide about the whole site, from a file that nobody opens."""
    with pytest.raises(ConfigurationError, match=r"a\.yaml.*names no path"):
        parse_profile(load(WHOLE.replace(b"path: /api/, ", b""), "a.yaml"), [])


def test_what_a_profile_lacks_is_told():
    """Where the addresses are from stands in each."""
    with pytest.raises(ConfigurationError, match="source"):
        parse_profile(load(WHOLE.replace(b"source: c\n", b""), "a.yaml"), [])


def test_what_is_behind_a_login_is_a_condition_of_profiles():
    """Only the gallery's source can tell; a path is named all the same."""
    whole = WHOLE.replace(b"path: /api/, kind: other", b"login_path: /api/assets/, without_query: [key]")
    (rule,) = parse_profile(load(whole, "a.yaml"), [])

    assert (rule.when.login_path, rule.when.without_query) == (("/api/assets/",), {"key"})
