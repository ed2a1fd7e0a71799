"""A real guard, as its own processes, in front of an upstream that a test controls."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

READY = re.compile(r"guard: listening on (\S+)")
METRICS = re.compile(r"guard: metrics and health on (\S+)")


PATIENT = [
    {"id": "bulk-marked", "when": {"conduct": "suspect"}, "action": "allow"},
    {"id": "bulk-refused", "when": {"conduct": "hostile"}, "action": "allow"},
]
"""Rules that leave behaviour aside: most tests ask for pictures as no person would."""


class RunningGuard:
    """`guard serve` with a configuration, until `stop`."""

    def __init__(self, directory: Path, configuration: Mapping[str, Any], seconds: float = 40, *options: str) -> None:
        self.directory = directory
        self.evidence = directory / "evidence"
        self.access_log = directory / "access.log"
        settings = {
            "listen": "127.0.0.1:0",
            "admin": "127.0.0.1:0",
            "evidence": {"directory": str(self.evidence)},
            "access_log": str(self.access_log),
            "timeouts": {"connect": 2, "read": 2, "drain": 5},
            "search_check": {"every": 0},
            "marks": {"ahead_after": 86_400},
            "in_image": {"rights": "no", "privacy": "keep"},
            **configuration,
        }
        self.file = directory / "guard.yaml"
        self.file.write_text(json.dumps(settings))
        self.process = subprocess.Popen(
            [sys.executable, "-m", "guard", "serve", "-c", str(self.file), *options],
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "default"},
        )
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        try:
            self.url = self.wait_for_words(READY, seconds)
            self.admin = self.wait_for_words(METRICS, seconds)
        except AssertionError:
            self.stop()
            raise

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line)

    def wait_for_words(self, pattern: re.Pattern[str], seconds: float) -> str:
        """Return the group of the first line that matches."""

        def find() -> str | None:
            if self.process.poll() is not None:
                raise AssertionError("the guard ended:\n" + "".join(self.said))
            return next((match[1] for line in self.said if (match := pattern.search(line))), None)

        return wait_until(find, seconds, lambda: "".join(self.said))

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def children(self) -> dict[str, int]:
        """Return the processes by the module they run."""
        found: dict[str, int] = {}
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
            except (OSError, IndexError):
                continue
            if parent == self.process.pid and len(arguments) > 2:  # a process that has ended has none
                found[arguments[2].decode()] = int(entry.name)
        return found

    def workers(self) -> set[int]:
        """Return the processes of all workers, also of those that see their last connections off."""
        found = set()
        for entry in Path("/proc").iterdir():
            with suppress(OSError, IndexError, ValueError):
                parent = int((entry / "stat").read_text().rpartition(") ")[2].split()[1])
                if parent == self.process.pid and b"guard.server.worker" in (entry / "cmdline").read_bytes():
                    found.add(int(entry.name))
        return found

    def lines(self) -> list[dict[str, Any]]:
        """Return the access log so far."""
        if not self.access_log.exists():
            return []
        return [json.loads(line) for line in self.access_log.read_bytes().splitlines()]

    def line_for(self, path: str, **fields: Any) -> dict[str, Any]:
        """Return the newest access log line of a path with these fields, waiting for it a moment."""

        def find() -> dict[str, Any] | None:
            wanted = {"path": path, **fields}.items()
            return next((line for line in reversed(self.lines()) if wanted <= line.items()), None)

        return wait_until(find, 30, lambda: str(self.lines()))

    def stop(self) -> int:
        """Stop it in an orderly way and return the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(5)
        if self.process.stderr is not None:
            self.process.stderr.close()
        return self.process.returncode


def wait_until(find: Callable[[], T | None], seconds: float, describe: Callable[[], str] = str) -> T:
    """Return what `find` finds, within so many seconds."""
    end = time.monotonic() + seconds
    while (found := find()) is None:
        if time.monotonic() > end:
            raise AssertionError(f"did not happen within {seconds} s: {describe()}")
        time.sleep(0.02)
    return found
