"""A real Prometheus that scrapes a guard every second, on a port of its own."""

import json
import socket
import subprocess
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

from tests.support.programs import need
from tests.support.running import wait_until

CONFIGURATION = Path(__file__).resolve().parent.parent.parent / "deploy" / "prometheus" / "prometheus.yml"


class Prometheus:
    """The shipped configuration, pointed at a test's guard."""

    def __init__(self, folder: Path, target: str) -> None:
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            self.url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        text = CONFIGURATION.read_text().replace("127.0.0.1:8701", target).replace(": 15s", ": 1s")
        (folder / "prometheus.yml").write_text(text)
        (folder / "alerts.yml").write_bytes(CONFIGURATION.with_name("alerts.yml").read_bytes())
        self._log = (folder / "prometheus.log").open("wb")
        self._process = subprocess.Popen(
            [
                need("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address={self.url.removeprefix('http://')}",
            ],
            stdout=self._log,
            stderr=self._log,
        )
        wait_until(self._is_up, 60, (folder / "prometheus.log").read_text)

    def _is_up(self) -> bool | None:
        try:
            return bool(self.get("query", query='up{job="guard"} == 1')) or None
        except OSError:
            return None

    def get(self, what: str, **fields: str) -> Any:
        """Ask the HTTP API; return the result, or the data where it has none."""
        with urllib.request.urlopen(f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(fields)}") as answer:
            data = json.load(answer)["data"]
        return data["result"] if isinstance(data, dict) and "result" in data else data

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(20)
        self._log.close()
