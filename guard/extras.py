"""Are the libraries there that only some owners need, and that are installed as an extra?"""

from importlib import import_module
from typing import Any

from guard.errors import UsageError


def need(module: str, extra: str) -> Any:
    """Import a library of an extra of ours.

    Raises:
        UsageError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UsageError(
            f"this needs {module}, which is not installed; install it with: pip install 'crawler-guard[{extra}]'"
        ) from None
