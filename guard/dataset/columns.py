"""Which column of a data set holds what?

The names are those of published data sets: LAION's `URL` and `TEXT`, `url`, `caption` and
`sha256` as img2dataset writes them, COYO's `image_phash`, and Common Crawl's columnar index.
A column called only `hash` is not taken for a digest of the file: LAION's is one of address
and caption. Anything else the owner names: `--column url=NAME`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from guard.dataset.matcher import Listed
from guard.errors import GuardError, UsageError

KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "url": ("url", "image_url", "img_url", "image_link", "url_link"),
    "caption": ("text", "caption", "alt_text", "alt", "top_caption", "title"),
    "md5": ("md5", "image_md5"),
    "sha256": ("sha256", "image_sha256"),
    "phash": ("phash", "image_phash", "perceptual_hash"),
    "width": ("original_width", "width"),
    "height": ("original_height", "height"),
    "at": ("fetch_time", "timestamp", "date"),
    "media_type": ("content_mime_detected", "mime-detected", "content_mime_type", "mime", "media_type"),
}
"""Field of a row to the names of columns that hold it, the likeliest first; compared without regard to case."""

LOOKED_AT: Final = ("url", "caption", "md5", "sha256", "phash")
"""Fields that identify a picture; the others are only shown."""
MOST_SHOWN: Final = 40


class ColumnError(GuardError):
    """A file has no column to look at, or not the one that was named."""


def read_mapping(options: Iterable[str]) -> dict[str, str]:
    """Read options of the form FIELD=NAME.

    Raises:
        UsageError: One is of another form, or there is no such field.
    """
    found: dict[str, str] = {}
    for option in options:
        field, equals, name = option.partition("=")
        if not equals or not name or field not in KNOWN:
            raise UsageError(f"--column {option!r}: write FIELD=NAME, with one of {', '.join(KNOWN)} as the field")
        found[field] = name
    return found


def choose_columns(present: Sequence[str], mapping: Mapping[str, str], *, nested: bool = False) -> dict[str, str]:
    """Return field to column, for the columns that are there.

    Args:
        nested: Names with dots may lead into a column that has fields of its own.

    Raises:
        ColumnError: A named column is not there, or there is none to look at.
    """
    folded: dict[str, str] = {}
    for name in present:
        folded.setdefault(name.casefold(), name)
    found: dict[str, str] = {}
    for field, names in KNOWN.items():
        if field in mapping:
            name = mapping[field]
            if name not in present and not (nested and name.partition(".")[0] in present):
                raise ColumnError(f"has no column {name!r} ({_listed(present)})")
            found[field] = name
        elif (name := next((folded[one] for one in names if one in folded), "")) and name not in mapping.values():
            found[field] = name
    if not any(field in found for field in LOOKED_AT):
        raise ColumnError(
            f"has no column that is known to hold addresses, captions or hashes ({_listed(present)}); "
            "name it: --column url=NAME"
        )
    return found


def _listed(present: Sequence[str]) -> str:
    if not present:
        return "it has none at all"
    more = f" and {len(present) - MOST_SHOWN} more" if len(present) > MOST_SHOWN else ""
    return f"found: {', '.join(repr(one) for one in present[:MOST_SHOWN])}{more}"


def listed_of(values: Mapping[str, object]) -> Listed:
    """Make a row of the values of its fields; None and what is no text becomes text."""
    return Listed(**{field: _text(value) for field, value in values.items()})


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else str(value)
