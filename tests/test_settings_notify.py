"""Where a digest goes is checked before anything runs."""

from typing import Any

import pytest
from pydantic import ValidationError

from guard.settings_notify import Notify

MAIL = {"to": "jane@photo.example", "from": "guard@photo.example", "host": "mail.example"}


def test_nothing_is_sent_by_default():
    """Nobody is told whom the owner did not name."""
    assert not Notify().wanted
    assert Notify.model_validate({"mail": MAIL}).wanted
    assert Notify.model_validate({"webhook": "https://hooks.example/x"}).wanted


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"security": "none"}, "'none' is for a mail server on this machine"),
        ({"user": "jane"}, "user and password go together"),
        ({"password": "x"}, "user and password go together"),
        ({"to": "jane@photo.example, john@photo.example"}, "must be one e-mail address"),
        ({"from": "guard@photo.example\r\nBcc: all@example.org"}, "must be one e-mail address"),
        ({"port": 0}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_way_is_told(changes: dict[str, Any], words: str):
    """Secrets over an open way, and lists of readers, are no settings."""
    with pytest.raises(ValidationError, match=words):
        Notify.model_validate({"mail": {**MAIL, **changes}})


def test_the_password_is_not_shown():
    """Neither in a message nor in a traceback."""
    notify = Notify.model_validate({"mail": {**MAIL, "user": "jane", "password": "pa55"}})

    assert "pa55" not in repr(notify)
