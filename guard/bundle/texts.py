"""Which texts for people come with a bundle, in both languages?

They lie beside this module as they are written; only facts of the case are put into them.
"""

import pkgutil
from collections.abc import Mapping
from typing import Final

from guard.bundle.findings import Findings
from guard.bundle.plain_text import utc, visible
from guard.bundle.report_time import anchors
from guard.bundle.say import LANGUAGES, Language

_ANCHORED: Final[Mapping[Language, tuple[str, str]]] = {
    "en": ("In this log {count} such confirmations are on record.", "In this log no such confirmation is on record."),
    "de": (
        "In diesem Protokoll sind {count} solche Bestätigungen aufgezeichnet.",
        "In diesem Protokoll ist keine solche Bestätigung aufgezeichnet.",
    ),
}


def texts(found: Findings, *, version: str, program: str) -> tuple[dict[str, bytes], dict[str, bytes]]:
    """Return the texts that lie in `data/` and those beside it; `program` is the SHA-256 of the program's files."""
    case = found.case
    times = [one.fields["at"] for one in case.records if one.record]
    count = len(anchors(found))
    values = {
        "site": visible(found.leading.said["site"]),
        "origin": visible(case.origin),
        "vkey": "\n  ".join(map(visible, case.vkeys)),
        "size": str(case.size),
        "last": str(case.size - 1),
        "made": utc(max(times)),
        "first": utc(times[0]),
        "version": version,
        "program": program,
    }
    data, tags = {}, {}
    for lang in LANGUAGES:
        said = values | {"anchored": _ANCHORED[lang][0 if count else 1].format(count=count)}
        data[f"procedure.{lang}.md"] = _text(f"procedure.{lang}.md").format(**said).encode()
        data[f"declaration.{lang}.rtf"] = rtf(_text(f"declaration.{lang}.txt").format(**said))
        tags[f"README.{lang}.txt"] = _text(f"README.{lang}.txt").format(**said).encode()
    return data, tags


def _text(name: str) -> str:
    return (pkgutil.get_data("guard.bundle", f"templates/{name}") or b"").decode()


def rtf(text: str) -> bytes:
    """Return a text as RTF that any word processor opens: its first line is the title."""
    title, *paragraphs = text.rstrip("\n").split("\n")
    body = "".join(f"{_rtf(one)}\\par\n" for one in paragraphs)
    head = r"{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\froman Times New Roman;}}\paperw11906\paperh16838"
    return f"{head}\\margl1418\\margr1418\\f0\\fs22\n{{\\b\\fs28 {_rtf(title)}\\par}}\n{body}}}\n".encode("ascii")


def _rtf(text: str) -> str:
    out = []
    for one in text:
        code = ord(one)
        if one in "\\{}":
            out.append(f"\\{one}")
        elif code < 0x80:
            out.append(one)
        else:
            out.append(f"\\u{code if code < 0x8000 else code - 0x10000}?")
    return "".join(out)
