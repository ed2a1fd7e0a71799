"""Requests that two readers may take for different ones, and what a proxy is to make of each.

`REFUSED` is an error or a closed connection and nothing at the upstream; a number is how many requests the upstream is
to see, all of them well-formed; `EITHER` leaves a choice that the standard leaves (RFC 9112). None of them leaves any
to smuggle something.
"""

from itertools import product

REFUSED, EITHER = "refused", "either"
Want = str | int
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: photo.example\r\n\r\n"
_HOST = b"Host: photo.example\r\n"
CASES: dict[str, tuple[bytes, Want]] = {}


def _add(name: str, raw: bytes, want: Want) -> None:
    assert name not in CASES, name
    CASES[name] = raw, want


def _post(*lines: bytes, body: bytes = b"", method: bytes = b"POST", version: bytes = b"1.1") -> bytes:
    head = b"".join(line + b"\r\n" for line in lines)
    return method + b" /x HTTP/" + version + b"\r\n" + _HOST + head + b"\r\n" + body


# Lengths that are none.
LENGTHS = {
    "plus": b"+3",
    "minus": b"-3",
    "hex": b"0x3",
    "list of equals": b"3,3",
    "list with space": b"3, 3",
    "list of others": b"3,4",
    "semicolon": b"3;",
    "decimal point": b"3.0",
    "exponent": b"3e0",
    "empty": b"",
    "fullwidth": "３".encode(),
    "arabic": "٣".encode(),
    "thirty nines": b"9" * 30,
    "vertical tab": b"\x0b3",
    "nul": b"3\x00",
    "inner space": b"1 3",
    "quoted": b'"3"',
    "underscore": b"1_0",
    "two to the 64": b"18446744073709551619",
    "sign and space": b"- 3",
}
for (what, value), method in product(LENGTHS.items(), (b"POST", b"GET", b"DELETE")):
    raw = _post(b"Content-Length: " + value, body=b"abc" + SMUGGLED, method=method)
    _add(f"{method.decode()} with a length that is {what}", raw, REFUSED)
_add("a length in padding", _post(b"Content-Length:   3  ", body=b"abc"), 1)
_add("a length with zeros before it", _post(b"Content-Length: 0003", body=b"abc"), EITHER)
_add("no space before a length", _post(b"Content-Length:3", body=b"abc"), 1)
_add("the same length twice", _post(b"Content-Length: 3", b"Content-Length: 3", body=b"abc"), REFUSED)
for one, other in ((b"3", b"4"), (b"0", b"50"), (b"50", b"0"), (b"3", b"+3")):
    raw = _post(b"Content-Length: " + one, b"Content-Length: " + other, body=b"abc" + SMUGGLED)
    _add(f"lengths {one.decode()} and {other.decode()}", raw, REFUSED)
for method in (b"GET", b"HEAD", b"OPTIONS", b"DELETE", b"PUT", b"PATCH"):
    _add(f"{method.decode()} with a body", _post(b"Content-Length: 3", body=b"abc", method=method), 1)
    _add(
        f"{method.decode()} with a request as its body",
        _post(b"Content-Length: %d" % len(SMUGGLED), body=SMUGGLED, method=method),
        1,
    )

# Codings in disguise, alone and beside a length.
CODINGS: dict[str, bytes] = {
    "x before": b"Transfer-Encoding: xchunked",
    "x after": b"Transfer-Encoding: chunkedx",
    "cut short": b"Transfer-Encoding: chunk",
    "identity after": b"Transfer-Encoding: chunked, identity",
    "identity": b"Transfer-Encoding: identity",
    "twice": b"Transfer-Encoding: chunked, chunked",
    "gzip after": b"Transfer-Encoding: chunked, gzip",
    "gzip before": b"Transfer-Encoding: gzip, chunked",
    "quoted": b'Transfer-Encoding: "chunked"',
    "empty": b"Transfer-Encoding:",
    "a parameter": b"Transfer-Encoding: chunked;q=1",
    "vertical tab": b"Transfer-Encoding: \x0bchunked",
    "form feed": b"Transfer-Encoding: \x0cchunked",
    "nul after": b"Transfer-Encoding: chunked\x00",
    "space in the name": b"Transfer-Encoding : chunked",
    "tab in the name": b"Transfer-Encoding\t: chunked",
    "nul in the name": b"Transfer-Encoding\x00: chunked",
    "folded": b"Transfer-Encoding:\r\n chunked",
    "folded by a tab": b"Transfer-Encoding:\r\n\tchunked",
    "bare LF before": b"X: y\nTransfer-Encoding: chunked",
    "bare CR before": b"X: y\rTransfer-Encoding: chunked",
    "bare LF fold": b"Transfer-Encoding:\n chunked",
    "split name": b"Transfer-\r\nEncoding: chunked",
    "a line for each": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "high bit": b"Transfer-Encoding: chunke\xe4",
    "long s": "Tran\u017ffer-Encoding: chunked".encode(),
    "kelvin": "Transfer-Encoding: chun\u212aed".encode(),
    "comma first": b"Transfer-Encoding: ,chunked",
    "comma last": b"Transfer-Encoding: chunked,",
    "backspace": b"Transfer-Encoding: chunked\x08",
}
for (what, line), place in product(CODINGS.items(), ("alone", "before a length", "after a length")):
    lines = {
        "alone": [line],
        "before a length": [line, b"Content-Length: 4"],
        "after a length": [b"Content-Length: 4", line],
    }
    raw = _post(*lines[place], body=b"0\r\n\r\n" + SMUGGLED)
    _add(f"a coding in disguise, {what}, {place}", raw, REFUSED)
UNKNOWN_FIELDS = {
    "underscore": b"Transfer_Encoding: chunked",
    "x": b"X-Transfer-Encoding: chunked",
    "no hyphen": b"TransferEncoding: chunked",
}
for what, line in UNKNOWN_FIELDS.items():
    _add(f"only like a coding, {what}", _post(line, b"Content-Length: 5", body=b"0\r\n\r\n"), 1)
_add(
    "chunked and a length",
    _post(b"Content-Length: 6", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED),
    REFUSED,
)
_add(
    "a length and chunked",
    _post(b"Transfer-Encoding: chunked", b"Content-Length: 6", body=b"0\r\n\r\n" + SMUGGLED),
    REFUSED,
)
_add("chunked in HTTP/1.0", _post(b"Transfer-Encoding: chunked", body=b"0\r\n\r\n" + SMUGGLED, version=b"1.0"), REFUSED)
_add("chunked in capitals", _post(b"Transfer-Encoding: CHUNKED", body=b"1\r\nA\r\n0\r\n\r\n"), 1)
_add("chunked in padding", _post(b"Transfer-Encoding:  chunked \t", body=b"1\r\nA\r\n0\r\n\r\n"), EITHER)
_add("chunked by GET", _post(b"Transfer-Encoding: chunked", body=b"1\r\nA\r\n0\r\n\r\n", method=b"GET"), 1)

# Chunks. The first is what a strict reader takes.
CHUNKS: dict[str, tuple[bytes, Want]] = {
    "plain": (b"3\r\nabc\r\n0\r\n\r\n", 1),
    "two": (b"3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n", 1),
    "capital hex": (b"A\r\n0123456789\r\n0\r\n\r\n", 1),
    "an extension": (b"3;a=b\r\nabc\r\n0\r\n\r\n", EITHER),
    "a quoted extension": (b'3;a="b"\r\nabc\r\n0\r\n\r\n', EITHER),
    "a trailer": (b"3\r\nabc\r\n0\r\nX: y\r\n\r\n", EITHER),
    "a length in the trailer": (b"3\r\nabc\r\n0\r\nContent-Length: 50\r\n\r\n", EITHER),
    "a coding in the trailer": (b"3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n", EITHER),
    "a host in the trailer": (b"3\r\nabc\r\n0\r\nHost: b\r\n\r\n", EITHER),
    "zeros before the size": (b"0003\r\nabc\r\n0\r\n\r\n", 1),
    "zeros at the end": (b"3\r\nabc\r\n000\r\n\r\n", 1),
    "0x": (b"0x3\r\nabc\r\n0\r\n\r\n", REFUSED),
    "plus": (b"+3\r\nabc\r\n0\r\n\r\n", REFUSED),
    "minus": (b"-3\r\nabc\r\n0\r\n\r\n", REFUSED),
    "space before": (b" 3\r\nabc\r\n0\r\n\r\n", REFUSED),
    "space after": (b"3 \r\nabc\r\n0\r\n\r\n", EITHER),
    "underscore": (b"0_3\r\nabc\r\n0\r\n\r\n", REFUSED),
    "no hex": (b"g\r\nabc\r\n0\r\n\r\n", REFUSED),
    "no size": (b"\r\nabc\r\n0\r\n\r\n", REFUSED),
    "seventeen digits": (b"10000000000000003\r\nabc\r\n0\r\n\r\n", REFUSED),
    "bare LF after the size": (b"3\nabc\r\n0\r\n\r\n", REFUSED),
    "bare CR after the size": (b"3\rabc\r\n0\r\n\r\n", REFUSED),
    "bare LF after the data": (b"3\r\nabc\n0\r\n\r\n", REFUSED),
    "nothing after the data": (b"3\r\nabc0\r\n\r\n", REFUSED),
    "two bytes of data instead of CRLF": (b"3\r\nabcXX0\r\n\r\n", REFUSED),
    "more data than said": (b"3\r\nabcd\r\n0\r\n\r\n", REFUSED),
    "LF in an extension": (b"3;a\nb\r\nabc\r\n0\r\n\r\n", REFUSED),
    "CR in an extension": (b"3;a\rb\r\nabc\r\n0\r\n\r\n", REFUSED),
    "nul in an extension": (b"3;\x00\r\nabc\r\n0\r\n\r\n", REFUSED),
    "bare LF at the end": (b"3\r\nabc\r\n0\n\n", REFUSED),
    "bare LF in the trailer": (b"3\r\nabc\r\n0\r\nX: y\n\r\n", REFUSED),
    "a request in the trailer": (b"0\r\nGET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n", REFUSED),
    "fold in the trailer": (b"3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n", REFUSED),
    "an extension of 40,000": (b"3;" + b"a" * 40_000 + b"\r\nabc\r\n0\r\n\r\n", EITHER),
}
for what, (body, want) in CHUNKS.items():
    _add(f"chunks: {what}", _post(b"Transfer-Encoding: chunked", body=body), want)
    if want == REFUSED:
        _add(f"chunks: {what}, a request behind", _post(b"Transfer-Encoding: chunked", body=body + SMUGGLED), REFUSED)

# Request lines.
LINES: dict[str, tuple[bytes, Want]] = {
    "bare LF": (b"GET /x HTTP/1.1\n" + _HOST + b"\r\n", REFUSED),
    "bare CR": (b"GET /x HTTP/1.1\r" + _HOST + b"\r\n", REFUSED),
    "two spaces": (b"GET  /x HTTP/1.1\r\n" + _HOST + b"\r\n", EITHER),
    "two spaces later": (b"GET /x  HTTP/1.1\r\n" + _HOST + b"\r\n", EITHER),
    "a tab": (b"GET\t/x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "a space at the end": (b"GET /x HTTP/1.1 \r\n" + _HOST + b"\r\n", REFUSED),
    "no version": (b"GET /x\r\n" + _HOST + b"\r\n", REFUSED),
    "HTTP/0.9": (b"GET /x HTTP/0.9\r\n" + _HOST + b"\r\n", REFUSED),
    "HTTP/2.0": (b"GET /x HTTP/2.0\r\n" + _HOST + b"\r\n", REFUSED),
    "HTTP/1.2": (b"GET /x HTTP/1.2\r\n" + _HOST + b"\r\n", EITHER),
    "HTTP/1.10": (b"GET /x HTTP/1.10\r\n" + _HOST + b"\r\n", REFUSED),
    "HTTP/01.1": (b"GET /x HTTP/01.1\r\n" + _HOST + b"\r\n", REFUSED),
    "small http": (b"GET /x http/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "HTTPS": (b"GET /x HTTPS/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "an empty line before": (b"\r\nGET /x HTTP/1.1\r\n" + _HOST + b"\r\n", EITHER),
    "a space before": (b" GET /x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "a method with a bracket": (b"G(T /x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "no method": (b" /x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "a nul in the target": (b"GET /a\x00b HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "a tab in the target": (b"GET /a\tb HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "a space in the target": (b"GET /a b HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "DEL in the target": (b"GET /a\x7fb HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "a fragment": (b"GET /x#y HTTP/1.1\r\n" + _HOST + b"\r\n", EITHER),
    "no slash": (b"GET x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "an asterisk": (b"GET * HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "CONNECT": (b"CONNECT photo.example:443 HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "8-bit bytes": (b"GET /\xff HTTP/1.1\r\n" + _HOST + b"\r\n", EITHER),
    "absolute": (b"GET http://photo.example/x HTTP/1.1\r\n" + _HOST + b"\r\n", 1),
    "absolute with another host": (b"GET http://b.example/x HTTP/1.1\r\n" + _HOST + b"\r\n", EITHER),
    "absolute with userinfo": (b"GET http://a@photo.example/x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "absolute of another scheme": (b"GET ftp://photo.example/x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "two slashes": (b"GET //b.example/x HTTP/1.1\r\n" + _HOST + b"\r\n", 1),
    "a line break in percent signs": (b"GET /x%0d%0aX:%20y HTTP/1.1\r\n" + _HOST + b"\r\n", 1),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 60, REFUSED),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00" * 9, REFUSED),
    "an answer": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", REFUSED),
    "a method of 9,000 letters": (b"A" * 9000 + b" /x HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
    "a target of 20,000": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + _HOST + b"\r\n", REFUSED),
}
for what, (raw, want) in LINES.items():
    _add(f"the request line: {what}", raw, want)

# Hosts (CVE-2026-34525 in aiohttp: two of them).
HOSTS: dict[str, tuple[bytes, Want]] = {
    "none": (b"", REFUSED),
    "the same twice": (_HOST * 2, REFUSED),
    "two": (_HOST + b"Host: b.example\r\n", REFUSED),
    "two, another first": (b"Host: b.example\r\n" + _HOST, REFUSED),
    "empty": (b"Host:\r\n", EITHER),
    "a space": (b"Host: photo example\r\n", REFUSED),
    "a slash": (b"Host: photo.example/x\r\n", REFUSED),
    "userinfo": (b"Host: a@photo.example\r\n", REFUSED),
    "a port too high": (b"Host: photo.example:99999\r\n", REFUSED),
    "a port of letters": (b"Host: photo.example:x\r\n", REFUSED),
    "an open bracket": (b"Host: [::1\r\n", REFUSED),
    "a list": (b"Host: photo.example, b.example\r\n", REFUSED),
    "a tab": (b"Host: photo.example\tb\r\n", REFUSED),
    "nul": (b"Host: photo.example\x00b\r\n", REFUSED),
    "folded": (b"Host: photo.example\r\n b\r\n", REFUSED),
    "a question mark": (b"Host: photo.example?x\r\n", REFUSED),
    "a hash": (b"Host: photo.example#x\r\n", REFUSED),
    "a backslash": (b"Host: photo.example\\b\r\n", REFUSED),
    "in capitals": (b"HOST: PHOTO.EXAMPLE\r\n", 1),
    "with a port": (b"Host: photo.example:80\r\n", 1),
    "with a dot": (b"Host: photo.example.\r\n", EITHER),
    "8-bit": (b"Host: ph\xf6to.example\r\n", REFUSED),
    "of 10,000": (b"Host: " + b"a" * 10_000 + b"\r\n", REFUSED),
    "space in the name": (b"Host : photo.example\r\n", REFUSED),
    "named by Connection": (_HOST + b"Connection: Host\r\n", 1),
}
for what, (lines_, want) in HOSTS.items():
    _add(f"host: {what}", b"GET /x HTTP/1.1\r\n" + lines_ + b"\r\n", want)

# Fields.
FIELDS: dict[str, tuple[bytes, Want]] = {
    "space in a name": (b"X y: z", REFUSED),
    "space after a name": (b"X : z", REFUSED),
    "tab after a name": (b"X\t: z", REFUSED),
    "nul in a name": (b"X\x00: z", REFUSED),
    "bracket in a name": (b"X(y): z", REFUSED),
    "no name": (b": z", REFUSED),
    "no colon": (b"X", REFUSED),
    "8-bit in a name": (b"X\xff: z", REFUSED),
    "a space first": (b" X: z", REFUSED),
    "nul in a value": (b"X: a\x00b", REFUSED),
    "CR in a value": (b"X: a\rb", REFUSED),
    "LF in a value": (b"X: a\nb", REFUSED),
    "CR and a request in a value": (b"X: a\r\rGET /smuggled HTTP/1.1", REFUSED),
    "LF and a request in a value": (b"X: a\n\nGET /smuggled HTTP/1.1\nHost: b", REFUSED),
    "a fold": (b"X: a\r\n b", REFUSED),
    "a fold by a tab": (b"X: a\r\n\tb", REFUSED),
    "a fold of nothing": (b"X: a\r\n ", REFUSED),
    "8-bit in a value": (b"X: \xe4", 1),
    "DEL in a value": (b"X: a\x7fb", EITHER),
    "a control in a value": (b"X: a\x01b", EITHER),
    "an empty value": (b"X:", 1),
    "a length named by Connection": (b"Connection: Content-Length", 1),
    "a coding named by Connection": (b"Connection: close, Transfer-Encoding", 1),
    "keep-alive": (b"Connection: keep-alive", 1),
    "an expectation": (b"Expect: 100-continue", EITHER),
    "an odd expectation": (b"Expect: 200-ok", EITHER),
    "h2c": (b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA", EITHER),
    "an upgrade nobody knows": (b"Connection: upgrade\r\nUpgrade: foo", EITHER),
    "TE": (b"TE: trailers, chunked", 1),
    "a trailer announced": (b"Trailer: X", 1),
    "proxy connection": (b"Proxy-Connection: keep-alive", 1),
    "2,000 fields": (b"\r\n".join(b"X-%d: y" % number for number in range(2000)), EITHER),
    "a field of 200,000": (b"X: " + b"y" * 200_000, REFUSED),
}
for what, (line, want) in FIELDS.items():
    _add(f"fields: {what}", b"GET /x HTTP/1.1\r\n" + _HOST + line + b"\r\n\r\n", want)
    if want == REFUSED:
        _add(
            f"fields: {what}, a request behind", b"GET /x HTTP/1.1\r\n" + _HOST + line + b"\r\n\r\n" + SMUGGLED, REFUSED
        )

# Several on one connection; here the second is no stowaway.
_NEXT = b"GET /next HTTP/1.1\r\nHost: photo.example\r\n\r\n"
PIPELINED: dict[str, tuple[bytes, Want]] = {
    "two": (_NEXT * 2, 2),
    "five": (_NEXT * 5, 5),
    "after a body": (_post(b"Content-Length: 3", body=b"abc") + _NEXT, 2),
    "after chunks": (_post(b"Transfer-Encoding: chunked", body=b"1\r\nA\r\n0\r\n\r\n") + _NEXT, 2),
    "after HEAD": (_post(method=b"HEAD") + _NEXT, 2),
    "after a body of HEAD": (_post(b"Content-Length: 3", body=b"abc", method=b"HEAD") + _NEXT, 2),
    "after a lone body of GET": (_post(b"Content-Length: 3", body=b"abc", method=b"GET") + _NEXT, 2),
    "after close": (b"GET /x HTTP/1.1\r\n" + _HOST + b"Connection: close\r\n\r\n" + SMUGGLED, EITHER),
    "after HTTP/1.0": (b"GET /x HTTP/1.0\r\n" + _HOST + b"\r\n" + SMUGGLED, EITHER),
    "after a refused one": (b"GET /x HTTP/1.1\r\n\r\n" + SMUGGLED, REFUSED),
    "after a body cut short": (_post(b"Content-Length: 90", body=b"abc"), 0),
    "after an upgrade that was not taken": (
        b"GET /x HTTP/1.1\r\n" + _HOST + b"Connection: Upgrade\r\nUpgrade: foo\r\n\r\n" + _NEXT,
        EITHER,
    ),
}
for what, (raw, want) in PIPELINED.items():
    _add(f"pipelined: {what}", raw, want)
