"""Is this an address that the gallery itself answers for nobody who has not logged in?

A gallery's own apps fetch hundreds of pictures and never a page, as no person does. What tells them from a scraper is
that the gallery let them in, and the gallery alone knows. So a profile names the paths behind its login; whoever gets
anything there has been let in. Two things must not blur that: servers read an encoded slash in different ways, and a
shared link opens the same path to everybody by a parameter.
"""

from collections.abc import Collection
from urllib.parse import parse_qsl

_BLURRED = ("%2f", "%5c", "\\")
"""In lower case."""


def is_below(path: str, prefixes: Collection[str]) -> bool:
    """Tell whether the canonical `path` is below one of `prefixes`, whoever reads it."""
    if not path.startswith(tuple(prefixes)):
        return False
    small = path.lower()
    return not any(one in small for one in _BLURRED)


def has_parameter(target: str, names: Collection[str]) -> bool:
    """Tell whether the query of `target` has a parameter called one of `names` (lower case), as `a`, `A`, or `a[]`."""
    query = target.partition("?")[2]
    return any(
        name.partition("[")[0].strip().lower() in names
        for name, _ in parse_qsl(query.replace(";", "&"), keep_blank_values=True)
    )
