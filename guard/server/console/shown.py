"""How is a value written for people?

What strangers chose (a path, a name, a user agent) is text and stays text: no markup, nothing that
turns a line around, nothing that never ends. Numbers and times are written as in the reader's
language.
"""

from datetime import UTC, date, datetime
from typing import Final, Literal

Language = Literal["en", "de"]
LONGEST: Final = 160
_MONTHS: Final = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "de": ("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
}  # fmt: skip


def plain(value: object, longest: int = LONGEST) -> str:
    """Return a text on one line, with a code for whatever is no visible character, cut to `longest` characters."""
    text = str(value)
    if not text.isprintable():
        text = "".join(one if one.isprintable() else f"‹{_code(one)}›" for one in text[: longest + 1])
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _code(character: str) -> str:
    code = ord(character)
    # A byte that is not UTF-8 was read as a lone surrogate.
    return f"{code - 0xDC00:02X}" if 0xDC80 <= code <= 0xDCFF else f"U+{code:04X}"


def number(value: float, language: Language) -> str:
    """Return a whole number with marks between its thousands."""
    text = f"{value:,.0f}"
    return text.replace(",", ".") if language == "de" else text


def size(value: float, language: Language) -> str:
    """Return bytes."""
    for unit in ("bytes", "KB", "MB", "GB"):
        if value < 999.5:
            whole = unit in ("bytes", "KB") or value >= 99.5
            return _point(f"{value:.0f} {unit}" if whole else f"{value:.1f} {unit}", language)
        value /= 1000
    return _point(f"{value:.1f} TB", language)


def share(value: float, language: Language) -> str:
    """Return a share as a percentage."""
    percent = value * 100
    text = f"{percent:.0f}" if percent >= 10 or not percent else f"{percent:.1f}"
    return _point(text, language) + (" %" if language == "de" else "%")


def day(value: date, language: Language) -> str:
    """Return a day without its year: 25 Nov, or 25. Nov."""
    month = _MONTHS[language][value.month - 1]
    return f"{value.day}. {month}" if language == "de" else f"{value.day} {month}"


def clock(value: datetime | float, language: Language) -> str:
    """Return a moment, in UTC as everything that is recorded; Unix seconds or a time."""
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else value.astimezone(UTC)
    return f"{day(at.date(), language)} {at:%H:%M} UTC"


def moment(value: datetime | float, language: Language) -> str:
    """Return a moment to the second, in UTC, which is said elsewhere."""
    at = datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else value.astimezone(UTC)
    return f"{day(at.date(), language)} {at:%H:%M:%S}"


def span(seconds: float, language: Language) -> str:
    """Return a length of time."""
    units = (
        (("Tage", "Stunden", "Minuten"), "Sekunden") if language == "de" else (("days", "hours", "minutes"), "seconds")
    )
    for unit, length in zip(units[0], (86_400, 3600, 60), strict=True):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} {units[1]}"


def _point(text: str, language: Language) -> str:
    return text.replace(".", ",") if language == "de" else text
