"""What belongs to the guard as a whole is told once."""

import subprocess
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.registry import Collector

from guard.core.day_book import DayBook
from guard.server.own_metrics import own_metrics
from tests.support.programs import need
from tests.support.states import EVIDENCE, a_state


def text(**changes: Any) -> str:
    class All(Collector):
        def collect(self) -> Any:
            return own_metrics(a_state(**changes))

    registry = CollectorRegistry()
    registry.register(All())
    return generate_latest(registry).decode()


def test_promtool_finds_nothing_to_say():
    """Names, units and help as Prometheus wants them."""
    ended = subprocess.run(
        [need("promtool"), "check", "metrics"], input=text(), text=True, capture_output=True, check=False
    )

    assert (ended.returncode, ended.stdout + ended.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "guard_evidence_failing 0.0"),
        ({"evidence": {**EVIDENCE, "failing": "disk full"}}, "guard_evidence_failing 1.0"),
        ({"evidence": None}, "guard_evidence_up 0.0"),
        ({"evidence": None}, "guard_evidence_failing 1.0"),
        ({"paused_until": 9e9}, "guard_paused 1.0"),
        ({"workers_ready": 1}, 'guard_workers{state="starting"} 1.0'),
    ],
)
def test_a_state_becomes_numbers(changes: dict[str, Any], line: str):
    """What does not answer is failing."""
    assert line in text(**changes).splitlines()


def test_coverage_is_what_a_crawler_was_given_not_what_it_asked_for():
    """Fifty of four hundred pictures; the crawler that was refused has no series."""
    rows = [row for row in text().splitlines() if row.startswith("guard_portfolio_coverage_ratio{")]

    assert len(rows) == 1
    assert 'crawler="google-googlebot-image"' in rows[0]
    assert abs(float(rows[0].rpartition(" ")[2]) - 50 / 400) < 0.01


def test_without_pictures_nobody_has_covered_anything():
    """No division by what is not known."""
    assert "guard_portfolio_coverage_ratio{" not in text(pictures={"photo.example": 0})
    assert "guard_portfolio_coverage_ratio{" not in text(month=DayBook())
