"""Do both lanes say the same, to the client and to the site behind?"""

import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.support import desync_requests, desync_responses
from tests.support.http import CHROME, GPTBOT, connect, head
from tests.support.raw_upstream import RawUpstream
from tests.support.running import RunningGuard

AT_ONCE = 16
JPEG = b"\xff\xd8\xff\xe0" + b"\0" * 300
_CHANGING = re.compile(rb"(?<=\r\n)(Date: [^\r]*|Guard-Reference: [^\r]*|ETag: [^\r]*-r\"|Set-Cookie: [^\r]*)")
_END = b" (the end)"
_CODE = re.compile(rb"[0-9A-Z]{5}-[0-9A-Z]{5}")


def _answer(*lines: bytes, body: bytes = b"", status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


ANSWERS = {
    b"/picture": _answer(b"Content-Type: image/jpeg", b"Content-Length: 304", b'ETag: "a"', body=JPEG),
    b"/page": _answer(b"Content-Type: text/html", b"Content-Length: 15", b"Set-Cookie: a=b", b"Set-Cookie: c=d",
                      body=b"<html></html>\r\n"),
    b"/part": _answer(b"Content-Range: bytes 0-3/304", b"Content-Length: 4", body=JPEG[:4], status=b"206 Part"),
    b"/same": _answer(b'ETag: "a"', status=b"304 Not Modified"),
    b"/none": _answer(b"Content-Length: 4", body=b"gone", status=b"404 Not Found"),
    b"/moved": _answer(b"Location: /picture", b"Content-Length: 0", status=b"302 Found"),
    b"/chunks": _answer(b"Content-Type: text/plain", b"Transfer-Encoding: chunked", body=b"3\r\nabc\r\n0\r\n\r\n"),
    b"/to-the-end": _answer(b"Content-Type: text/plain", body=b"until it closes"),
    b"/nothing": _answer(status=b"204 No Content"),
    b"/empty": _answer(b"Content-Length: 0"),
    b"/untyped": _answer(b"Content-Length: 2", body=b"ok"),
    b"/own-server": _answer(b"Server: theirs", b"Date: yesterday", b"Content-Length: 2", body=b"ok"),
    b"/reserves": _answer(b"X-Robots-Tag: noindex", b"tdm-reservation: 0", b"Content-Length: 2", body=b"ok"),
    b"/private": _answer(b"Cache-Control: private", b"Content-Type: image/jpeg", b"Content-Length: 304", body=JPEG),
    b"/letters": _answer("X-Name: Jörg".encode(), b"Content-Length: 2", body=b"ok"),
    b"/latin": _answer("X-Name: Jörg".encode("latin-1"), b"Content-Length: 2", body=b"ok"),
    b"/large": _answer(b"Content-Type: application/zip", b"Content-Length: 3000000", body=b"z" * 3_000_000),
    b"/short": _answer(b"Content-Length: 99", body=b"too little"),
    b"/early-hints": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + _answer(b"Content-Length: 2", body=b"ok"),
}  # fmt: skip


@dataclass(frozen=True)
class Lane:
    guard: RunningGuard
    upstream: RawUpstream


@pytest.fixture(scope="module")
def lanes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Lane, Lane]]:
    """Two guards that differ in nothing but the lane, each with an upstream of its own."""
    made = []
    for fast in (False, True):
        upstream = RawUpstream(answers=dict(ANSWERS))
        guard = RunningGuard(
            tmp_path_factory.mktemp("guard"),
            {
                "sites": [{"host": "*", "upstream": f"http://127.0.0.1:{upstream.port}"}],
                "rights": {"holder": "Jane Doe"},
                "rules": [
                    {"id": "limited", "when": {"path": "/limited"}, "action": "throttle"},
                    {"id": "asked", "when": {"path": "/asked"}, "action": "challenge"},
                    {"id": "paid", "when": {"path": "/paid"}, "action": "charge"},
                    {"id": "dropped", "when": {"path": "/dropped"}, "action": "drop"},
                    {"id": "gptbot", "when": {"purpose": "ai_training"}, "action": "refuse"},
                    {"id": "all", "when": {}, "action": "allow"},
                ],
                "behaviour": {"decoys": False},
                "workers": 1,
                "fast_lane": fast,
            },
        )
        made.append(Lane(guard, upstream))
    yield made[0], made[1]
    for lane in made:
        assert lane.guard.stop() == 0, "".join(lane.guard.said)
        lane.upstream.stop()


def talk(lane: Lane, *requests: bytes, quiet: float = 0.3) -> bytes:
    """Send requests one after the other, each when the last is answered, and return all that comes back."""
    said = b""
    with connect(lane.guard.port) as client:
        for number, raw in enumerate(requests, 1):
            client.settimeout(10)
            part = b""
            try:
                client.sendall(raw)
                while number == len(requests) or not _is_whole(part, raw):
                    if not (piece := client.recv(1 << 20)):
                        return said + part + _END
                    part += piece
                    client.settimeout(quiet)
            except TimeoutError:
                pass
            except OSError:
                return said + part + _END
            said += part
    return said


def alike(said: bytes) -> bytes:
    """Leave out what two answers to the same question may differ in."""
    return _CODE.sub(b"CODE", _CHANGING.sub(b"", said))


def of(lane: Lane, mark: bytes) -> list[tuple[bytes, list[tuple[bytes, bytes]], bytes]]:
    """Return the requests that the upstream saw; the library asks again where nothing came back."""
    found: list[tuple[bytes, list[tuple[bytes, bytes]], bytes]] = []
    for one in lane.upstream.seen:
        if mark in one.line and (one.line, one.fields, one.body) not in found:
            found.append((one.line, one.fields, one.body))
    return found


def different(
    lanes: tuple[Lane, Lane], requests: tuple[bytes, ...], mark: bytes, *, quiet: float = 0.3, cut: bool = False
) -> str:
    """Return what one lane did otherwise, or nothing; an answer that both `cut` may be cut at different places."""
    full, fast = (alike(talk(lane, *requests, quiet=quiet)) for lane in lanes)
    if cut and not all(_is_whole(one) for one in (full, fast)):
        full, fast = full.removesuffix(_END), fast.removesuffix(_END)
        full = full if not full.startswith(fast) else fast
        fast = fast if not fast.startswith(full) else full
    if full != fast:
        at = next((n for n, (a, b) in enumerate(zip(full, fast, strict=False)) if a != b), min(len(full), len(fast)))
        return f"{full[max(at - 60, 0) : at + 200]!r} {fast[max(at - 60, 0) : at + 200]!r}"
    before, after = (of(lane, mark) for lane in lanes)
    return "" if before == after else f"{before!r} {after!r}"


def _is_whole(said: bytes, request: bytes = b"") -> bool:
    top, _, body = said.removesuffix(_END).partition(b"\r\n\r\n")
    if top and request.startswith(b"HEAD "):
        return True
    length = re.search(rb"\r\nContent-Length: ([0-9]+)", top)
    return bool(top) and (len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n"))


def compare(
    lanes: tuple[Lane, Lane], cases: Mapping[str, tuple[tuple[bytes, ...], bytes]], *, cut: bool = False
) -> str:
    """Send every case, requests and the mark by which the upstream knows them, and return the differences."""

    def one(item: tuple[str, tuple[tuple[bytes, ...], bytes]]) -> str:
        name, (requests, mark) = item
        bad = different(lanes, requests, mark, cut=cut)
        # What came late on a busy machine is not missing.
        return f"{name}: {bad}" if bad and (bad := different(lanes, requests, mark, cut=cut, quiet=3)) else ""

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return "\n\n".join(filter(None, pool.map(one, cases.items())))


def test_both_lanes_treat_ordinary_requests_alike(lanes: tuple[Lane, Lane]):
    """Byte for byte, towards both sides, on connections that are kept open and are used again."""
    plain = [f"GET {path.decode()}" for path in ANSWERS]
    plain += [f"HEAD {path.decode()}" for path in ANSWERS]
    plain += ["GET /plain", "HEAD /plain", "GET /robots.txt", "GET /.well-known/tdmrep.json", "GET /a%2Fb?c=d&e",
              "GET /asked", "GET /limited", "GET /paid", "HEAD /paid", "GET /dropped", "GET /a/../b", "GET //two",
              "GET /%00", "OPTIONS /plain", "DELETE /plain", "POST /plain", "GET /a'b(c)*!~", "GET /x\xe4"]  # fmt: skip
    extras: list[tuple[str, ...]] = [
        (), ("Accept: text/html",), ("Range: bytes=0-3",), ('If-None-Match: "a"',), ("Cookie: a=b; guard_pass=x",),
        ("Connection: close",), ("Connection: keep-alive",), ("Connection: x-foo", "X-Foo: y"),
        ("X-Forwarded-For: 1.2.3.4", "Forwarded: for=1.2.3.4"), ("Accept-Language: de",), ("Expect: 200-ok",),
        ("X-Name: J\xc3\xb6rg",), ("X-Name: J\xf6rg",), ("TE: trailers",), ("Content-Length: 0",), ("X-Empty:",),
    ]  # fmt: skip
    cases = [(line, (), CHROME) for line in plain] + [("GET /picture", extra, CHROME) for extra in extras]
    cases += [(line, (), GPTBOT) for line in ("GET /picture", "GET /page", "HEAD /picture", "GET /robots.txt")]
    marked = {}
    for number, (line, extra, agent) in enumerate(cases):
        method, target = line.split(" ")
        mark = f"case{number}."
        raw = head(target + ("&" if "?" in target else "?") + mark, *extra, method=method, agent=agent, close=False)
        marked[f"{line} {extra} {agent[:12]}"] = (raw, raw, head("/plain?" + mark)), mark.encode()

    assert compare(lanes, marked) == ""
    assert all(lane.upstream.flaws == [] for lane in lanes)


def test_both_lanes_treat_hostile_requests_alike(lanes: tuple[Lane, Lane]):
    """Each raw request of the desync corpus has the same answers and shows the upstream the same requests."""
    marked = {}
    for number, (name, (raw, _)) in enumerate(desync_requests.CASES.items()):
        numbered = re.sub(rb"/(x|next)(?=[ %#])", rb"/\g<1>.%03d" % number, raw)
        marked[name] = (numbered.replace(b"/smuggled", b"/sm.%05d" % number),), b".%03d" % number

    assert compare(lanes, marked) == ""


def test_both_lanes_treat_hostile_answers_alike(lanes: tuple[Lane, Lane]):
    """Each raw answer of the desync corpus reaches the client in the same bytes, or is cut, or is none, in both."""
    marked = {}
    for number, (name, (raw, _)) in enumerate(desync_responses.CASES.items()):
        for lane in lanes:
            lane.upstream.answers[b"/hostile%d." % number] = raw
        marked[name] = (head(f"/hostile{number}."),), b"/hostile%d." % number

    assert compare(lanes, marked, cut=True) == ""


def keep_lines_open(lanes: tuple[Lane, Lane]) -> None:
    """Have the upstream of each lane asked for much at once that leaves the connection open."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for lane in lanes:
            list(pool.map(lambda _, one=lane: talk(one, head("/plain")), range(AT_ONCE * 2)))


def test_both_lanes_treat_hostile_answers_alike_where_nobody_waits(lanes: tuple[Lane, Lane]):
    """The same where an answer passes in one turn of the loop: its version was seen before, and a line is open."""
    marked = {}
    for number, (name, (raw, _)) in enumerate(desync_responses.CASES.items()):
        tagged = raw.replace(b"\r\n", b'\r\nETag: "seen"\r\n', 1)
        for lane in lanes:
            lane.upstream.answers[b"/seen%d." % number] = tagged
        marked[name] = (head(f"/seen{number}."),), b"/seen%d." % number

    for few in (dict(list(marked.items())[at : at + 8]) for at in range(0, len(marked), 8)):
        for _ in range(2):
            keep_lines_open(lanes)
            assert compare(lanes, few, cut=True) == ""


def test_both_lanes_treat_large_answers_alike(lanes: tuple[Lane, Lane]):
    """Also those that the kernel passes on, whole or not."""
    body = bytes(range(256)) * 8000
    lines = (b"Content-Type: application/zip", b'ETag: "seen"')
    sizes = {b"/whole": len(body), b"/early": len(body) + 5, b"/late": len(body) - 5}
    for lane in lanes:
        for path, length in sizes.items():
            lane.upstream.answers[path] = _answer(*lines, b"Content-Length: %d" % length, body=body)
    marked = {path.decode(): ((head(path.decode()),), path) for path in sizes}

    for _ in range(2):
        keep_lines_open(lanes)
        assert compare(lanes, marked, cut=True) == ""
