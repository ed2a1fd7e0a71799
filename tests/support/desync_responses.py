"""Answers of an upstream that two readers may take for different ones, and what a client is to get of each.

`WHOLE` is the body `BODY` with status 200; `FAILED` is a 502; `CUT` is an answer that visibly ends too early, `BROKEN`
one of these two; `EITHER` leaves any of them. In none may anything that is not the answer reach a client as one, or as
a header line; but a bare LF may end a line (RFC 9112, 2.2), and is written anew as CRLF.
"""

from itertools import product

WHOLE, FAILED, CUT, BROKEN, EITHER = "whole", "failed", "cut", "broken", "either"
BODY = b"the body"
STOWAWAY = b"HTTP/1.1 299 Smuggled\r\nX-Injected: 1\r\nContent-Length: 0\r\n\r\n"
CASES: dict[str, tuple[bytes, str]] = {}


def _add(name: str, raw: bytes, want: str) -> None:
    assert name not in CASES, name
    CASES[name] = raw, want


def _answer(*lines: bytes, body: bytes = BODY, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return b"\r\n".join((status, b"Content-Type: text/plain", *lines)) + b"\r\n\r\n" + body


_LENGTH = b"Content-Length: 8"
_CHUNKED = b"Transfer-Encoding: chunked"
_PIECES = b"8\r\nthe body\r\n0\r\n\r\n"

FRAMED: dict[str, tuple[bytes, str]] = {
    "a length": (_answer(_LENGTH), WHOLE),
    "chunks": (_answer(_CHUNKED, body=_PIECES), WHOLE),
    "the end of the connection": (_answer(), WHOLE),
    "HTTP/1.0 to its end": (_answer(status=b"HTTP/1.0 200 OK"), WHOLE),
    "HTTP/1.0 with a length": (_answer(_LENGTH, status=b"HTTP/1.0 200 OK"), WHOLE),
    "a stowaway behind a length": (_answer(_LENGTH, body=BODY + STOWAWAY), EITHER),
    "a stowaway behind chunks": (_answer(_CHUNKED, body=_PIECES + STOWAWAY), EITHER),
    "too short": (_answer(b"Content-Length: 80"), CUT),
    "chunks cut in a chunk": (_answer(_CHUNKED, body=b"8\r\nthe"), CUT),
    "chunks without an end": (_answer(_CHUNKED, body=b"8\r\nthe body\r\n"), CUT),
    "nothing at all": (b"", FAILED),
    "half a head": (b"HTTP/1.1 200 OK\r\nContent-Le", FAILED),
    "a picture without a head": (b"\xff\xd8\xff\xe0" + b"x" * 100, FAILED),
    "html without a head": (b"<html>", FAILED),
    "the same length twice": (_answer(_LENGTH, _LENGTH), EITHER),
    "two lengths": (_answer(_LENGTH, b"Content-Length: 80"), FAILED),
    "a shorter length second": (_answer(_LENGTH, b"Content-Length: 3"), FAILED),
    "a length and chunks": (_answer(_LENGTH, _CHUNKED, body=_PIECES), EITHER),
    "chunks and a length": (_answer(_CHUNKED, b"Content-Length: 3", body=_PIECES), EITHER),
    "chunks in HTTP/1.0": (_answer(_CHUNKED, body=_PIECES, status=b"HTTP/1.0 200 OK"), EITHER),
}
LENGTHS = {
    "plus": b"+8",
    "minus": b"-8",
    "hex": b"0x8",
    "list": b"8,8",
    "list of others": b"8, 9",
    "empty": b"",
    "letters": b"eight",
    "point": b"8.0",
    "thirty nines": b"9" * 30,
    "fullwidth": "８".encode(),
    "nul": b"8\x00",
    "vertical tab": b"\x0b8",
    "underscore": b"0_8",
    "space inside": b"0 8",
}
for what, value in LENGTHS.items():
    FRAMED[f"a length that is {what}"] = _answer(b"Content-Length: " + value), FAILED
CODINGS = {
    "x before": b"xchunked",
    "cut short": b"chunk",
    "identity": b"identity",
    "identity after": b"chunked, identity",
    "twice": b"chunked, chunked",
    "quoted": b'"chunked"',
    "empty": b"",
    "parameter": b"chunked;q=1",
    "nul": b"chunked\x00",
    "kelvin": "chun\u212aed".encode(),
    "comma": b",chunked",
    "gzip before": b"gzip, chunked",
    "vertical tab": b"\x0bchunked",
}
for (what, value), length in product(CODINGS.items(), (b"", _LENGTH)):
    lines = (b"Transfer-Encoding: " + value, length) if length else (b"Transfer-Encoding: " + value,)
    FRAMED[f"a coding in disguise, {what}{', and a length' * bool(length)}"] = (
        _answer(*lines, body=_PIECES + STOWAWAY),
        EITHER,
    )
for what, (raw, want) in FRAMED.items():
    _add(f"framing: {what}", raw, want)

CHUNKS: dict[str, tuple[bytes, str]] = {
    "0x": (b"0x8\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "plus": (b"+8\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "minus": (b"-8\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "no hex": (b"g\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "no size": (b"\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "space before": (b" 8\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "space after": (b"8 \r\nthe body\r\n0\r\n\r\n", EITHER),
    "underscore": (b"0_8\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "seventeen digits": (b"10000000000000008\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "bare LF after the size": (b"8\nthe body\r\n0\r\n\r\n", EITHER),
    "bare CR after the size": (b"8\rthe body\r\n0\r\n\r\n", BROKEN),
    "bare LF after the data": (b"8\r\nthe body\n0\r\n\r\n", EITHER),
    "nothing after the data": (b"8\r\nthe body0\r\n\r\n", BROKEN),
    "more than said": (b"3\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "an extension": (b"8;a=b\r\nthe body\r\n0\r\n\r\n", WHOLE),
    "LF in an extension": (b"8;a\nb\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "CR in an extension": (b"8;a\rb\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "nul in an extension": (b"8;\x00\r\nthe body\r\n0\r\n\r\n", BROKEN),
    "a trailer": (b"8\r\nthe body\r\n0\r\nX-Trailer: y\r\n\r\n", WHOLE),
    "an injected trailer": (b"8\r\nthe body\r\n0\r\nX-Injected: 1\r\n\r\n", WHOLE),
    "a length in the trailer": (b"8\r\nthe body\r\n0\r\nContent-Length: 3\r\n\r\n", EITHER),
    "zeros before the size": (b"00008\r\nthe body\r\n0\r\n\r\n", WHOLE),
    "zeros at the end": (b"8\r\nthe body\r\n0000\r\n\r\n", WHOLE),
    "an extension of 100,000": (b"8;" + b"a" * 100_000 + b"\r\nthe body\r\n0\r\n\r\n", EITHER),
    "one byte each": (b"".join(b"1\r\n%c\r\n" % byte for byte in BODY) + b"0\r\n\r\n", WHOLE),
}
for what, (body, want) in CHUNKS.items():
    _add(f"chunks: {what}", _answer(_CHUNKED, body=body), want)

STATUS: dict[str, tuple[bytes, str]] = {
    "no reason": (b"HTTP/1.1 200 ", WHOLE),
    "no space behind": (b"HTTP/1.1 200", EITHER),
    "two digits": (b"HTTP/1.1 20 OK", FAILED),
    "four digits": (b"HTTP/1.1 2000 OK", FAILED),
    "letters": (b"HTTP/1.1 OK OK", FAILED),
    "minus": (b"HTTP/1.1 -20 OK", FAILED),
    "HTTP/2": (b"HTTP/2.0 200 OK", EITHER),
    "HTTP/0.9": (b"HTTP/0.9 200 OK", EITHER),
    "HTTP/1.10": (b"HTTP/1.10 200 OK", FAILED),
    "small": (b"http/1.1 200 OK", FAILED),
    "ICY": (b"ICY 200 OK", FAILED),
    "two spaces": (b"HTTP/1.1  200 OK", EITHER),
    "a space first": (b" HTTP/1.1 200 OK", FAILED),
    "LF in the reason": (b"HTTP/1.1 200 O\nX-Line: 1", EITHER),
    "CR in the reason": (b"HTTP/1.1 200 O\rX-Injected: 1", FAILED),
    "nul in the reason": (b"HTTP/1.1 200 O\x00K", EITHER),
    "8-bit in the reason": (b"HTTP/1.1 200 \xd6k", EITHER),
    "a reason of 100,000": (b"HTTP/1.1 200 " + b"O" * 100_000, FAILED),
    "999": (b"HTTP/1.1 999 Odd", EITHER),
    "000": (b"HTTP/1.1 000 Odd", EITHER),
    "600": (b"HTTP/1.1 600 Odd", EITHER),
}
for what, (status, want) in STATUS.items():
    _add(f"status line: {what}", _answer(_LENGTH, status=status), want)

FIELDS: dict[str, tuple[bytes, str]] = {
    "space in a name": (b"X y: z", EITHER),
    "space after a name": (b"X : z", EITHER),
    "no colon": (b"X", FAILED),
    "no name": (b": z", EITHER),
    "nul in a name": (b"X\x00: z", FAILED),
    "bracket in a name": (b"X(y): z", EITHER),
    "8-bit in a name": (b"X\xff: z", EITHER),
    "nul in a value": (b"X: a\x00b", EITHER),
    "LF in a value": (b"X: a\nX-Line: 1", EITHER),
    "CR in a value": (b"X: a\rX-Injected: 1", EITHER),
    "an answer in a value": (b"X: a\n\nHTTP/1.1 299 Smuggled\nX-Injected: 1", EITHER),
    "a fold": (b"X: a\r\n b", EITHER),
    "a fold by a tab": (b"X: a\r\n\tb", EITHER),
    "8-bit in a value": (b"X: \xe4", WHOLE),
    "a control in a value": (b"X: a\x01b", EITHER),
    "DEL in a value": (b"X: a\x7fb", EITHER),
    "Connection: close": (b"Connection: close", WHOLE),
    "keep-alive": (b"Connection: keep-alive\r\nKeep-Alive: timeout=5", WHOLE),
    "a length named by Connection": (b"Connection: Content-Length", WHOLE),
    "Upgrade without 101": (b"Connection: Upgrade\r\nUpgrade: h2c", WHOLE),
    "Trailer": (b"Trailer: X", WHOLE),
    "Proxy-Authenticate": (b"Proxy-Authenticate: Basic", WHOLE),
    "1,500 fields": (b"\r\n".join(b"X-%d: y" % number for number in range(1500)), EITHER),
    "a field of 300,000": (b"X: " + b"y" * 300_000, FAILED),
    "LF in a location": (b"Location: /a\nX-Line: 1", EITHER),
    "an encoded line break in a location": (b"Location: /a%0d%0aX-Injected:%201", WHOLE),
    "LF in a cookie": (b"Set-Cookie: a=b\nX-Line: 1", EITHER),
}
for what, (line, want) in FIELDS.items():
    _add(f"fields: {what}", _answer(_LENGTH, line), want)

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
INFORMED: dict[str, tuple[bytes, str]] = {
    "100 first": (_CONTINUE + _answer(_LENGTH), WHOLE),
    "a hundred times 100": (_CONTINUE * 100 + _answer(_LENGTH), EITHER),
    "100,000 times 100": (_CONTINUE * 100_000, FAILED),
    "103 first": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _answer(_LENGTH), EITHER),
    "102 first": (b"HTTP/1.1 102 Processing\r\n\r\n" + _answer(_LENGTH), EITHER),
    "100 with a body": (b"HTTP/1.1 100 Continue\r\nContent-Length: 8\r\n\r\nthe body" + _answer(_LENGTH), FAILED),
    "101 nobody asked for": (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n" + STOWAWAY,
        EITHER,
    ),
    "204 with a body": (b"HTTP/1.1 204 No Content\r\nContent-Length: 8\r\n\r\nthe body", EITHER),
    "304 with a body": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 8\r\n\r\nthe body", EITHER),
    "204 with chunks": (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n" + _PIECES + STOWAWAY, EITHER),
    "205 with a body": (b"HTTP/1.1 205 Reset Content\r\nContent-Length: 8\r\n\r\nthe body", EITHER),
    "only 100": (_CONTINUE, FAILED),
    "100 and half a head": (_CONTINUE + b"HTTP/1.1 200 OK\r\nContent-Le", FAILED),
    "100 with chunks": (b"HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n" + _answer(_LENGTH), EITHER),
    "100 by LF": (b"HTTP/1.1 100 Continue\n\n" + _answer(_LENGTH), EITHER),
    "100 after the answer": (_answer(_LENGTH) + _CONTINUE, EITHER),
    "103 with a line of its own": (b"HTTP/1.1 103 Early Hints\r\nX-Injected: 1\r\n\r\n" + _answer(_LENGTH), EITHER),
    "101 and the answer": (b"HTTP/1.1 101 Odd\r\nConnection: Upgrade\r\n\r\n" + _answer(_LENGTH), EITHER),
    "206 nobody asked for": (_answer(_LENGTH, status=b"HTTP/1.1 206 Partial Content"), EITHER),
    "199": (b"HTTP/1.1 199 Odd\r\n\r\n" + _answer(_LENGTH), EITHER),
}
for what, (raw, want) in INFORMED.items():
    _add(f"in between: {what}", raw, want)
