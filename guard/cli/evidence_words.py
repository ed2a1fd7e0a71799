"""What do the tables and sentences of `guard evidence` say, in English and German?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from guard.evidence.words import GRADES

__all__ = ["GRADES", "SHOWN", "TIMELINE", "answer_of", "day_and_time", "iso", "number"]

SHOWN: Final[Mapping[bool, tuple[str, str, str, str, str, str]]] = {
    False: ("record", "UTC", "named itself", "answer", "sent", "what was asked for"),
    True: ("Nr.", "UTC", "nannte sich", "Antwort", "gesendet", "was verlangt wurde"),
}
"""Headings, by whether they are German."""

TIMELINE: Final[Mapping[bool, Mapping[str, str]]] = {
    False: {
        "requests": "requests", "allow": "allowed", "mark": "marked", "preview": "preview", "refuse": "refused",
        "other": "other", "mb": "MB sent",
        "first": "{time} {site}: reservation {digest}… in force (record {record})",
        "change": "{time} {site}: reservation changed to {digest}… (record {record})",
    },
    True: {
        "requests": "Abrufe", "allow": "erlaubt", "mark": "markiert", "preview": "Vorschau", "refuse": "verwehrt",
        "other": "sonst", "mb": "MB",
        "first": "{time} {site}: Vorbehalt {digest}… in Kraft (Nr. {record})",
        "change": "{time} {site}: Vorbehalt geändert: {digest}… (Nr. {record})",
    },
}  # fmt: skip


def answer_of(fields: Mapping[str, Any]) -> str:
    """Return how a request was answered: the action, but of `mark` what went out while no marked copy was ready."""
    rendition = str(fields["rendition"])
    if fields["action"] != "mark" or rendition == "marked":
        return str(fields["action"])
    return _IN_PLACE_OF_A_COPY.get(rendition, rendition)


_IN_PLACE_OF_A_COPY: Final = {"thumbnail": "preview", "card": "refuse"}
"""What a stand-in counts as: a small picture, and the picture that says that there is none."""


def number(value: int, de: bool) -> str:
    """Write a whole number for people."""
    return f"{value:,}".replace(",", ".") if de else f"{value:,}"


def day_and_time(at: int, de: bool) -> str:
    """Write microseconds since 1970 in UTC, 19 characters."""
    try:
        return f"{datetime.fromtimestamp(at / 1e6, UTC):{'%d.%m.%Y %H:%M:%S' if de else '%Y-%m-%d %H:%M:%S'}}"
    except (OverflowError, ValueError, OSError):
        return f"{at:<19}"[:19]


def iso(at: int) -> str:
    """Write them as ISO 8601, with all their digits."""
    try:
        return datetime.fromtimestamp(at // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S") + f".{at % 1_000_000:06}Z"
    except (OverflowError, ValueError, OSError):
        return f"{at} µs"
