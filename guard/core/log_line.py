r"""What does one line of an access log say?

Six forms are read: Common and Combined (nginx, Apache, Traefik's text form), JSON whose keys
are nginx variables, Caddy's, Traefik's and our own. A line is bytes from strangers: whoever
asks chooses its path and user agent. So nothing here raises, whatever is given, every
pattern takes linear time, and a line that is none is an `Unreadable` with the reason.

Text forms write odd bytes as `\xNN` and a quote as `\"` or `\x22`. They are turned back
into the bytes that were sent, and those into text as the proxy does: UTF-8, with a
lone surrogate for each byte that is not.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from guard.core.classification import Conduct, Identity
from guard.core.crawlers import Purpose
from guard.core.facts import Kind
from guard.core.log_json import first_number, first_text, json_object, sub_object
from guard.core.log_text import TEXT_LINE, clf_time, request_line, said, unescaped


class LogFormat(StrEnum):
    """How a log is written."""

    COMBINED = "combined"
    COMMON = "common"
    """Combined without referer and user agent: nobody in it can be named."""
    NGINX = "nginx"
    """A JSON object a line, with the names of nginx variables as keys."""
    CADDY = "caddy"
    TRAEFIK = "traefik"
    GUARD = "guard"
    """Our own access log, which holds no user agent but what was made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What our own log says about a request instead of its user agent and address."""

    purpose: Purpose
    crawler: str
    """Id of the catalogue entry, or empty."""
    claimed: str
    identity: Identity
    conduct: Conduct
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One request as a log tells it."""

    at: datetime | None
    """Aware, in UTC; None where the log does not tell or nobody can read it."""
    address: str
    """Whom the log names as the client, as written; empty where it does not."""
    host: str
    """The host name asked for, or the name of the site; empty where the log does not tell."""
    method: str
    """Empty where what was sent is no request line."""
    target: str
    """As sent: path and query, or absolute-form."""
    version: str
    """`1.1`, `2.0`, …; empty where the log does not tell."""
    status: int
    """0 where nothing was answered."""
    size: int
    """Bytes of the answer, usually of its body."""
    referer: str
    user_agent: str
    media_type: str
    """The answer's content type in lower case without parameters; empty where the log does not tell."""
    judged: Judged | None
    """Only in our own log."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is not one of the format."""

    reason: str
    """Fit to follow a colon."""


SAMPLE = 50
"""How many of the first lines are looked at to find the format."""


def parse(line: bytes, form: LogFormat) -> LogLine | Unreadable:
    """Read one line, with or without its end."""
    return _READERS[form](line.rstrip(b"\r\n"))


def detect(lines: Sequence[bytes]) -> LogFormat | None:
    """Return the format that most of `lines`, the first of a log, are in; None if none is in any."""
    votes = [found for line in lines[:SAMPLE] if (found := _format_of(line.strip())) is not None]
    return max(votes, key=votes.count) if votes else None


def _format_of(line: bytes) -> LogFormat | None:
    if not line.startswith(b"{"):
        match = TEXT_LINE.match(line.decode("utf-8", "surrogateescape"))
        return None if match is None else LogFormat.COMMON if match[7] is None else LogFormat.COMBINED
    value = json_object(line)
    if value is None:
        return None
    form = next((form for form, keys in _KEYS.items() if keys <= value.keys()), LogFormat.NGINX)
    return form if isinstance(_READERS[form](line), LogLine) else None


def _read_combined(line: bytes) -> LogLine | Unreadable:
    match = TEXT_LINE.match(line.decode("utf-8", "surrogateescape"))
    if match is None or match[7] is None:
        return Unreadable("not a line of the Combined format")
    return _from_text(match)


def _read_common(line: bytes) -> LogLine | Unreadable:
    match = TEXT_LINE.match(line.decode("utf-8", "surrogateescape"))
    return Unreadable("not a line of the Common format") if match is None else _from_text(match)


def _from_text(match: re.Match[str]) -> LogLine:
    host, address, at, request, status, size, referer, user_agent = match.groups()
    method, target, version = request_line(unescaped(request))
    return LogLine(
        at=clf_time(at),
        address=address,
        host=host or "",
        method=method,
        target=target,
        version=version,
        status=0 if status == "-" else int(status),
        size=0 if size == "-" else int(size),
        referer=said(referer or ""),
        user_agent=said(user_agent or ""),
        media_type="",
        judged=None,
    )


def _time(value: object) -> datetime | None:
    """Read whatever a JSON log may have for a time: seconds since 1970, RFC 3339, or the form of text logs."""
    try:
        if isinstance(value, str):
            if value.replace(".", "", 1).isdecimal() and value.isascii():
                return datetime.fromtimestamp(float(value), UTC)
            return clf_time(value) or _iso_time(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            # Milliseconds are no seconds of this millennium.
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    return None


def _iso_time(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    # Without a zone it is taken as UTC: the zone of whoever reads the log would be a worse guess.
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def _version(text: str) -> str:
    return text.removeprefix("HTTP/")


_NGINX_TIMES = ("time_iso8601", "time_local", "msec", "@timestamp", "timestamp", "time", "ts", "date")


_NGINX_REQUESTS = frozenset({"request", "request_line", "request_uri", "uri", "url", "path"})


def _read_nginx(line: bytes) -> LogLine | Unreadable:
    found = json_object(line)
    if found is None:
        return Unreadable("not a JSON object")
    # nginx writes `-` for what is not there, unless the format says escape=json.
    value = {key.lower().replace("-", "_"): item for key, item in found.items() if item != "-"}
    method = first_text(value, "request_method", "method", "verb")
    target = first_text(value, "request_uri", "uri", "url", "path")
    version = _version(first_text(value, "server_protocol", "http_version", "protocol", "proto"))
    if _NGINX_REQUESTS.isdisjoint(key.lower() for key in found):
        return Unreadable("no request in it: expected a key like request, or request_method and request_uri")
    if request := first_text(value, "request", "request_line"):
        method, target, version = request_line(request)
    if (status := first_number(value, "status", "status_code", "response_code", "response")) is None:
        return Unreadable("no status in it")
    host = first_text(value, "host", "http_host", "server_name", "vhost")
    return LogLine(
        at=next((at for name in _NGINX_TIMES if (at := _time(value.get(name)))), None),
        address=first_text(value, "remote_addr", "client_ip", "remote_ip", "client", "clientip", "ip"),
        host="" if host == "_" else host,  # the name of a server that takes every name
        method=method or ("GET" if target and not request else ""),
        target=target,
        version=version,
        status=status,
        size=first_number(value, "body_bytes_sent", "bytes_sent", "bytes", "size") or 0,
        referer=first_text(value, "http_referer", "referer", "referrer"),
        user_agent=first_text(value, "http_user_agent", "user_agent", "useragent", "agent", "ua"),
        media_type=_media_type(first_text(value, "sent_http_content_type", "upstream_http_content_type")),
        judged=None,
    )


def _read_caddy(line: bytes) -> LogLine | Unreadable:
    value = json_object(line)
    request = None if value is None else sub_object(value, "request")
    if value is None or request is None:
        return Unreadable("not a request of Caddy's JSON format")
    if (status := first_number(value, "status")) is None:
        return Unreadable("no status in it: not a line of Caddy's access log")
    headers = sub_object(request, "headers") or {}
    sent = sub_object(value, "resp_headers") or {}
    return LogLine(
        at=_time(value.get("ts")),
        # `client_ip` heeds Caddy's trusted_proxies; older versions have only the peer.
        address=first_text(request, "client_ip", "remote_ip"),
        host=first_text(request, "host"),
        method=first_text(request, "method"),
        target=first_text(request, "uri"),
        version=_version(first_text(request, "proto")),
        status=status,
        size=first_number(value, "size") or 0,
        referer=first_text(headers, "Referer"),
        user_agent=first_text(headers, "User-Agent"),
        media_type=_media_type(first_text(sent, "Content-Type")),
        judged=None,
    )


def _read_traefik(line: bytes) -> LogLine | Unreadable:
    value = json_object(line)
    if value is None or "RequestPath" not in value:
        return Unreadable("not a request of Traefik's JSON format")
    if (status := first_number(value, "DownstreamStatus", "OriginStatus")) is None:
        return Unreadable("no status in it")
    return LogLine(
        at=_time(value.get("StartUTC")) or _time(value.get("StartLocal")) or _time(value.get("time")),
        address=first_text(value, "ClientHost"),
        host=first_text(value, "RequestHost", "RequestAddr"),
        method=first_text(value, "RequestMethod"),
        target=first_text(value, "RequestPath"),
        version=_version(first_text(value, "RequestProtocol")),
        status=status,
        size=first_number(value, "DownstreamContentSize", "OriginContentSize") or 0,
        referer=first_text(value, "request_Referer"),
        # Kept only with accessLog.fields.headers.names.User-Agent: keep.
        user_agent=first_text(value, "request_User-Agent"),
        media_type=_media_type(first_text(value, "downstream_Content-Type", "origin_Content-Type")),
        judged=None,
    )


def _read_guard(line: bytes) -> LogLine | Unreadable:
    value = json_object(line)
    if value is None:
        return Unreadable("not a JSON object")
    status = first_number(value, "status")
    try:
        judged = Judged(
            purpose=Purpose(first_text(value, "purpose")),
            crawler=first_text(value, "crawler"),
            claimed=first_text(value, "claimed"),
            identity=Identity(first_text(value, "identity")),
            conduct=Conduct(first_text(value, "conduct")),
            kind=Kind(first_text(value, "kind")),
        )
    except ValueError as error:
        return Unreadable(f"not a line of our own access log, or of a newer version: {error}")
    if status is None:
        return Unreadable("no status in it")
    return LogLine(
        at=_time(value.get("at")),
        address="",
        host=first_text(value, "site"),
        method=first_text(value, "method"),
        target=first_text(value, "path"),
        version="",
        status=status,
        size=first_number(value, "bytes") or 0,
        referer="",
        user_agent="",
        media_type="",
        judged=judged,
    )


_KEYS: Mapping[LogFormat, frozenset[str]] = MappingProxyType(
    {
        LogFormat.GUARD: frozenset({"site", "purpose", "identity", "conduct", "rendition"}),
        LogFormat.CADDY: frozenset({"request", "status", "logger"}),
        LogFormat.TRAEFIK: frozenset({"RequestPath", "RequestMethod"}),
    }
)
"""Keys that tell whose JSON it is; any other JSON is read by the names of nginx variables."""

_READERS: Mapping[LogFormat, Callable[[bytes], LogLine | Unreadable]] = MappingProxyType(
    {
        LogFormat.COMBINED: _read_combined,
        LogFormat.COMMON: _read_common,
        LogFormat.NGINX: _read_nginx,
        LogFormat.CADDY: _read_caddy,
        LogFormat.TRAEFIK: _read_traefik,
        LogFormat.GUARD: _read_guard,
    }
)
