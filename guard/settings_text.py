"""Which texts are an address, a name or a URL, and what is said about those that are not?

Each function takes what the owner wrote and returns it in the form that the rest of the
program compares, or raises `WrongValueError` with a sentence that shows the right form.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator

from guard.core.client_address import UNIX_PEER
from guard.validation import WrongValueError, suggest

ANY_HOST = "*"
SHIPPED_POLICIES = ("open", "moderate", "strict")
UNIX_PREFIX = "unix:"
BY_SYSTEMD = "systemd"

_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
# The characters of RFC 3986, section 2: URLs are copied into header fields.
_URL = re.compile(r"(?:[!#$&-;=?-\[\]_a-z~]|%[0-9A-Fa-f]{2})+")
_MAX_LINE = 300
_MAX_URL = 1000
_ENDPOINT = "must be an address with a port, like 127.0.0.1:8700, [::1]:8700 or unix:/run/guard.sock"


def single_line(text: str) -> str:
    """Return the text without outer space; it goes into headers and documents, so it must be one short line."""
    if re.search("[\x00-\x1f\x7f-\x9f\u2028\u2029]", text):
        raise WrongValueError("must be one line without control characters")
    if len(text) > _MAX_LINE:
        raise WrongValueError(f"must have at most {_MAX_LINE} characters")
    return text.strip()


Line = Annotated[str, AfterValidator(single_line)]


def host_name(text: str) -> str:
    """Return a host as requests name it: lower case, without port; an IPv6 address in brackets; or `*`."""
    host = text.lower().removesuffix(".")
    if host == ANY_HOST:
        return host
    if re.match(r"[a-z][a-z0-9+.-]*://", host):
        raise WrongValueError("must be a name only, without 'http://' or 'https://'", urlsplit(host).hostname or "")
    if host.startswith("["):
        try:
            return f"[{IPv6Address(host.strip('[]'))}]"
        except ValueError:
            raise WrongValueError("must be a host name, or an IPv6 address in brackets") from None
    if _is_address(host):
        return f"[{host}]" if ":" in host else host
    if ":" in host:
        raise WrongValueError("must be a name without a port", host.split(":")[0])
    if not host.isascii():
        try:
            raise WrongValueError("must be written in its ASCII form", host.encode("idna").decode())
        except UnicodeError:
            raise WrongValueError("must be a host name in its ASCII form") from None
    if "*" in host:
        raise WrongValueError("must be one whole name, or * alone for every name")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise WrongValueError("must be a host name like photo.example")
    return host


def site_url(text: str, meant: str) -> str:
    """Return `http://host:port` or `https://…` without a slash at the end; `meant` is what a wrong one is told."""
    parts = _split(text)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise WrongValueError(meant)
    if parts.username is not None or parts.password is not None:
        raise WrongValueError("must not carry a user name or a password")
    base = f"{parts.scheme}://{parts.netloc.lower()}"
    if parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise WrongValueError("must end after the host and port, without a path", base)
    return base


def https_url(text: str) -> str:
    """Return an https URL as it was written."""
    parts = _split(text)
    if (
        parts is None
        or parts.scheme != "https"
        or parts.username is not None
        or not _is_public_name(parts.hostname or "")
    ):
        raise WrongValueError("must be an address that starts with https://")
    return text


def web_url(text: str) -> str:
    """Return an http or https URL of a service that we ask, as it was written."""
    parts = _split(text)
    if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise WrongValueError("must be an address that starts with https:// or http://")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise WrongValueError("must not carry a user name, a password or a fragment")
    return text


def https_url_or_none(text: str) -> str:
    """Return an https URL as it was written; empty stays empty."""
    return https_url(text) if text else ""


def _split(text: str) -> SplitResult | None:
    if not _URL.fullmatch(text) or len(text) > _MAX_URL:
        return None
    try:
        parts = urlsplit(text)
        return None if parts.port == 0 or parts.netloc.endswith(":") else parts
    except ValueError:
        return None


def _is_public_name(host: str) -> bool:
    """Tell whether a host can stand in a URL that everybody reads; names inside a container network need not."""
    return _is_address(host) or all(_LABEL.fullmatch(label) for label in host.lower().split("."))


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where we listen: `host` and `port` (0 picks a free one), or the path of a unix socket."""

    host: str = ""
    """An address without brackets, or `localhost`; empty for a unix socket."""
    port: int = 0
    socket: str = ""
    passed: bool = False
    """systemd has opened it, and only systemd knows where."""

    @property
    def loopback(self) -> bool:
        """True when only this machine can reach it."""
        if self.passed:
            return False
        return bool(self.socket) or self.host == "localhost" or ip_address(self.host).is_loopback


def endpoint(text: str) -> Endpoint:
    """Read `127.0.0.1:8700`, `[::1]:8700` or `unix:/run/guard.sock`; WrongValueError for anything else."""
    if text.startswith(UNIX_PREFIX):
        return Endpoint(socket=_socket_path(text))
    if text == BY_SYSTEMD:
        return Endpoint(passed=True)
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([^\[\]:\s/]+)):(\d{1,5})", text, re.ASCII)
    if match is None or int(match[3]) > 65535:
        raise WrongValueError(_ENDPOINT, f"127.0.0.1:{text.removeprefix(':')}" if re.fullmatch(r":?\d+", text) else "")
    host = match[1] or match[2]
    if host != "localhost":
        try:
            ip_address(host)
        except ValueError:
            raise WrongValueError(
                "must start with an address of this machine, not a name; 0.0.0.0 is all of them"
            ) from None
    return Endpoint(host=host, port=int(match[3]))


def leads_to(upstream: str, listen: str) -> bool:
    """Tell whether an upstream is the guard's own listener, so that every request would come back to it for ever."""
    own = endpoint(listen)
    if own.passed:
        return False
    if own.socket or upstream.startswith(UNIX_PREFIX):
        return upstream.removeprefix(UNIX_PREFIX) == own.socket
    parts = urlsplit(upstream)
    if (parts.port or (443 if parts.scheme == "https" else 80)) != own.port:
        return False
    addresses = [_numeric(host) for host in (parts.hostname or "", own.host)]
    here, there = addresses[1], addresses[0]
    if here is None or there is None:
        return False
    return here == there or (here.is_unspecified and (there.is_loopback or there.is_unspecified))


def _numeric(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        return None


def _socket_path(text: str) -> str:
    path = text.removeprefix(UNIX_PREFIX)
    if not path.startswith("/") or len(path.encode()) > 100:
        raise WrongValueError("must name the socket by its whole path, at most 100 bytes, like unix:/run/guard.sock")
    return path


def listener(value: Any) -> str:
    """Check where visitors arrive; a bare port, which YAML reads as a number, is told how to be written."""
    if not isinstance(value, str):
        raise WrongValueError(_ENDPOINT, f"127.0.0.1:{value}" if isinstance(value, int) else "")
    endpoint(value)
    return value


def listener_or_off(value: Any) -> str:
    """Check the same for a listener that need not be there."""
    return "off" if value == "off" else listener(value)


def admin_listener(text: str) -> str:
    """Check where metrics, health and the console are served; `off` is nowhere."""
    if text != "off" and endpoint(text).passed:
        raise WrongValueError("systemd passes no socket for this one; name an address or a unix socket")
    return text


def upstream_url(text: str) -> str:
    """Check where the site itself answers."""
    if text.startswith(UNIX_PREFIX):
        _socket_path(text)
        return text
    meant = "must be where the site itself answers, like http://127.0.0.1:8080 or unix:/run/site.sock"
    if re.fullmatch(r"[\w.-]+(:\d+)?/?|\[[0-9A-Fa-f:.]+\](:\d+)?/?", text):
        raise WrongValueError(meant, site_url(f"http://{text}", meant))
    return site_url(text, meant)


def visitors_url(text: str) -> str:
    """Check how visitors reach the site; empty stays empty."""
    meant = "must be how visitors reach the site, like https://photo.example"
    if not text:
        return ""
    base = site_url(text, meant)
    if not _is_public_name(urlsplit(base).hostname or ""):
        raise WrongValueError(meant)
    return base


def policy_name(text: str) -> str:
    """Check the name of a shipped policy or the path of a policy file."""
    if text in SHIPPED_POLICIES or "/" in text or text.endswith((".yaml", ".yml")):
        return text
    choices = ", ".join(SHIPPED_POLICIES)
    raise WrongValueError(f"must be one of {choices}, or the path of a policy file", suggest(text, SHIPPED_POLICIES))


def address_source(text: str) -> str:
    """Check where the address of a visitor is read; lower case."""
    known = ("peer", "x-forwarded-for", "forwarded", "proxy_protocol")
    text = text.lower()
    if text in known or re.fullmatch(r"header:[!#$%&'*+.^_`|~0-9a-z-]+", text):
        return text
    raise WrongValueError(f"must be one of {', '.join(known)}, header:<name>", suggest(text, known))


def trusted_peer(text: str) -> str:
    """Check an address or network of a trusted front server, or `unix`."""
    if text == UNIX_PEER:
        return text
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        meant = str(ip_network(text, strict=False))
    except ValueError:
        raise WrongValueError("must be an address, a network like 10.0.0.0/8, or unix") from None
    raise WrongValueError("has bits set behind its prefix", meant)
