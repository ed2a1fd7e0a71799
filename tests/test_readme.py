"""What the README says is what the program does."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from guard.core.policy import Action
from guard.core.policy_file import WhenEntry
from guard.exporter.metrics import Metrics
from guard.server.own_metrics import own_metrics
from guard.settings import Behaviour, Evidence, IdentityChecks, Images, Rights, Settings, Timeouts, json_schema
from guard.yaml12 import load
from tests.support.states import a_state

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_ci_runs_the_two_commands_of_the_readme():
    """A newcomer types exactly what CI types."""
    ci = (ROOT / ".ci" / "run").read_text("utf-8")

    for command in ("python3 dev.py demo", "python3 dev.py test"):
        assert any(command in block for block in blocks("sh"))
        assert command in ci


def test_every_metric_is_in_the_readme_and_every_one_named_exists():
    """In both directions."""
    named = set(re.findall(r"`(guard_[a-z_]+)`", README))
    made = Metrics()
    exist = set()
    collected = [metric.collect() for metric in vars(made).values()]
    for families in (*collected, own_metrics(a_state())):
        for family in families:
            exist.add(family.name + ("_total" if family.type == "counter" else ""))

    assert named == exist


def test_every_top_level_setting_is_in_the_table():
    """With its default where it is one value."""
    table = README.partition("**Settings**")[2].partition("Every key")[0]
    keys = {key for row in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}

    assert keys == set(Settings.model_fields)
    for name in ("listen", "admin", "workers", "policy", "access_log"):
        assert f"`{Settings.model_fields[name].default}`" in table
    for section in (Rights, Images, Timeouts, IdentityChecks, Behaviour):
        assert all(f"`{name}`" in table for name in section.model_fields)
    sizes = Images()
    assert f"{sizes.thumbnail_side}, {sizes.display_side}, {sizes.preview_side}" in table
    assert str(Evidence().directory) in table
    assert json_schema()["properties"].keys() == Settings.model_fields.keys()


def test_conditions_and_actions_are_all_named():
    """And no others."""
    conditions = re.search(r"Conditions: (.*?)\.\n", README, re.DOTALL)
    actions = re.search(r"Actions, from mild to hard: (.*?)\. ", README, re.DOTALL)

    assert conditions is not None
    assert actions is not None
    assert set(re.findall(r"`(\w+)`", conditions[1])) == set(WhenEntry.model_fields)
    assert re.findall(r"`(\w+)`", actions[1]) == [action.value for action in Action]


@pytest.mark.parametrize("number", range(len(blocks("yaml"))))
def test_the_configurations_in_the_readme_are_valid(tmp_path: Path, number: int):
    """The parts are checked with the site of the first one."""
    text = blocks("yaml")[number]
    value = load(text.encode(), "README.md").value
    whole = text if "sites" in value else "sites: [{host: photo.example, upstream: 'http://127.0.0.1:8080'}]\n" + text
    file = tmp_path / "guard.yaml"
    file.write_text(whole)

    ended = subprocess.run(
        [sys.executable, "-m", "guard", "check", "-c", str(file)], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_the_commands_in_the_readme_exist():
    """Every `guard …` in a code block is answered by --help."""
    commands = {
        tuple(word for word in match.split()[1:] if word.isalpha())[:2]
        for block in blocks("sh")
        for match in re.findall(r"(?:\.venv/bin/)?guard [a-z ]+", block)
    }

    assert ("evidence", "verify") in commands
    for command in commands:
        ended = subprocess.run(
            [sys.executable, "-m", "guard", *command, "--help"], capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, (command, ended.stderr)


def test_every_file_that_the_readme_shows_is_there():
    """Pictures and links inside the repository."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        if "://" not in target:
            assert (ROOT / target).is_file(), target
