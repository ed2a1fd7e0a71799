"""How do the dashboards look? Run by hand: `python tests/dashboards/render.py FOLDER`.

Starts what `test_panels` starts, lets crawlers come for two minutes, and draws every panel with Grafana's own
components (@grafana/ui from npm, some 400 packages in FOLDER/npm) in Chromium. Leaves a picture a dashboard in FOLDER.
Pictures of this kind are to be captioned "rendered with Grafana's UI components".
"""

import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))

from tests.dashboards import test_panels  # noqa: E402
from tests.support.dashboards import FILES, VALUES, load, panels  # noqa: E402

PACKAGES = ("@grafana/ui@13", "@grafana/data@13", "react@18", "react-dom@18", "esbuild")
STYLE = "body{background:#111217;color:#ccccdc;margin:0;font-family:Inter,Helvetica,Arial,sans-serif}"


class _Folders:
    """Stands in for pytest's factory."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mktemp(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(parents=True)
        return folder


def main(folder: Path) -> None:
    """Leave a picture a dashboard."""
    npm = folder / "npm"
    npm.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--legacy-peer-deps", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES],
                   cwd=npm, check=True)  # fmt: skip
    (npm / "render.jsx").write_bytes((ROOT / "tests" / "dashboards" / "render.jsx").read_bytes())
    subprocess.run(
        ["npx", "esbuild", "render.jsx", "--bundle", "--minify", "--outfile=out.js", "--define:global=window",
         '--define:process.env.NODE_ENV="production"', *(f"--loader:.{one}=dataurl" for one in ("ttf", "svg"))],
        cwd=npm, check=True,
    )  # fmt: skip
    data = json.dumps(_collected(folder)).replace("</", "<\\/")
    (npm / "page.html").write_text(
        f'<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="out.css"><style>{STYLE}</style>'
        f'<div id="root"></div><script>window.DATA={data}</script><script src="out.js"></script>'
    )
    for file in FILES:
        height = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in load(file)["panels"]) * 38 + 16
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--allow-file-access-from-files", "--virtual-time-budget=8000", f"--window-size=1576,{height}",
             f"--screenshot={folder / file.stem}.png", f"file://{npm / 'page.html'}#{file.stem}"],
            check=True,
        )  # fmt: skip


def _collected(folder: Path) -> dict[str, Any]:
    """Return each dashboard with what Prometheus answers to its queries."""
    running = test_panels.watched.__wrapped__(_Folders(folder))  # type: ignore[attr-defined]
    watched = next(running)
    try:
        watched.visits(75, watched.well)
        watched.visits(14, watched.ill)
        watched.visits(10, watched.well)
        time.sleep(3)
        now = time.time()
        return {
            file.stem: {"dashboard": load(file), "now": now, "data": _answers(watched, load(file), now)}
            for file in FILES
        }
    finally:
        next(running, None)


def _answers(watched: Any, dashboard: dict[str, Any], now: float) -> dict[str, list[dict[str, Any]]]:
    answers: dict[str, list[dict[str, Any]]] = {}
    for panel in panels(dashboard):
        for target in panel.get("targets", ()):
            query = target["expr"]
            for name, value in VALUES.items():
                query = re.sub(re.escape(name) + r"\b", value, query)
            span = {"start": str(now - 110), "end": str(now), "step": "2"}
            instant = target.get("instant", False)
            found = watched.prometheus.get(
                "query" if instant else "query_range", query=query, **({} if instant else span)
            )
            one = {"refId": target["refId"], "legend": target["legendFormat"], "result": found}
            answers.setdefault(str(panel["id"]), []).append(one)
    return answers


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute())
