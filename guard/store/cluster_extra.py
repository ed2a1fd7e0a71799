"""Are the libraries there that only several guards together need?"""

from importlib import import_module
from typing import Any

from guard.errors import UsageError


def need(module: str) -> Any:
    """Import a library of the extra `cluster`.

    Raises:
        UsageError: It is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UsageError(
            f"this needs {module}, which is not installed; install it with: pip install 'crawler-guard[cluster]'"
        ) from None
