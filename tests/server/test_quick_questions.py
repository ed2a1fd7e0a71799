"""What is answered without the HTTP library is answered as the library would, and only what is plain."""

import socket
from collections.abc import Iterator

import pytest

from guard.evidence import record
from guard.server.quick_questions import LARGEST, plain_question
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves
from tests.server.conftest import Upstreams
from tests.support.http import CHROME, GPTBOT, Reply, read_reply
from tests.support.running import PATIENT, RunningGuard, wait_until

PLAIN = b"GET /nginx HTTP/1.1\r\nHost: a\r\nX-Original-URI: /a\r\n\r\n"


@pytest.fixture(scope="module")
def asked(upstreams: Upstreams, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that is asked on a unix socket."""
    folder = tmp_path_factory.mktemp("asked")
    running = RunningGuard(
        folder,
        {
            "sites": [{"host": "photo.example", "upstream": upstreams.good}],
            "rights": {"holder": "Jane Doe"},
            "decisions": {"listen": f"unix:{folder}/asked.sock"},
            "rules": [
                *PATIENT,
                {"id": "slowly", "when": {"path": "/slow"}, "action": "throttle"},
                {"id": "friend", "when": {"path": "/friend.jpg"}, "action": "allow"},
            ],
        },
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


@pytest.fixture
def connection(asked: RunningGuard) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as opened:
        opened.settimeout(30)
        opened.connect(f"{asked.directory}/asked.sock")
        yield opened


def question(
    where: str = "/nginx", target: str = "/original.jpg", *, agent: str = CHROME, address: str = "203.0.113.9"
) -> bytes:
    prefix = "X-Forwarded-" if where == "/forwarded" else "X-Original-"
    told = {"Method": "GET", "URI": target, "Host": "photo.example", "Proto": "https", "For": address}
    lines = "".join(f"{prefix}{name}: {value}\r\n" for name, value in told.items())
    return f"GET {where} HTTP/1.1\r\nHost: d\r\nUser-Agent: {agent}\r\n{lines}\r\n".encode()


def asked_whole(connection: socket.socket, data: bytes) -> Reply:
    connection.sendall(data)
    return read_reply(connection, "GET")


def asked_in_pieces(connection: socket.socket, data: bytes) -> Reply:
    """Ask so that the library has to read it."""
    connection.sendall(data[:20])
    connection.settimeout(0.2)
    with pytest.raises(TimeoutError):
        connection.recv(1)
    connection.settimeout(30)
    connection.sendall(data[20:])
    return read_reply(connection, "GET")


@pytest.mark.parametrize("where", ["/nginx", "/nginx/hand-over", "/forwarded"])
def test_a_person_is_answered_as_the_library_would(connection: socket.socket, where: str):
    """Status, body, and every line but the date and the type of nothing."""
    address = f"198.51.100.{len(where)}"
    asked_whole(connection, question(where, address=address))  # the library may not have begun to wait yet
    quick = asked_whole(connection, question(where, address=address))
    slow = asked_in_pieces(connection, question(where, address=address))

    assert (quick.status, quick.body) == (slow.status, slow.body) == (200, b"")
    left_out = {"date", "content-type"}
    lines = [{(n.lower(), v) for n, v in one.lines if n.lower() not in left_out} for one in (quick, slow)]
    assert lines[0] == lines[1]
    assert not quick.get("Date"), "else both came from the library"
    assert slow.get("Date")


def test_one_connection_asks_about_people_and_crawlers_in_turn(connection: socket.socket):
    """Each gets its own answer, the one at once and the other by the library."""
    found = []
    for agent, target in (
        (CHROME, "/a"),
        (GPTBOT, "/a.jpg"),
        (CHROME, "/b"),
        (CHROME, "/slow"),
        (CHROME, "/robots.txt"),
    ):
        reply = asked_whole(connection, question(target=target, agent=agent))
        found.append((reply.status, reply.get("Guard-Status"), reply.get("Guard-Rule")))

    assert found == [
        (200, "200", "default"),
        (403, "403", "training-refused"),
        (200, "200", "default"),
        (403, "429", "slowly"),
        (200, "200", "reservation"),
    ]


def test_a_crawler_that_is_let_through_is_on_record(asked: RunningGuard, connection: socket.socket):
    """It is no visitor who is only counted: its answer waits for the record."""
    asked_whole(connection, question())
    reply = asked_whole(connection, question(target="/friend.jpg", agent="FriendBot/1.0 (+https://friend.example)"))

    assert (reply.status, reply.get("Guard-Rule")) == (200, "friend")
    records = [record.read(leaf) for _, leaf in leaves(open_folder(asked.evidence))]
    assert [one.kind for one in records if one.fields.get("rule") == "friend"] == ["req"]


def test_two_questions_in_one_breath_are_answered_in_order(connection: socket.socket):
    """A front server does not do that; whoever does gets both answers."""
    connection.sendall(question(agent=GPTBOT) + question())

    assert [read_reply(connection, "GET").status for _ in range(2)] == [403, 200]


def test_a_question_without_what_it_needs_is_refused(connection: socket.socket):
    """As the library's way has it."""
    reply = asked_whole(connection, b"GET /nginx HTTP/1.1\r\nHost: d\r\n\r\n")

    assert (reply.status, reply.get("Guard-Status")) == (403, "400")


def test_every_visitor_is_counted_once(asked: RunningGuard, connection: socket.socket):
    """Whichever way the question went."""
    from urllib.request import urlopen

    def counted() -> float:
        with urlopen(asked.admin + "/metrics", timeout=10) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith("guard_requests_total{"))

    before = counted()
    for data in (question(), question(agent=GPTBOT), question(target="/c")):
        asked_whole(connection, data)

    wait_until(lambda: counted() - before >= 3 or None, 30)
    assert counted() - before == 3


@pytest.mark.parametrize(
    "data",
    [
        PLAIN[:-1],
        PLAIN + b"GET",
        PLAIN + PLAIN,
        PLAIN.replace(b"GET", b"POST"),
        PLAIN.replace(b"1.1", b"1.0"),
        PLAIN.replace(b"/nginx", b"/application"),
        PLAIN.replace(b"/nginx", b"/nginx?a"),
        PLAIN.replace(b"Host: a", b"Host : a"),
        PLAIN.replace(b"Host: a", b" Host: a"),
        PLAIN.replace(b"Host: a", b"Host"),
        PLAIN.replace(b"Host: a", b"Host: a\nX: b"),
        PLAIN.replace(b"Host: a", b"Host: a\rX: b"),
        PLAIN.replace(b"Host: a", b"Host: a\x00"),
        PLAIN.replace(b"Host: a", b"Content-Length: 3"),
        PLAIN.replace(b"Host: a", b"Content-Length: +0"),
        PLAIN.replace(b"Host: a", b"Transfer-Encoding: chunked"),
        PLAIN.replace(b"Host: a", b"Connection: close"),
        PLAIN.replace(b"Host: a", b"Upgrade: websocket"),
        PLAIN.replace(b"Host: a", b"Expect: 100-continue"),
        PLAIN.replace(b"Host: a", b"X: " + b"a" * LARGEST),
        b"",
        b"\r\n\r\n",
    ],
)
def test_what_is_not_quite_plain_is_the_librarys(data: bytes):
    """Even where one could guess what is meant."""
    assert plain_question(data) is None


def test_a_plain_question_is_read():
    """Which front asks, and each line as it came."""
    found = plain_question(PLAIN.replace(b"Host: a", b"Host:\ta \r\nX-\xff: b".replace(b"X-\xff", b"X-Y")))

    assert found is not None
    assert found[0].name == "nginx"
    assert found[1] == (("Host", "a"), ("X-Y", "b"), ("X-Original-URI", "/a"))
    assert found[2] == 2


@pytest.mark.parametrize("line", [b"x-original-uri: /b", b"X-Original-Uri:/b", b"X-ORIGINAL-URI:"])
@pytest.mark.parametrize("before", [True, False])
def test_a_target_that_is_told_twice_is_the_librarys(line: bytes, before: bool):
    """It refuses it; the first is not simply taken."""
    lines = [b"X-Original-URI: /a", line]
    data = PLAIN.replace(b"X-Original-URI: /a", b"\r\n".join(lines if before else lines[::-1]))

    assert data.lower().count(b"x-original-uri") == 2
    assert plain_question(data) is None


def test_lines_that_come_again_are_not_mixed_up():
    """Two visitors who differ in one line ask for the same in turn."""
    for _ in range(2):
        for name in (b"a", b"b"):
            for path in (b"/1", b"/2?x"):
                found = plain_question(PLAIN.replace(b"Host: a", b"Host: " + name).replace(b"URI: /a", b"URI: " + path))
                assert found is not None
                assert found[1] == (("Host", name.decode()), ("X-Original-URI", path.decode()))
