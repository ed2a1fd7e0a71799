"""Are the lines of the guard's log read whole, and counted for the right client?"""

import json
from pathlib import Path

import pytest

from guard.demo.log import LogLine, LogTail, decisions, read_line, telling

LINE = {
    "at": "2026-11-22T10:00:00Z",
    "site": "127.0.0.1",
    "method": "GET",
    "path": "/a.jpg",
    "status": 403,
    "bytes": 12,
    "purpose": "ai_training",
    "operator": "OpenAI",
    "crawler": "openai-gptbot",
    "claimed": "GPTBot",
    "identity": "unknown",
    "conduct": "clean",
    "action": "refuse",
    "rule": "training-refused",
    "because": "It is reserved.",
    "kind": "image",
    "rendition": "",
}


def line(action: str, kind: str = "image") -> LogLine:
    return read_line(json.dumps({**LINE, "action": action, "kind": kind}).encode())


def test_only_what_is_new_and_finished_is_read(tmp_path: Path) -> None:
    """Old lines are not the next client's, and half a line waits for its other half."""
    file = tmp_path / "access.log"
    whole = json.dumps(LINE).encode() + b"\n"
    file.write_bytes(whole)
    tail = LogTail(file)

    with file.open("ab") as log:
        log.write(whole + whole[:30])
    first = tail.read()
    with file.open("ab") as log:
        log.write(whole[30:])
    second = tail.read()

    assert [len(first), len(second), len(tail.read())] == [1, 1, 0]
    assert second[0] == line("refuse")


def test_a_log_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    """The guard makes its log when it has something to say."""
    tail = LogTail(tmp_path / "access.log")

    assert tail.read() == ()


@pytest.mark.parametrize("text", [b"\n", b"{}\n", b"[1]\n", b"not json\n"])
def test_a_line_that_is_none_is_an_error(text: bytes) -> None:
    """What is not a line of this log is said, not skipped."""
    with pytest.raises(ValueError, match=r"log|JSON|Expecting"):
        read_line(text)


def test_decisions_are_counted_from_mild_to_hard() -> None:
    """The counts are the client's lines by action; an unknown action comes last."""
    lines = [line(action) for action in ("refuse", "allow", "surprise", "refuse", "preview")]

    assert decisions(lines) == (("allow", 1), ("preview", 1), ("refuse", 2), ("surprise", 1))


def test_the_telling_line_is_the_hardest_about_a_picture() -> None:
    """What happened to a picture tells more than what happened to a page."""
    lines = [line("allow", "page"), line("refuse", "page"), line("refuse", "original"), line("allow", "image")]

    assert telling(lines) == lines[2]
    assert telling([]) is None
