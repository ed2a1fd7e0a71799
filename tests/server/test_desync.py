"""Can a request be hidden in another one, or an answer in another one?

Two corpora of raw bytes, each case with what is to become of it. The upstream is a strict reader that notes whatever it
would not have sent itself.
"""

import re
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support import desync_requests, desync_responses
from tests.support.desync_requests import EITHER, REFUSED
from tests.support.desync_responses import BODY, BROKEN, CUT, FAILED, WHOLE
from tests.support.raw_upstream import PLAIN, RawUpstream
from tests.support.running import RunningGuard

AT_ONCE = 12
QUIET = 0.4
"""Seconds after which nothing more is coming."""


@pytest.fixture(scope="module", params=[False, True], ids=["full lane", "fast lane"])
def fast_lane(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(scope="module")
def upstream(fast_lane: bool) -> Iterator[RawUpstream]:
    made = RawUpstream()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def guard(upstream: RawUpstream, fast_lane: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    running = RunningGuard(
        tmp_path_factory.mktemp("guard"),
        {
            "sites": [{"host": "*", "upstream": f"http://127.0.0.1:{upstream.port}"}],
            "rights": {"holder": "Jane Doe"},
            "rules": [{"id": "all", "when": {}, "action": "allow"}],
            "workers": 1,
            "fast_lane": fast_lane,
        },
    )
    yield running
    running.stop()


class Replies:
    """The answers on one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._data = b""
        self.ended = False

    def next(self, *, bodiless: bool = False) -> tuple[int, bytes, bytes, bool] | None:
        """Return status, head, body and whether it is whole; None where there is none. HEAD is answered `bodiless`."""
        while b"\r\n\r\n" not in self._data:
            if not self._more():
                return None
        head, _, self._data = self._data.partition(b"\r\n\r\n")
        status = int(head[9:12])
        if bodiless or status in (204, 304):
            return status, head, b"", True
        length = re.search(rb"\r\ncontent-length: ([0-9]+)(?:\r\n|$)", head.lower())
        if length is not None:
            while len(self._data) < int(length[1]) and self._more():
                pass
            body, self._data = self._data[: int(length[1])], self._data[int(length[1]) :]
            return status, head, body, len(body) == int(length[1])
        if b"\r\ntransfer-encoding: chunked" in head.lower():
            return status, head, *self._chunked()
        while self._more():
            pass
        body, self._data = self._data, b""
        return status, head, body, True

    def _chunked(self) -> tuple[bytes, bool]:
        body = b""
        while True:
            while b"\r\n" not in self._data:
                if not self._more():
                    return body, False
            size, _, self._data = self._data.partition(b"\r\n")
            count = int(size, 16)
            while len(self._data) < count + 2:
                if not self._more():
                    return body, False
            body, self._data = body + self._data[:count], self._data[count + 2 :]
            if count == 0:
                return body, True

    def _more(self) -> bool:
        try:
            piece = self._connection.recv(65536)
        except OSError:
            piece = b""
        self.ended = not piece
        self._data += piece
        return bool(piece)


def statuses_for(port: int, raw: bytes) -> list[int]:
    """Return the statuses of all that comes back."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        replies, found = Replies(connection), []
        try:
            connection.sendall(raw)
        except OSError:
            return []
        while (one := replies.next(bodiless=raw.startswith(b"HEAD ") and not found)) is not None:
            found.append(one[0])
            if one[0] >= 400:
                break  # and the connection is closed
            connection.settimeout(QUIET)
        return found


def test_no_request_is_hidden_in_another(guard: RunningGuard, upstream: RawUpstream):
    """What is ambiguous is refused; what is sent on is well-formed; what was hidden is never seen as a request."""
    cases = list(desync_requests.CASES.items())

    def send(number: int) -> list[int]:
        raw = cases[number][1][0].replace(b"/smuggled", b"/sm%06d" % number)
        return statuses_for(guard.port, re.sub(rb"/(x|next)(?=[ %#])", rb"/\g<1>%d" % number, raw))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(send, range(len(cases))))
    wrong = []
    for number, ((name, (_, want)), statuses) in enumerate(zip(cases, answers, strict=True)):
        seen = [one.line for one in upstream.seen if re.search(rb"/(x|next)%d[ %%#]" % number, one.line)]
        hidden = any(b"/sm%06d" % number in one.line for one in upstream.seen)
        good = not seen and not any(200 <= status < 300 for status in statuses)
        if hidden or not (want == EITHER or (good if want == REFUSED else want == len(seen) == statuses.count(200))):
            wrong.append((name, want, len(seen), statuses, hidden))

    assert len(cases) >= 300
    assert wrong == []
    assert upstream.flaws == []


def test_no_answer_is_hidden_in_another(guard: RunningGuard, upstream: RawUpstream):
    """Nor does a bad answer to one spoil the next one's on the same connection."""
    cases = list(desync_responses.CASES.items())
    for number, (_, (raw, _)) in enumerate(cases):
        upstream.answers[b"/answer%d" % number] = raw
    upstream.answers[b"/after"] = PLAIN.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")

    def ask(number: int) -> tuple[str, bytes, str]:
        with socket.create_connection(("127.0.0.1", guard.port), timeout=10) as connection:
            replies = Replies(connection)
            connection.sendall(b"GET /answer%d HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8\r\n\r\n" % number)
            first = replies.next()
            if first is None:
                return CUT, b"", ""
            status, head, body, whole = first
            kind = (
                FAILED
                if status in (502, 504)
                else CUT
                if not whole
                else WHOLE
                if body == BODY
                else f"{status} {body!r}"
            )
            if replies.ended:
                return kind, head, ""
            try:
                connection.sendall(b"GET /after HTTP/1.1\r\nHost: a\r\nUser-Agent: curl/8\r\n\r\n")
            except OSError:
                return kind, head, ""
            after = replies.next()
            return kind, head, "" if after is None or after[2] == b"ok" else f"then {after[0]} {after[2]!r:.80}"

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(ask, range(len(cases))))
    meant = {WHOLE: {WHOLE}, FAILED: {FAILED}, CUT: {CUT}, BROKEN: {FAILED, CUT}}
    wrong = []
    for (name, (_, want)), (kind, head, after) in zip(cases, answers, strict=True):
        injected = b"\r\nx-injected" in head.lower() or b" 299 " in head
        told = kind in meant[want] if want in meant else not kind.startswith("200")
        if injected or after or not told:
            wrong.append((name, want, kind, after, injected))

    assert len(cases) >= 150
    assert wrong == []
    assert "Traceback" not in "".join(guard.said), "".join(guard.said)[-6000:]
