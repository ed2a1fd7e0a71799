"""The walls of the house, read from the syntax tree.

The four pure packages do no I/O, and imports point down only:
cli, demo -> server -> store, exporter, bundle -> reservation | image | evidence -> core -> the modules beside them.
What a bundle is verified with shares nothing with any of them.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
GUARD = ROOT / "guard"

PURE = ("core", "reservation", "image", "evidence", "bundle")

FORBIDDEN = frozenset(
    {"asyncio", "logging", "os", "socket", "subprocess", "random", "secrets", "time", "pathlib", "tempfile", "shutil",
     "threading", "multiprocessing", "select", "selectors", "signal", "sys", "urllib.request", "http.client", "aiohttp",
     "requests", "httpx", "sqlite3", "glob", "fcntl", "mmap", "ctypes", "importlib"}
)  # fmt: skip

LEVEL = {
    "core": 1,
    "reservation": 2,
    "image": 2,
    "evidence": 2,
    "verifier": 1,
    "bundle": 3,
    "store": 3,
    "exporter": 3,
    "server": 4,
    "dataset": 4,
    "demo": 5,
    "cli": 5,
    "middleware": 5,
}
"""A package imports from lower levels and from itself, and from no sibling on its level but these."""

SIBLINGS = {("cli", "demo"), ("demo", "cli")}

BASE_MODULES = frozenset({"errors", "validation", "yaml12"})
"""Modules beside the packages that even the core may import: errors, and the reading of what people wrote."""

# Pillow is kept out of the processes that face the network; only the image worker imports it.
FREE_OF_PILLOW = ("guard.server.worker", "guard.server.recorder", "guard.server.supervisor")


def modules() -> list[Path]:
    return sorted(GUARD.rglob("*.py"))


def package(path: Path) -> str:
    parts = path.relative_to(GUARD).parts
    return parts[0] if len(parts) > 1 else ""


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def impurities(path: Path) -> list[str]:
    found = [
        name
        for name in imports(path)
        if name.split(".")[0] in FORBIDDEN or any(name == one or name.startswith(f"{one}.") for one in FORBIDDEN)
    ]
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in ("open", "input", "print")
        ):
            found.append(f"{node.func.id}() in line {node.lineno}")
        if isinstance(node, ast.Attribute) and node.attr in ("now", "utcnow", "today"):
            found.append(f".{node.attr} in line {node.lineno}")
    return found


PURE_MODULES = [path for path in modules() if package(path) in PURE]


@pytest.mark.parametrize("path", PURE_MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_pure_packages_do_no_io(path: Path):
    """Time, keys, salts and bytes come in as arguments, so that the same facts give the same answer years later."""
    assert impurities(path) == []


def test_the_check_for_io_finds_io(tmp_path: Path):
    """A check that finds nothing anywhere would be green too."""
    path = tmp_path / "impure.py"
    path.write_text(
        "import os\nfrom urllib.request import urlopen\nfrom datetime import datetime\ndatetime.now()\nopen('x')\n"
    )

    assert len(impurities(path)) == 4


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path):
    """Nothing below knows what is above it, and the pure siblings do not know each other."""
    here = package(path)
    wrong = []
    for name in imports(path):
        first, _, rest = name.partition(".")
        if first != "guard" or not rest or rest == "__version__":
            continue
        there = rest.split(".")[0]
        if there not in LEVEL:
            wrong += [name] if here in PURE and there not in BASE_MODULES else []
        elif here in LEVEL and there != here and (here, there) not in SIBLINGS and LEVEL[there] >= LEVEL[here]:
            wrong.append(name)
    assert wrong == []


@pytest.mark.parametrize("module", FREE_OF_PILLOW)
def test_processes_that_face_the_network_hold_no_image_decoder(module: str):
    """A hostile picture meets a decoder only in a process that can be killed."""
    import subprocess
    import sys

    code = f"import sys, {module}; sys.exit('PIL' in sys.modules or 'guard.image.preview' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
