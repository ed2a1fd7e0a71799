"""Is the contact an address that a machine can use, or words for people?

The owner may write anything there. Only what is plainly an e-mail address or a web address goes
into links and fields that hold one; a wrong guess would send somebody somewhere else.
"""


def mail_address(contact: str) -> str:
    """Return the e-mail address, or an empty text."""
    name, at, host = contact.partition("@")
    return contact if at and _plain(name, "._+-") and _plain(host, ".-") else ""


def web_address(contact: str) -> str:
    """Return the http or https address, or an empty text."""
    scheme, colon, rest = contact.partition("://")
    return contact if colon and scheme in {"http", "https"} and _plain(rest, "._~/?#&=+%:-") else ""


def _plain(words: str, besides: str) -> bool:
    return bool(words) and all(c.isascii() and (c.isalnum() or c in besides) for c in words)
