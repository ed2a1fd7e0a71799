"""User agents in, JSON lines out: in order, whatever the bytes, and as soon as they come."""

import io
import json
import subprocess
import sys
import time

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.cli.classify import LONGEST_LINE, answer_lines
from guard.cli.judge import find_judge
from guard.core.facts import Kind
from guard.evidence.text import unescape
from tests.support.http import CHATGPT_USER, CHROME, GOOGLEBOT_IMAGE, GPTBOT

PIPELINE = find_judge(None, "").pipeline
ENVIRON = {"PATH": "/usr/bin:/bin", "HOME": "/home/jane"}


def answers(data: bytes, kind: Kind = Kind.IMAGE, pipeline=PIPELINE) -> list[dict[str, object]]:
    out = io.BytesIO()
    answer_lines(io.BytesIO(data), out, pipeline, kind)
    return [orjson.loads(line) for line in out.getvalue().splitlines()]


CASES = {
    "GPTBot": (GPTBOT, "openai-gptbot", "OpenAI", "ai_training", "refuse"),
    "an assistant": (CHATGPT_USER, "openai-chatgpt-user", "OpenAI", "ai_assistant", "preview"),
    "a search engine": (GOOGLEBOT_IMAGE, "google-googlebot-image", "Google", "search_engine", "allow"),
    "a browser": (CHROME, None, None, "browser", "allow"),
    "a bot that nobody knows": ("FooBot/1.0", None, None, "unknown_declared_bot", "refuse"),
    "nothing": ("", None, None, "unknown", "allow"),
}


@pytest.mark.parametrize(("user_agent", "crawler", "operator", "purpose", "action"), CASES.values(), ids=list(CASES))
def test_each_user_agent_is_named_with_what_would_be_done(user_agent, crawler, operator, purpose, action):
    """By the default policy, for a picture of display size."""
    (one,) = answers(user_agent.encode() + b"\n")

    assert one["user_agent"] == user_agent
    assert (one["crawler"], one["operator"], one["purpose"], one["action"]) == (crawler, operator, purpose, action)
    assert one["forged_token"] is False


def test_a_forged_token_is_named():
    """Google-Extended is for robots.txt only."""
    (one,) = answers(b"Mozilla/5.0 (compatible; Google-Extended/1.0)")

    assert (one["forged_token"], one["action"]) == (True, "refuse")


def test_a_robot_that_nobody_knows_may_say_that_it_is_of_the_ai_trade():
    """Its purpose stays what it is: unknown."""
    one, other = answers(b"NewsAI-Bot/1.0\nNewsBot/1.0", Kind.PAGE)

    assert (one["purpose"], one["says_ai"], one["action"]) == ("unknown_declared_bot", True, "refuse")
    assert (other["purpose"], other["says_ai"], other["action"]) == ("unknown_declared_bot", False, "allow")


def test_the_kind_is_the_one_asked_for():
    """An assistant gets pages."""
    assert [one["action"] for one in answers(CHATGPT_USER.encode(), Kind.PAGE)] == ["allow"]


def test_another_policy_answers_otherwise():
    """`open` refuses fewer, `strict` more."""
    actions = [
        answers(CHATGPT_USER.encode(), pipeline=find_judge(None, name).pipeline)[0] for name in ("open", "strict")
    ]

    assert [one["action"] for one in actions] == ["allow", "refuse"]


def test_every_line_has_one_answer_in_order():
    """Empty ones too; CRLF is a line end, the last line may have none, and other line separators are none."""
    agents = ["a", "", "b\u2028c\x0bd", "a", "e"]
    found = answers("a\r\n\nb\u2028c\x0bd\na\r\ne".encode())

    assert [one["user_agent"] for one in found] == agents


@given(st.lists(st.binary(max_size=30).map(lambda one: one.replace(b"\n", b"").rstrip(b"\r")), max_size=6))
def test_any_bytes_come_back(lines):
    """As they are if they are UTF-8, backslashes included, else escaped and marked so; every line is strict JSON."""
    found = answers(b"".join(one + b"\n" for one in lines))
    back = [
        str(unescape(one["user_agent"]) if one.get("escaped") else one["user_agent"]).encode("utf-8", "surrogateescape")
        for one in found
    ]

    assert back == lines
    assert all(bool(one.get("escaped")) == (not _is_utf8(line)) for one, line in zip(found, lines, strict=True))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_a_line_without_end_is_cut():
    """Memory is bounded; the next line is answered as ever."""
    found = answers(b"x" * (5 * LONGEST_LINE) + b"\nGPTBot/1\n")

    assert len(str(found[0]["user_agent"])) == LONGEST_LINE
    assert found[1]["crawler"] == "openai-gptbot"


def test_a_hundred_thousand_lines_take_seconds():
    """Every one different, so that nothing is remembered: measured at 30 µs a line, 150 are allowed."""
    data = b"".join(b"Mozilla/5.0 (X11; Linux x86_64) Chrome/%d Foo%dBot/1.0\n" % (n, n) for n in range(20_000))
    out = io.BytesIO()
    started = time.process_time()
    answer_lines(io.BytesIO(data), out, PIPELINE, Kind.IMAGE)

    assert out.getvalue().count(b"\n") == 20_000
    assert time.process_time() - started < 3


def test_another_program_can_ask_line_by_line():
    """Each answer comes before the next line is sent."""
    with subprocess.Popen(
        [sys.executable, "-m", "guard", "classify"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRON
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for user_agent in ("GPTBot/1.3", CHROME):
            process.stdin.write(user_agent.encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["user_agent"] == user_agent
        process.stdin.close()

        assert process.wait(20) == 0


def test_a_reader_that_has_enough_ends_it_quietly():
    """As in `… | guard classify | head -1`."""
    program = "yes GPTBot/1 | head -200000 | $PYTHON -m guard classify | head -1"
    ended = subprocess.run(
        ["bash", "-c", program], capture_output=True, timeout=60, env={**ENVIRON, "PYTHON": sys.executable}, check=False
    )

    assert ended.stdout.count(b"\n") == 1
    assert ended.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--kind", "pciture"), "--kind 'pciture' is none of page"),
        (("--kind", "imgae"), "did you mean 'image'?"),
        (("--policy", "modrate"), "did you mean 'moderate'?"),
        (("-c", "missing.yaml"), "missing.yaml: there is no such file"),
    ],
)
def test_a_wrong_option_is_told_with_what_was_probably_meant(arguments, says):
    """On standard error; nothing is printed."""
    ended = subprocess.run(
        [sys.executable, "-m", "guard", "classify", *arguments],
        capture_output=True, stdin=subprocess.DEVNULL, timeout=60, env=ENVIRON, check=False,
    )  # fmt: skip

    assert ended.returncode in (1, 2)
    assert says in ended.stderr.decode()
    assert ended.stdout == b""
