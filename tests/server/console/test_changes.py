"""A change is shown whole before it is made, and made whole or not at all."""

import os
from datetime import date
from pathlib import Path

import pytest

from guard.core.policy import Action
from guard.errors import GuardError
from guard.server.console import changes
from guard.server.console.policy_edit import EditError

DAY = date(2026, 11, 25)
TEXT = "sites:\n  - host: photo.example\n    upstream: http://127.0.0.1:8080\nnotify: {}\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "guard.yaml"
    made.write_text(TEXT)
    made.chmod(0o640)
    return made


def test_showing_a_change_changes_nothing(file: Path):
    """Nor leaves anything beside the file."""
    change = changes.prepare(file, "openai-gptbot", Action.PREVIEW, DAY)

    assert file.read_text() == TEXT
    assert os.listdir(file.parent) == ["guard.yaml"]
    assert [sort for sort, _ in change.diff] == ["at", "same", "same", "same", "add", "add", "add"]
    assert change.configuration.settings.rules[0].action is Action.PREVIEW


def test_a_written_file_keeps_its_rights_and_its_link(file: Path):
    """Who keeps the configuration elsewhere has a link here."""
    link = file.with_name("link.yaml")
    link.symlink_to(file)
    change = changes.prepare(link, "openai-gptbot", Action.PREVIEW, DAY)

    changes.write(link, change.digest, change.after)

    assert link.is_symlink()
    assert file.read_bytes() == change.after
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(os.listdir(file.parent)) == ["guard.yaml", "link.yaml"]


def test_a_file_that_is_another_by_now_is_left_alone(file: Path):
    """And it is said."""
    change = changes.prepare(file, "openai-gptbot", Action.PREVIEW, DAY)
    file.write_text(TEXT + "# later\n")

    with pytest.raises(EditError, match="look at it again"):
        changes.write(file, change.digest, change.after)
    assert file.read_text() == TEXT + "# later\n"


def test_what_would_cost_search_traffic_is_told_before(file: Path):
    """As `guard check` would tell it."""
    change = changes.prepare(file, "google-googlebot", Action.REFUSE, DAY)

    assert any("search" in one.lower() for one in change.warnings), change.warnings


def test_faults_of_the_file_are_told_and_nothing_is_written(file: Path):
    """A file that is wrong already is not made worse."""
    file.write_text(TEXT + "polcy: strict\n")

    with pytest.raises(GuardError, match="unknown key"):
        changes.prepare(file, "openai-gptbot", Action.PREVIEW, DAY)
    assert os.listdir(file.parent) == ["guard.yaml"]


def test_secrets_around_a_change_are_not_shown(file: Path):
    """The page may be looked at over a shoulder."""
    mail = "{to: a@b.example, from: a@b.example, host: mail.example, user: a, password: aaaaaaaa}"
    file.write_text(TEXT.replace("notify: {}", f"notify:\n  mail: {mail}"))

    change = changes.prepare(file, "openai-gptbot", Action.PREVIEW, DAY)

    assert "aaaaaaaa" not in repr(change.diff)
