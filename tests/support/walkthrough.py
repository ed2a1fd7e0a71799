"""A guide, done word for word: its commands in one shell, its files written, and what it shows must be what is printed.

The shell has a network and a list of hosts of its own, so that the guide's name and ports are the real ones.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import missing, need
from tests.support.running import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent
MARK = "\x1eended"
INSIDE = """
{ip} link set lo up && mount --bind "$1" /etc/hosts && exec bash --norc --noprofile
"""


@dataclass(frozen=True)
class Write:
    """The reader writes a file."""

    name: str
    text: str


@dataclass(frozen=True)
class Run:
    """The reader types a command and sees lines; `…` is for what differs, alone in a line for any lines."""

    command: str
    sees: tuple[str, ...]


def steps(guide: str) -> list[Write | Run]:
    """Return what the reader of a guide does, in order."""
    found: list[Write | Run] = []
    for head, text in re.findall(r"^```(\w+(?: [\w./-]+)?)\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE):
        kind, _, name = head.partition(" ")
        if name:
            found.append(Write(name=name, text=text))
        elif kind == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, sees = part.partition("\n")
                found.append(Run(command=command, sees=tuple(sees.splitlines())))
    return found


def pattern(sees: tuple[str, ...]) -> re.Pattern[str]:
    """Return what the output must match."""
    parts = [
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*") + r"[ ]*\n" for line in sees
    ]  # fmt: skip
    return re.compile("".join(parts))


class Shell:
    """A shell in a clean place."""

    def __init__(self, folder: Path, environment: dict[str, str], names: tuple[str, ...] = ("photo.example",)) -> None:
        """Open it in `folder`; `names` are this machine."""
        (folder / "hosts").write_text(f"127.0.0.1 localhost {' '.join(names)}\n")
        (folder / "bin").mkdir(exist_ok=True)
        guard = folder / "bin" / "guard"
        guard.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m guard "$@"\n')
        guard.chmod(0o755)
        self.folder = folder
        self.said = ""
        inside = INSIDE.format(ip=shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin") or f"{need('busybox')} ip")
        flags = ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]
        flags += [] if os.getuid() == 0 else ["--map-root-user"]
        self._process = subprocess.Popen(
            [need("unshare"), *flags, "bash", "-c", inside, "bash", str(folder / "hosts")],
            cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
            env={
                **os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}:/usr/sbin", "PYTHONPATH": str(ROOT),
                "HOME": str(folder), "XDG_DATA_HOME": f"{folder}/data", "XDG_CONFIG_HOME": f"{folder}/config",
                "COLUMNS": "80", **environment,
            },
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        self.run("true")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said += line

    def run(self, command: str, sees: re.Pattern[str] | None = None, seconds: float = 300) -> str:
        """Return what a command prints; one that ends in `&` goes on, once it has printed what `sees` matches."""
        start = len(self.said)
        assert self._process.stdin is not None
        goes_on = command.endswith("&")
        self._process.stdin.write(command + "\n" + ("" if goes_on else f"printf '%s\\n' {MARK}\n"))

        def output() -> str | None:
            if self._process.poll() is not None:
                if len(self.said) == start == 0:
                    missing("a network of its own for a test (unshare)")
                raise AssertionError(self.said)
            text = self.said[start:]
            if goes_on:
                return text if sees is None or sees.fullmatch(text) else None
            return text.partition(MARK)[0] if MARK in text else None

        return wait_until(output, seconds, lambda: f"{command}\n{self.said[start:]}")

    def close(self) -> None:
        """End it, with everything that it has started."""
        self._process.kill()
        self._process.wait()
        self._reader.join(30)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def walk(guide: Path, shell: Shell) -> None:
    """Do what a guide says; every difference is an error that shows both."""
    for step in steps(guide.read_text("utf-8")):
        match step:
            case Write():
                (shell.folder / step.name).write_text(step.text)
            case Run():
                wanted = pattern(step.sees)
                printed = shell.run(step.command, wanted)
                for _ in range(15):  # what has come is written down every five seconds
                    if step.command != "guard status" or wanted.fullmatch(printed):
                        break
                    shell.run("sleep 1")
                    printed = shell.run(step.command, wanted)
                assert wanted.fullmatch(printed), f"$ {step.command}\n{printed}\n--- the guide has\n" + "\n".join(
                    step.sees
                )
