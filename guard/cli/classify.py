"""Whom does each user agent name, and what would be done about it?

User agents on standard input, one a line; one JSON object a line on standard output, in the
same order. Works as a pipe: whatever has come is answered before more is waited for, so
another program can ask line by line.
"""

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

import orjson

from guard.cli.judge import choose, find_judge
from guard.core.classification import HardFact
from guard.core.facts import AddressSource, ClientAddress, Kind, KindSource, RequestFacts, ResponseFacts
from guard.core.pipeline import Pipeline
from guard.core.policy import Decision
from guard.evidence.text import escape

LONGEST_LINE: Final = 1 << 20
"""Bytes; the rest of a longer line is dropped. Only its first 512 characters are looked at anyway."""

REMEMBERED: Final = 20_000
_READ: Final = 1 << 16

_REQUEST: Final = {
    "at": datetime(1970, 1, 1, tzinfo=UTC), "site": "", "scheme": "https", "authority": "", "host": "", "method": "GET",
    "target": "/picture.jpg", "path": "/picture.jpg", "version": "1.1",
    "client": ClientAddress(address=None, port=0, source=AddressSource.PEER, peer=""),
}  # fmt: skip


def answer_lines(source: BinaryIO, sink: BinaryIO, pipeline: Pipeline, kind: Kind) -> None:
    """Answer every line of `source`; what is asked for is a GET of a resource of `kind`."""
    answer = answering(pipeline, kind)
    known: dict[bytes, bytes] = {}
    for lines in batches(source):
        for line in lines:
            found = known.get(line)
            if found is None:
                found = answer(line)
                if len(known) < REMEMBERED and len(line) < 2048:
                    known[line] = found
            sink.write(found)
        sink.flush()


def answering(pipeline: Pipeline, kind: Kind) -> Callable[[bytes], bytes]:
    """Return what turns one user agent into one line of JSON."""
    seen = ResponseFacts(kind=kind, source=KindSource.RESPONSE)

    def answer(line: bytes) -> bytes:
        user_agent = line.decode("utf-8", "surrogateescape")
        facts = RequestFacts(headers=(("User-Agent", user_agent),), **_REQUEST)  # type: ignore[arg-type]
        who = pipeline.classify(facts)
        decision = pipeline.decide(facts, who, seen)
        assert isinstance(decision, Decision)  # noqa: S101  # with response facts there is always a decision
        value: dict[str, Any] = {
            "user_agent": user_agent,
            "crawler": who.crawler.id if who.crawler else None,
            "operator": who.operator or None,
            "purpose": who.purpose,
            "claimed": who.claimed,
            "forged_token": HardFact.FORGED_TOKEN in who.facts,
            "says_ai": HardFact.SAYS_AI in who.facts,
            "action": decision.action,
            "rule": decision.rule,
        }
        try:
            return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
        except orjson.JSONEncodeError:  # bytes that are not UTF-8
            return orjson.dumps(
                {**value, "user_agent": escape(user_agent), "escaped": True}, option=orjson.OPT_APPEND_NEWLINE
            )

    return answer


def batches(source: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines of `source`, without their ends, as soon as they are there; LF or CRLF ends one."""
    read = getattr(source, "read1", source.read)
    rest = b""
    while data := read(_READ):
        *lines, rest = (rest + data).split(b"\n")
        if len(rest) > 2 * LONGEST_LINE:
            rest = rest[:LONGEST_LINE]
        if lines:
            yield [line[:LONGEST_LINE].removesuffix(b"\r") for line in lines]
    if rest:
        yield [rest[:LONGEST_LINE].removesuffix(b"\r")]


def classify(*, config: Path | None, policy: str, kind: str) -> None:
    """Answer standard input on standard output, for a GET of a resource of `kind`.

    Raises:
        GuardError: The rules can not be read, or there is no such kind.
    """
    chosen = choose("--kind", kind, Kind)
    pipeline = find_judge(config, policy).pipeline
    if sys.stdin.isatty():
        print("guard: one user agent a line, please; Ctrl-D ends it", file=sys.stderr)  # noqa: T201
    answer_lines(sys.stdin.buffer, sys.stdout.buffer, pipeline, chosen)
