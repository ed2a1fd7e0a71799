"""Programs from the system: used when they are there; in CI a missing one is a failure, not a skip."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

TOOLS = Path(__file__).resolve().parent.parent.parent / ".venv-tools" / "bin"


def need(*names: str) -> str:
    """Return the path of the first program that is installed."""
    for name in names:
        path = shutil.which(name) or shutil.which(name, path=f"/usr/sbin:/usr/local/sbin:{TOOLS}")
        if path:
            return path
    return missing(names[0])


def missing(name: str) -> NoReturn:
    """Skip the test, or fail it where everything must be there."""
    if os.environ.get("TEST_EVERYTHING"):
        pytest.fail(f"{name} is not installed, and here it must be")
    pytest.skip(f"{name} is not installed")
