"""What the settings of the console take, and what they tell about what they do not take."""

import pytest

from guard.errors import ConfigurationError
from guard.settings import Settings
from guard.validation import validate
from guard.yaml12 import load
from tests.server.console.conftest import PASSWORD

HASH = "$argon2id$v=19$m=65536,t=3,p=4$WnYtgn5yHFlSwK2BkMtYlQ$2hQlaQA/cC4ywNq9VMKkdkNQlWgmFUjlGFJvcRn2wlE"
SITE = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n"


def read(text: str) -> Settings:
    return validate(Settings, load((SITE + text).encode(), "f"))


def test_other_machines_reach_it_only_with_a_password():
    """On a loopback address there need be none."""
    assert read(f"admin: 0.0.0.0:8701\nconsole: {{password: '{HASH}'}}\n").admin == "0.0.0.0:8701"
    with pytest.raises(ConfigurationError, match="only this machine"):
        read("admin: 0.0.0.0:8701\n")


@pytest.mark.parametrize(
    "password", [PASSWORD, "$2b$12$abc", HASH.replace("m=65536", "m=9999999"), HASH + "=", "$argon2id$"]
)
def test_a_password_in_clear_is_refused_and_not_repeated(password: str):
    """Neither is a hash that would take all memory."""
    with pytest.raises(ConfigurationError) as raised:
        read(f"console: {{password: '{password}'}}\n")

    assert "guard console password" in str(raised.value)
    assert PASSWORD not in str(raised.value)


def test_the_hash_is_not_in_what_is_printed_of_the_settings():
    """As of a log."""
    assert "argon2" not in repr(read(f"console: {{password: '{HASH}'}}\n"))


@pytest.mark.parametrize("name", ["'*'", "https://console.example", "console.example:8701"])
def test_a_name_is_one_host_name(name: str):
    """Any name at all would undo what names are for."""
    with pytest.raises(ConfigurationError):
        read(f"console: {{names: [{name}]}}\n")
