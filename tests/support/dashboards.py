"""The shipped dashboards, and their queries as Grafana would ask them."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDER = ROOT / "deploy" / "grafana" / "dashboards"
FILES = tuple(sorted(FOLDER.glob("*.json")))

VALUES = {
    "$job": "guard", "$instance": ".+", "$site": ".+", "$price": "0.09", "$__rate_interval": "15s", "$__range": "2m",
}  # fmt: skip
"""What variables are for the tests."""


@dataclass(frozen=True)
class Query:
    """One query of one panel."""

    dashboard: str
    panel: str
    """Its title; of a table the letter of the query too."""
    expression: str
    """As it stands in the file."""
    instant: bool

    @property
    def asked(self) -> str:
        """As Prometheus gets it, without what makes a zero of nothing."""
        text = self.expression.replace(" or vector(0)", "")
        for name, value in VALUES.items():
            text = re.sub(re.escape(name) + r"\b", value, text)
        return text


def load(file: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return value


def panels(dashboard: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the panels that show something."""
    return (panel for panel in dashboard["panels"] if panel["type"] != "row")


def queries() -> list[Query]:
    """Return all queries of all dashboards."""
    return [
        Query(file.stem, _name(panel, target), target["expr"], target.get("instant", False))
        for file in FILES
        for panel in panels(load(file))
        for target in panel.get("targets", ())
    ]


def _name(panel: dict[str, Any], target: dict[str, Any]) -> str:
    title: str = panel["title"]
    return f"{title} · {target['refId']}" if panel["type"] == "table" else title
