"""What went over the wire, as far as the log holds it, in the form that web archives read?

WARC 1.1 (ISO 28500), one `request`, `response` and `metadata` record for each exchange. Nothing is
invented: a request is put together from the disclosed fields, with a marker where a secret was left
out; a response has the status and the header lines that are on record, and its body only where the
log holds those very bytes, which is so for documents of the reservation. Each `metadata` record
says which parts were recorded and which are missing.
"""

import io
from collections.abc import Mapping
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID, uuid5

from guard.bundle.findings import Findings
from guard.bundle.plain_text import iso
from guard.bundle.seen import Fetch
from guard.errors import UsageError

_HTTP: Final = "application/http;msgtype="
_NAMESPACE: Final = UUID("6f2f6a55-9d7e-5c39-8d5a-0a5f0e9d2b11")
"""Of record ids, which follow from the log and the index, so that the same case gives the same bytes."""


def capture(found: Findings, version: str) -> bytes:
    """Return the exchanges as `.warc.gz`.

    Raises:
        UsageError: The library that writes them is not installed.
    """
    try:
        from warcio.statusandheaders import StatusAndHeaders  # type: ignore[import-untyped]
        from warcio.warcwriter import WARCWriter  # type: ignore[import-untyped]
    except ImportError:
        raise UsageError("captures need the extra 'evidence': pip install 'crawler-guard[evidence]'") from None
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True, warc_version="1.1")
    origin = found.case.origin

    def put(kind: str, index: int, payload: bytes, **fields: str) -> None:
        head = [
            ("WARC-Type", kind),
            ("WARC-Record-ID", _id(origin, index, kind)),
            *((name.replace("_", "-"), value) for name, value in fields.items()),
            ("WARC-Block-Digest", f"sha256:{sha256(payload).hexdigest()}"),
            ("Content-Length", str(len(payload))),
        ]
        headers = StatusAndHeaders("", head, protocol="WARC/1.1")
        writer.write_record(writer.create_warc_record(
            "", kind, payload=io.BytesIO(payload), length=len(payload), warc_headers=headers
        ))  # fmt: skip

    about = f"software: crawler-guard {version}\r\nformat: WARC file version 1.1\r\nlog: {origin}\r\n".encode()
    put("warcinfo", -1, about, WARC_Date=iso(found.fetches[0].at), Content_Type="application/warc-fields")
    told = {one.index: one.values for one in found.case.records if one.values}
    for one in found.fetches:
        values = told.get(one.index, {})
        where = {"WARC_Target_URI": _uri(one, values), "WARC_Date": iso(one.at)}
        beside = where | {"WARC_Concurrent_To": _id(origin, one.index, "request")}
        message, missing = _request(one, values)
        put("request", one.index, message, **where, WARC_Payload_Digest=_digest(b""), Content_Type=f"{_HTTP}request")
        if one.end:
            answer, extra = _response(found, one)
            put("response", one.index, answer, **beside, **extra, Content_Type=f"{_HTTP}response")
        put("metadata", one.index, _about(one, missing), **beside, Content_Type="application/warc-fields")
    return out.getvalue()


def _id(origin: str, index: int, kind: str) -> str:
    return f"<urn:uuid:{uuid5(_NAMESPACE, f'{origin} {index} {kind}')}>"


def _digest(payload: bytes) -> str:
    return f"sha256:{sha256(payload).hexdigest()}"


def _uri(one: Fetch, values: Mapping[str, Any]) -> str:
    scheme = _told(values, "scheme") or "https"
    target = one.target if one.target.startswith("/") else "/"
    return f"{scheme}://{one.said['site']}{_ascii(target)}"


def _told(values: Mapping[str, Any], name: str) -> str:
    """Return a part of the request line, which is in one of two groups."""
    groups = (values.get(group) for group in ("target", "request"))
    return next((str(one[name]) for one in groups if isinstance(one, dict) and name in one), "")


def _request(one: Fetch, values: Mapping[str, Any]) -> tuple[bytes, list[str]]:
    """Return the message as far as it is disclosed, and the names of fields whose values are not."""
    version = _told(values, "version") or "1.1"
    known: dict[str, list[str]] = {}
    for group in ("person", "request"):
        value = values.get(group)
        for name, text in value.get("headers", ()) if isinstance(value, dict) else ():
            known.setdefault(str(name).lower(), []).append(str(text))
    tool = values.get("tool")
    lines, missing = [], []
    # This list has the names of all fields in the order sent; values that belong to other groups are there.
    for name, text in tool.get("headers", ()) if isinstance(tool, dict) else ():
        if text is None:
            kept = known.get(str(name).lower())
            text = kept.pop(0) if kept else None  # noqa: PLW2901
        if text is None:
            missing.append(str(name))
        else:
            lines.append(f"{_ascii(str(name))}: {_ascii(str(text))}")
    head = f"{_ascii(str(one.said['method']))} {_ascii(one.target or '/')} HTTP/{version}"
    return "\r\n".join([head, *lines, "", ""]).encode("ascii"), missing


def _response(found: Findings, one: Fetch) -> tuple[bytes, dict[str, str]]:
    status = one.end["status"]
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [f"HTTP/1.1 {status} {phrase}".rstrip()]
    if one.version is not None:
        lines += [f"{_ascii(name)}: {_ascii(value)}" for name, value in one.version.headers_for(one.path)]
    digest = one.end["body_sha256"]
    body = found.case.blobs.get(digest) if one.is_reservation and digest else None
    extra = {"WARC_Payload_Digest": _digest(body or b"")}
    if body is None:
        extra["WARC_Truncated"] = "unspecified"
    return "\r\n".join([*lines, "", ""]).encode("ascii") + (body or b""), extra


def _about(one: Fetch, missing: list[str]) -> bytes:
    fields = {
        "log-record": str(one.index),
        "log-record-of-end": str(one.end_index) if one.end else "none",
        "identity-grade": one.said["grade"] or "none",
        "client-address": one.address or "not disclosed",
        "rendition": one.said["rendition"],
        "sha256-of-the-body-sent": one.end.get("body_sha256", "") or "not recorded",
        "mark": one.said.get("mark", "") or "none",
        "bytes-handed-to-the-connection": str(one.end.get("bytes", "unknown")),
        "transfer-completed": str(one.end.get("completed", "unknown")).lower(),
        "request": "put together from recorded fields; values left out: " + (", ".join(missing) or "none"),
        "response": "status and reservation header lines as recorded; other header lines were not recorded",
    }
    return "".join(f"{name}: {_ascii(text)}\r\n" for name, text in fields.items()).encode("ascii")


def _ascii(text: str) -> str:
    """Return text that can stand in a header line: one line, and what is no printable ASCII as a code."""
    return text.encode("ascii", "backslashreplace").decode().replace("\r", "\\x0d").replace("\n", "\\x0a")
