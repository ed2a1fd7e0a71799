"""Which tables come with a bundle, for people who count?

Derived from the records, each row with the index of the record that it says the same as. No cell is
taken for a formula by a spreadsheet, and none can turn a line around.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from guard.bundle.findings import Findings
from guard.bundle.plain_text import csv_bytes, iso
from guard.bundle.seen import Fetch
from guard.evidence.case import CaseRecord

CUSTODY: Final = ("exp", "acc", "era", "hold", "key")
"""Kinds of records that say who handled the log itself."""


def tables(found: Findings) -> dict[str, bytes]:
    """Return the tables by their path in `data/`."""
    case = found.case
    return {
        "requests.csv": _requests(found.fetches),
        "images.csv": _images(found),
        "reservation/timeline.csv": _timeline(found),
        "clock.csv": _plain(case.of_kind("clk", "anc")),
        "gaps.csv": _plain(case.of_kind("gap", "rec", "boot", "pau")),
        "custody.csv": _plain(case.of_kind(*CUSTODY)),
    }


def _requests(fetches: Iterable[Fetch]) -> bytes:
    head = (
        "record", "at_utc", "site", "method", "target", "address", "port", "address_source",
        "peer", "user_agent", "claimed", "operator", "grade",
        "identity", "conduct", "action", "rule", "rendition", "mark", "reservation", "reservation_record",
        "told_record", "end_record", "status", "bytes", "completed", "outcome", "body_sha256",
    )  # fmt: skip
    return csv_bytes(
        head,
        (
            (
                one.index, iso(one.at), one.said["site"], one.said["method"], one.target, one.address,
                one.port or "", one.source, one.peer,
                one.agent, one.said["claimed"], one.said["operator"], one.said["grade"], one.said["identity"],
                one.said["conduct"], one.said["action"], one.said["rule"], one.said["rendition"],
                one.said.get("mark", ""), one.said["rsv"], one.version.index if one.version else "",
                one.told.index if one.told else "", one.end_index if one.end else "", one.end.get("status", ""),
                one.end.get("bytes", ""), str(one.end.get("completed", "")).lower(), one.outcome.value,
                one.end.get("body_sha256", ""),
            )
            for one in fetches
        ),
    )  # fmt: skip


def _images(found: Findings) -> bytes:
    head = ("path", "record", "at_utc", "original_sha256", "rendition", "served_sha256", "mark", "outcome")
    return csv_bytes(
        head,
        (
            (path, one.index, iso(one.at), one.said.get("original", ""), one.said["rendition"],
             one.end.get("body_sha256", ""), one.said.get("mark", ""), one.outcome.value)
            for path, all_ in sorted(found.pictures.items())
            for one in all_
        ),
    )  # fmt: skip


def _timeline(found: Findings) -> bytes:
    head = ("record", "site", "since_utc", "until_utc", "set_sha256", "path", "document_sha256", "media_type")
    return csv_bytes(
        head,
        (
            (one.index, one.site, iso(one.since), iso(one.until) if one.until else "", one.digest, path, digest, kind)
            for one in found.versions
            for path, digest, kind in one.documents
        ),
    )


def _plain(records: Iterable[CaseRecord]) -> bytes:
    """Return records of whatever kind as they are: one row a record, its own fields written out."""
    return csv_bytes(
        ("record", "at_utc", "kind", "fields"),
        ((one.index, iso(one.fields["at"]), one.kind, _fields(one.fields)) for one in records),
    )


def _fields(fields: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}={value}" for name, value in sorted(fields.items()) if name not in ("at", "kind", "v"))
