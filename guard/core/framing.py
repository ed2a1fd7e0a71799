"""Can a request be taken for two, or for another, by somebody who reads it otherwise?

The HTTP library has found its end already. What it is kinder to than RFC 9112 asks for is refused
here, since a server in front of us or behind us may be kind in another way: that is how a request is
hidden in another one's body.
"""

from collections.abc import Sequence

from guard.errors import RequestError

VERSIONS = frozenset({"1.0", "1.1"})


def check(version: str, headers: Sequence[tuple[str, str]]) -> None:
    """Check the version and what the fields say about the body.

    Args:
        version: Such as "1.1".
        headers: As received.

    Raises:
        RequestError: It is neither HTTP/1.0 nor HTTP/1.1, or its body does not end where everybody says it does.
    """
    if version not in VERSIONS:
        raise RequestError("only HTTP/1.0 and HTTP/1.1 are spoken here")
    lengths, codings = [], []
    for name, value in headers:
        if len(name) == 14 and name.lower() == "content-length":
            lengths.append(value)
        elif len(name) == 17 and name.lower() == "transfer-encoding":
            codings.append(value)
    if not codings:
        if len(lengths) > 1 or (lengths and not _is_number(lengths[0].strip(" \t"))):
            raise RequestError("the Content-Length is no number")
        return
    # By bytes, not by letters: the Kelvin sign is a k to some.
    coding = codings[0].strip(" \t")
    if len(codings) > 1 or lengths or not coding.isascii() or coding.lower() != "chunked" or version == "1.0":
        raise RequestError(
            "the body's end can not be told for certain: only `Transfer-Encoding: chunked` is understood"
        )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
