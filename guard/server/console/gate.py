"""Who may come in, and what may a browser do with what it gets?

A console is reached by a browser that also has strange pages open. So a name that is not the
console's is refused (DNS rebinding), a form counts only when it comes from a page of ours (its token,
and what the browser itself says about where it comes from), and a page may load nothing but what
this listener serves, run no script inside itself and be shown in no frame.
"""

from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: with it a form of ours would say that it comes from `null`.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex, nofollow",
}


def is_our_name(authority: str, names: tuple[str, ...]) -> bool:
    """Tell whether a Host field names the console: by an address, as localhost, or by a name that the owner gave it."""
    host = authority.rpartition(":")[0] if authority.rpartition(":")[2].isdigit() else authority
    host = host.lower().removesuffix(".")
    if host == "localhost" or host in names:
        return True
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_from_our_page(request: web.Request) -> bool:
    """Tell whether a form comes from a page of ours, as far as the browser says: a program says nothing."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    ours = origin is None or urlsplit(origin).netloc == request.headers.get("Host")
    return site in ("same-origin", "none") and ours


def is_encrypted(request: web.Request) -> bool:
    """Tell whether the browser came over TLS: then a cookie must not travel without it."""
    return request.secure or request.headers.get("X-Forwarded-Proto", "").lower() == "https"


def guarded(response: web.StreamResponse, *, kept: bool = False) -> web.StreamResponse:
    """Put the header lines on a response; `kept` where it may lie in the browser's cache for good."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if kept else "no-store"
    return response
