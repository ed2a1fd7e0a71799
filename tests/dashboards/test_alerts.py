"""Every alert fires where it should, only there, and has a section that says what to do."""

import re
import subprocess
from pathlib import Path

from guard.yaml12 import load
from tests.support.programs import need

DEPLOY = Path(__file__).resolve().parent.parent.parent / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"


def rules() -> dict[str, dict[str, dict[str, str]]]:
    value = load(ALERTS.read_bytes(), "alerts.yml").value
    return {rule["alert"]: rule for group in value["groups"] for rule in group["rules"]}


def test_alerts_fire_as_they_should():
    """By promtool: each on its fault, and none in nine hours of a guard that is well."""
    ended = subprocess.run(
        [need("promtool"), "test", "rules", "alerts_test.yml"],
        cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_every_alert_is_tested_and_has_a_runbook():
    """A new alert without either is told here."""
    cases = (DEPLOY / "prometheus" / "alerts_test.yml").read_text()
    sections = re.findall(r"^## (\w+)$", (DEPLOY / "runbooks.md").read_text(), re.MULTILINE)

    assert sorted(sections) == sorted(rules())
    for name, rule in rules().items():
        assert f"- name: {name}\n" in cases
        assert rule["labels"]["severity"] in ("info", "warning", "critical")
        assert rule["annotations"]["runbook"] == f"deploy/runbooks.md#{name.lower()}"


def test_the_shipped_configuration_is_right():
    """With the alerts that it names."""
    ended = subprocess.run(
        [need("promtool"), "check", "config", "prometheus.yml"],
        cwd=DEPLOY / "prometheus", capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert ended.returncode == 0, ended.stdout + ended.stderr
