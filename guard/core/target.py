"""What does a request target name?

The upstream gets the target as the client wrote it; rules match on a canonical path, so
that `/a/../private/x`, `//private/x` and `/%70rivate/x` are one path to a rule, as they
are to most web servers (RFC 3986, section 6.2.2).
"""

import re
from collections.abc import Sequence

from guard.errors import RequestError

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"(?i)https?://([^/?#]*)(.*)", re.DOTALL)
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::(\d{1,5}))?", re.ASCII)
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f]")


def split_absolute(target: str) -> tuple[str, str]:
    """Split an absolute-form target (RFC 9112, section 3.2.2) into authority and origin-form.

    The authority is empty for a target that is in origin-form already.

    Raises:
        RequestError: The target is neither form, names a user, or holds a control character, raw or encoded as %00.
    """
    if _FORBIDDEN.search(target) or "%00" in target:
        raise RequestError("the request target holds a control character")
    target = target.partition("#")[0]
    if target.startswith("/"):
        return "", target
    if match := _ABSOLUTE.fullmatch(target):
        authority, rest = match.groups()
        if "@" in authority:
            raise RequestError("the request target names a user")
        return authority, rest if rest.startswith("/") else "/" + rest
    if target == "*":
        return "", "*"
    raise RequestError("the request target is no path")


def authority_and_host(absolute: str, headers: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Return the authority of a request, port included, and its host in lower case; both empty if there is none.

    `photo.example.` is the same host as `photo.example` (RFC 3986, section 3.2.2), and so it is to a rule.

    Args:
        absolute: The authority of an absolute-form target, which counts before the Host field; may be empty.

    Raises:
        RequestError: There is more than one Host field, or the authority is no host name.
    """
    hosts = [value for name, value in headers if name.lower() == "host"]
    if len(hosts) > 1:
        raise RequestError("the request has more than one Host field")
    authority = absolute or (hosts[0].strip() if hosts else "")
    match = _AUTHORITY.fullmatch(authority)
    if authority and (match is None or int(match[2] or 0) > 65535):
        raise RequestError("the Host field is no host name")
    return authority, match[1].lower().removesuffix(".") if match else ""


def canonical_path(target: str) -> str:
    """Return the path of an origin-form target with unreserved characters decoded and empty and dot segments resolved.

    Other escapes stay, with their digits in upper case: `%2F` is not a slash.
    """
    path = target.partition("?")[0]
    decoded = _ESCAPE.sub(_decode_unreserved, path).replace("\\", "/")
    segments: list[str] = []
    for segment in decoded.split("/"):
        if segment == "..":
            if segments:
                segments.pop()
        elif segment not in ("", "."):
            segments.append(segment)
    slash = "/" if segments and decoded.endswith(("/", "/.", "/..")) else ""
    return "/" + "/".join(segments) + slash


def _decode_unreserved(match: re.Match[str]) -> str:
    byte = int(match[1], 16)
    return chr(byte) if byte in _UNRESERVED else match[0].upper()
