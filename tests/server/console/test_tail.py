"""The end of a log is told as it grows, and no address with it."""

import asyncio
from pathlib import Path

from guard.server.console.commands import Commands
from guard.server.console.tail import Event, Tail
from tests.support.http import GPTBOT, ask
from tests.support.running import RunningGuard, wait_until


def newest(evidence: Path) -> tuple[int, list[str]]:
    """Return number and commitments of the newest request on record."""
    (one,) = asyncio.run(Commands().last_lines(["evidence", "show", "--json", str(evidence)], 1))
    return int(one["record"]), list(one["fields"]["sd"])


def test_a_request_is_told_with_its_number_and_path_and_then_its_end(console: RunningGuard):
    """By the number under which it can be explained."""
    tail = Tail(console.evidence)
    tail.begin(*newest(console.evidence))
    told: list[Event] = []

    ask(console.port, "/tail.jpg?token=x", agent=GPTBOT)

    def look() -> Event | None:
        told.extend(tail.look())
        return next((one for one in told if "status" in one.said), None)

    end = wait_until(look, 30)
    request = next(one for one in told if one.record == end.record and "path" in one.said)
    assert (request.said["path"], request.said["claimed"], request.said["action"]) == ("/tail.jpg", "GPTBot", "refuse")
    assert end.said["status"] == 403
    assert newest(console.evidence)[0] == request.record
    assert "127.0.0.1" not in repr(told)


def test_what_was_there_before_is_not_told(console: RunningGuard):
    """Also where no record is known to begin with."""
    known, from_nothing = Tail(console.evidence), Tail(console.evidence)

    known.begin(*newest(console.evidence))
    from_nothing.begin(-1, [])

    assert known.look() == []
    assert from_nothing.look() == []
