"""What `guard console password` prints is what the configuration takes."""

import subprocess
import sys

from guard.server.console.passwords import is_right
from guard.settings import Settings
from guard.validation import validate
from guard.yaml12 import load


def run(password: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "guard", "console", "password", *options],
        input=password, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_is_printed_can_be_put_into_the_configuration():
    """And it is of this password."""
    ended = run("correct horse battery staple\n")

    text = "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n" + ended.stdout
    settings = validate(Settings, load(text.encode(), "f"))
    assert is_right(settings.console.password, "correct horse battery staple")
    assert "horse" not in ended.stdout + ended.stderr


def test_a_short_password_is_refused():
    """With what to do."""
    ended = run("short\n", "--bare")

    assert (ended.returncode, ended.stdout) == (2, "")
    assert "at least 12 characters" in ended.stderr
