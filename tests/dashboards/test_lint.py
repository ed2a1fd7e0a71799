"""The dashboards keep the rules of Grafana's dashboard-linter, and say what they show.

Re-implemented here, by the names that the linter gives them: template-datasource, template-job, template-instance,
template-label-promql, panel-datasource, panel-title-description, panel-units, panel-no-targets, target-promql,
target-rate-interval (for rate and irate), target-job, target-instance, target-counter-agg, uneditable-dashboard.
`target-promql` asks promtool, which has the parser of Prometheus itself.
"""

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.dashboards import FILES, FOLDER, load, panels, queries
from tests.support.programs import need
from tests.support.states import a_state

SELECTOR = re.compile(r"\b(guard_[a-z_]+)\{([^}]*)\}")
every = pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)


@pytest.fixture(scope="module")
def build() -> ModuleType:
    """Load the program that writes the dashboards."""
    spec = importlib.util.spec_from_file_location("build_dashboards", FOLDER.parent / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def variables(dashboard: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in dashboard["templating"]["list"]}


def test_the_files_are_what_the_program_writes(build: ModuleType):
    """One source of truth: whoever edits a file by hand is told."""
    assert {file.name for file in FILES} == set(build.DASHBOARDS)
    for file in FILES:
        assert file.read_text("utf-8") == build.rendered(file.name), f"run {FOLDER.parent / 'build.py'}"


@every
def test_variables_choose_source_job_and_instance(file: Path):
    """template-datasource, template-job, template-instance, template-label-promql."""
    has = variables(load(file))

    assert (has["datasource"]["type"], has["datasource"]["query"]) == ("datasource", "prometheus")
    for name in ("job", "instance"):
        one = has[name]
        assert one["type"] == "query"
        assert one["datasource"]["uid"] == "${datasource}"
        assert (one["multi"], one["includeAll"], one["allValue"]) == (True, True, ".+")
    for one in has.values():
        if one["type"] == "query":
            assert re.fullmatch(r"label_values\(guard_[a-z_]+(\{[^}]*\})?, [a-z]+\)", one["query"]["query"])


@every
def test_every_panel_says_what_it_shows_in_which_unit(file: Path):
    """panel-datasource, panel-title-description, panel-units, panel-no-targets; titles are there once."""
    titles = []
    for panel in panels(load(file)):
        titles.append(panel["title"])
        assert panel["title"]
        if panel["type"] == "text":
            assert panel["options"]["content"]
            continue
        assert panel["description"].endswith("."), panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert panel["targets"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
    assert len(titles) == len(set(titles))


@every
def test_panels_stand_side_by_side_and_not_on_each_other(file: Path):
    """Every place on the grid is taken once."""
    taken: set[tuple[int, int]] = set()
    numbers = [panel["id"] for panel in load(file)["panels"]]
    for panel in load(file)["panels"]:
        place = panel["gridPos"]
        mine = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not mine & taken, panel["title"]
        taken |= mine
    assert len(numbers) == len(set(numbers))


def test_every_query_chooses_job_and_instance():
    """target-job, target-instance; every metric in a query has a selector at all."""
    for query in queries():
        found = SELECTOR.findall(query.expression)
        assert len(found) == len(re.findall(r"\bguard_[a-z_]+", query.expression)), query
        for _, matchers in found:
            assert 'job=~"$job"' in matchers, query
            assert 'instance=~"$instance"' in matchers, query


def test_rates_follow_the_scrape_interval_and_counters_are_never_shown_raw():
    """target-rate-interval, target-counter-agg."""
    for query in queries():
        for function, interval in re.findall(r"\b(i?rate|increase|deriv)\([^\[]*\[([^\]]+)\]", query.expression):
            allowed = {"$__rate_interval"} if function in ("rate", "irate") else {"$__rate_interval", "$__range"}
            assert interval in allowed, query
        for counter in re.finditer(r"\bguard_[a-z_]+_total\{", query.expression):
            before = query.expression[: counter.start()]
            assert re.search(r"(rate|increase)\($", before), query


def test_prometheus_itself_can_read_every_query(tmp_path: Path):
    """target-promql, by promtool."""
    rules = [{"record": f"q{number}", "expr": query.asked} for number, query in enumerate(queries())]
    file = tmp_path / "rules.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}))

    ended = subprocess.run([need("promtool"), "check", "rules", str(file)], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stdout + ended.stderr


@every
def test_a_provisioned_dashboard_can_be_copied_anywhere(file: Path):
    """uneditable-dashboard; a fixed uid, no inputs to fill in, no plug-ins."""
    dashboard = load(file)

    assert dashboard["editable"] is False
    assert dashboard["id"] is None
    assert dashboard["uid"].startswith("guard-")
    assert "__inputs" not in dashboard
    assert {panel["type"] for panel in panels(dashboard)} <= {"stat", "timeseries", "bargauge", "table", "text"}


def test_every_metric_that_is_shown_exists():
    """A metric that was renamed is found here, not by an empty panel."""
    from guard.exporter.metrics import Metrics
    from guard.server.own_metrics import own_metrics

    families = [*(one for metric in vars(Metrics()).values() for one in metric.collect()), *own_metrics(a_state())]
    exist = set()
    for family in families:
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
        exist |= {family.name + suffix for suffix in suffixes}
    alerts = (FOLDER.parent.parent / "prometheus" / "alerts.yml").read_text()
    named = set(re.findall(r"\bguard_[a-z_]+", alerts))
    for query in queries():
        named |= {name for name, _ in SELECTOR.findall(query.expression)}

    assert named <= exist
