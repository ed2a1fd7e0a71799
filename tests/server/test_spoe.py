"""HAProxy hears what it may serve itself; whatever else happens, it hears nothing that opens a picture."""

import time
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import Any

import pytest

from guard.cli.evidence import verify_directory
from guard.evidence import record
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves
from tests.server.conftest import Upstreams
from tests.support.http import CHROME, GPTBOT
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.spop import Engine, frame, haproxy_hello, headers, notify

RULES = [
    *PATIENT,
    {"id": "friend", "when": {"path": "/friend.jpg"}, "action": "allow"},
    {
        "id": "some",
        "when": {"path": "/some.jpg"},
        "action": "allow",
        "limit": {"requests": 9, "per": "day"},
    },
    {"id": "slowly", "when": {"path": "/slow"}, "action": "throttle"},
]


@pytest.fixture(scope="module")
def asked(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that HAProxy asks."""
    folder = tmp_path_factory.mktemp("asked")
    running = RunningGuard(
        folder,
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "decisions": {"spoe": f"unix:{folder}/spoe.sock"},
            "rules": RULES,
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)
    assert verify_directory(running.evidence).holds


@pytest.fixture
def engine(asked: RunningGuard) -> Iterator[Engine]:
    """Open a connection that has greeted."""
    opened = Engine(f"{asked.directory}/spoe.sock")
    yield opened
    opened.close()


def question(target: str = "/original.jpg", *, agent: str = CHROME, stream: int = 1, **changes: Any) -> bytes:
    arguments = {
        "method": "GET", "url": target, "version": "1.1", "source": IPv4Address("203.0.113.9"), "port": 4711,
        "tls": True, "headers": headers(host="photo.example", user_agent=agent, accept="*/*"),
    }  # fmt: skip
    return notify(("guard-request", arguments | changes), stream=stream)


def said(engine: Engine, *questions: bytes) -> dict[int, dict[str, Any]]:
    engine.send(b"".join(questions))
    answers = [engine.receive() for _ in questions]
    assert {kind for kind, _, _ in answers} == {103}
    return {stream: variables for _, stream, variables in answers}


def test_a_person_passes_and_the_reservation_is_told(engine: Engine):
    """As variables, one for each line."""
    variables = said(engine, question(stream=77))[77]

    assert variables["passes"] is True
    assert variables["tdm_reservation"] == "1"
    assert "noai" in variables["x_robots_tag"]
    assert "train-ai=n" in variables["content_usage"]


@pytest.mark.parametrize(
    "asked_about",
    [
        question(agent=GPTBOT),
        question("/robots.txt"),
        question("/.well-known/guard/log/checkpoint"),
        question("/slow"),
        question("/some.jpg"),
        question(headers=b"\x04host"),
        question(headers=headers(host="a.example")[:-2] + headers(host="b.example")),
        question("no-path"),
        question(method="GET /"),
        question(url=None),
        question(source="203.0.113.9"),
        notify(("other", {})),
        notify(),
    ],
    ids=["crawler", "robots", "own", "throttle", "limit", "cut", "hosts", "no-path", "method", "url", "source", "other",
         "none"],
)  # fmt: skip
def test_everything_else_goes_through_the_guard(engine: Engine, asked_about: bytes):
    """HAProxy hears nothing of it, also where the question can not be read; the next one is answered."""
    assert said(engine, asked_about) == {1: {}}
    assert said(engine, question(stream=2))[2]["passes"] is True


def test_a_crawler_that_may_pass_is_on_record_before_haproxy_hears_it(engine: Engine, asked: RunningGuard):
    """With who asked; what was sent is not known here."""
    variables = said(engine, question("/friend.jpg", agent="FriendBot/1.0 (+https://friend.example)"))[1]

    assert variables["passes"] is True
    request, end = wait_until(lambda: _recorded(asked, "friend"), 30)
    assert request["asked_by"] == "haproxy"
    assert (end["reason"], end["bytes"]) == ("sent_by_front", 0)


def test_a_thousand_questions_in_one_breath_are_answered(engine: Engine):
    """Each with its own answer, in whatever order."""
    agents = [GPTBOT if number % 3 == 0 else CHROME for number in range(1000)]

    answers = said(engine, *(question(agent=agent, stream=n) for n, agent in enumerate(agents, 1)))

    assert [bool(answers[n]) for n in range(1, 1001)] == [agent == CHROME for agent in agents]


@pytest.mark.parametrize(
    ("bytes_sent", "status"),
    [
        (question(), 4),
        (haproxy_hello() + haproxy_hello(), 4),
        (b"GET / HTTP/1.1\r\n\r\n", 3),
        (haproxy_hello() + frame(0, b"x"), 4),
        (haproxy_hello(size=10), 9),
    ],
    ids=["no-hello", "twice", "http", "fragment", "tiny"],
)
def test_nonsense_ends_one_conversation_and_no_other(
    asked: RunningGuard, engine: Engine, bytes_sent: bytes, status: int
):
    """With a word why."""
    other = Engine(f"{asked.directory}/spoe.sock", greet=False)
    other.send(bytes_sent)
    kinds = []
    while (answer := other.receive())[0]:
        kinds.append(answer)
    other.close()

    assert [kind for kind, _, _ in kinds] in ([102], [101, 102]), "nothing was answered that was asked"
    assert kinds[-1][2]["status-code"] == status
    assert said(engine, question())[1]["passes"] is True


def test_a_healthcheck_is_answered_and_ended(asked: RunningGuard):
    """HAProxy only looks whether somebody is here."""
    other = Engine(f"{asked.directory}/spoe.sock", greet=False)
    other.send(haproxy_hello(healthcheck=True))

    assert [other.receive()[0] for _ in range(2)] == [101, 0]
    other.close()


def test_haproxys_end_is_answered(engine: Engine):
    """And what it asked before that."""
    engine.send(question(source=IPv4Address("203.0.113.200")) + frame(2, b"") + question())

    assert [engine.receive()[0] for _ in range(3)] == [103, 102, 0]


def test_who_says_nothing_is_not_waited_for(asked: RunningGuard):
    """For more than some seconds."""
    other = Engine(f"{asked.directory}/spoe.sock", greet=False)
    began = time.monotonic()

    assert other.receive()[0] == 102
    assert 3 < time.monotonic() - began < 25
    other.close()


def _recorded(guard: RunningGuard, rule: str) -> tuple[Any, Any] | None:
    """Return the request that this rule decided, and its end."""
    found = [record.read(leaf) for _, leaf in leaves(open_folder(guard.evidence))]
    number = next((index for index, one in enumerate(found) if one.fields.get("rule") == rule), None)
    ends = [one.fields for one in found if one.kind == "end" and one.fields["req"] == number]
    return (found[number].fields, ends[0]) if number is not None and ends else None
