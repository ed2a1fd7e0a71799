"""What `deploy/` gives away works with the real servers, and nobody gets round it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fronts import DEPLOY, Places, free_port, front, nginx, running, visit
from tests.support.http import CHATGPT_USER, GPTBOT, Reply, ask
from tests.support.running import PATIENT, RunningGuard, wait_until
from tests.support.upstream import PICTURES

ORIGINAL = PICTURES["/original.jpg"]

IN_FRONT = (
    "nginx/guard.conf", "caddy/guard.Caddyfile", "traefik/guard.yaml", "haproxy/guard.cfg", "apache/guard.conf",
    "varnish/front.vcl",
)  # fmt: skip
ASKING = ("nginx/ask.conf", "caddy/ask.Caddyfile", "traefik/ask.yaml")
HANDING_OVER = ("nginx/hand-over.conf", "haproxy/ask.cfg")
BYTES_ONLY = ("haproxy/proxy-protocol.cfg", "nginx/proxy-protocol.conf")
ALL = (*IN_FRONT, *ASKING, *HANDING_OVER, *BYTES_ONLY)


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A gallery of files that finds a picture however its address is written."""
    folder, port = tmp_path_factory.mktemp("gallery"), free_port()
    site = folder / "site"
    for path in ("/original.jpg", "/album/original.jpg", "/by-address", "/slowly"):
        (site / path[1:]).parent.mkdir(parents=True, exist_ok=True)
        (site / path[1:]).write_bytes(ORIGINAL)
    server = f"server {{ listen 127.0.0.1:{port}; root {site}; }}"
    with running(nginx(folder, server), folder, port):
        yield port


RULES = [
    *PATIENT,
    {"id": "friend", "when": {"network": "198.51.100.7/32"}, "action": "allow"},
    {"id": "by-address", "when": {"network": "127.0.0.2/32", "path": "/by-address"}, "action": "charge"},
    {"id": "slowly", "when": {"path": "/slowly"}, "action": "throttle"},
]


def configuration(gallery: int, decisions: dict[str, object]) -> dict[str, object]:
    return {
        "sites": [{"host": "photo.example", "upstream": f"http://127.0.0.1:{gallery}"}],
        "rights": {"holder": "Jane Doe", "contact": "rights@photo.example"},
        "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.1/32"]},
        "decisions": decisions,
        "rules": RULES,
    }


@pytest.fixture(scope="module")
def guard(gallery: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard that is asked on a unix socket."""
    folder = tmp_path_factory.mktemp("guard")
    running = RunningGuard(
        folder, configuration(gallery, {"listen": f"unix:{folder}/decisions.sock", "spoe": f"unix:{folder}/spoe.sock"})
    )
    yield running
    assert running.stop() == 0, "".join(running.said)


@pytest.fixture(scope="module")
def told_before(gallery: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start one that is told who has connected before the first byte of HTTP."""
    told = {"client_ip": {"from": "proxy_protocol", "trusted": ["127.0.0.1/32"]}}
    running = RunningGuard(tmp_path_factory.mktemp("guard"), {**configuration(gallery, {"listen": "off"}), **told})
    yield running
    assert running.stop() == 0, "".join(running.said)


@pytest.fixture(scope="module")
def at_an_address(gallery: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGuard, int]]:
    """Start one that is asked at an address; Traefik can not ask on a socket."""
    port = free_port()
    decisions: dict[str, object] = {"listen": f"127.0.0.1:{port}", "trusted": ["127.0.0.1/32"]}
    running = RunningGuard(tmp_path_factory.mktemp("guard"), configuration(gallery, decisions))
    yield running, port
    assert running.stop() == 0, "".join(running.said)


@pytest.fixture(scope="module", params=ALL)
def at(
    request: pytest.FixtureRequest, gallery: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, int]]:
    """Run one front; return which and its port."""
    if request.param == "traefik/ask.yaml":
        running, port = request.getfixturevalue("at_an_address")
        places = Places(guard=running.port, decisions=f"127.0.0.1:{port}", gallery=gallery)
    elif request.param in BYTES_ONLY:
        places = Places(guard=request.getfixturevalue("told_before").port, decisions="", gallery=gallery)
    else:
        running = request.getfixturevalue("guard")
        places = Places(
            guard=running.port, decisions=f"unix:{running.directory}/decisions.sock", gallery=gallery,
            spoe=f"unix@{running.directory}/spoe.sock",
        )  # fmt: skip
    with front(request.param, tmp_path_factory.mktemp("front"), places) as port:
        wait_until(
            lambda: visit(port, "/original.jpg").status == 200 or None,
            10,
            lambda: str(visit(port, "/original.jpg"))[:900],
        )
        yield request.param, port


def test_a_person_gets_the_picture_as_it_is_with_the_reservation(at: tuple[str, int]):
    """Every byte, and every line once."""
    _, port = at

    reply = visit(port, "/original.jpg")

    assert (reply.status, reply.body == ORIGINAL) == (200, True)
    assert reply.all("tdm-reservation") == ["1"]
    assert reply.all("tdm-policy") == ["https://photo.example/.well-known/guard/terms"]
    assert "noai" in ", ".join(reply.all("X-Robots-Tag"))
    assert "noarchive" in ", ".join(reply.all("X-Robots-Tag"))
    assert "train-ai=n" in reply.get("Content-Usage")


def test_a_training_crawler_is_refused(at: tuple[str, int]):
    """With the reservation and a code that finds the record, by every front."""
    _, port = at

    reply = visit(port, "/original.jpg", ("Accept", "image/*"), agent=GPTBOT)

    assert reply.status == 403
    assert ORIGINAL[600:1200] not in reply.body
    assert reply.get("Guard-Reference")
    assert reply.get("tdm-reservation") == "1"


def test_the_body_of_the_refusal_arrives_but_for_the_one_that_drops_it(at: tuple[str, int]):
    """A licence card where a picture was asked for."""
    name, port = at

    reply = visit(port, "/original.jpg", ("Accept", "image/*"), agent=GPTBOT)

    assert reply.get("Content-Type").startswith("image/") == (name != "nginx/ask.conf")


def test_the_visitors_address_is_the_visitors(at: tuple[str, int]):
    """A rule for its network holds, whatever it says of itself."""
    _, port = at
    forged = tuple(
        (name, value)
        for name in ("X-Forwarded-For", "X-Real-IP", "X-Original-For", "Forwarded", "X-Client-IP")
        for value in (("for=198.51.100.7",) if name == "Forwarded" else ("198.51.100.7",))
    )

    assert visit(port, "/by-address").status == 402
    assert visit(port, "/by-address", *forged).status == 402
    assert visit(port, "/original.jpg", *forged, agent=GPTBOT).status == 403


def test_status_and_waiting_time_of_a_limit_arrive(at: tuple[str, int]):
    """Also through nginx, which knows only 403."""
    _, port = at

    reply = visit(port, "/slowly")

    assert reply.status == 429
    assert int(reply.get("Retry-After")) >= 1


STORIES = (
    ("X-Original-URI", "/robots.txt"), ("X-Original-Method", "OPTIONS"), ("X-Original-Host", "other.example"),
    ("X-Forwarded-Uri", "/robots.txt"), ("X-Forwarded-Method", "OPTIONS"), ("X-Forwarded-Host", "other.example"),
    ("X-Forwarded-Proto", "https"), ("X-Original-Type", "text/html"), ("X-Rewrite-URL", "/robots.txt"),
    ("Guard-Action", "allow"), ("Guard-Status", "200"), ("Connection", "close, X-Original-URI, X-Forwarded-Uri"),
)  # fmt: skip


@pytest.mark.parametrize("line", STORIES, ids=[f"{name}-{number}" for number, (name, _) in enumerate(STORIES)])
def test_no_line_of_a_visitors_own_opens_anything(at: tuple[str, int], line: tuple[str, str]):
    """What the guard is told comes from the front alone."""
    _, port = at

    reply = visit(port, "/original.jpg", line, agent=GPTBOT)

    assert reply.status in (400, 403)
    assert ORIGINAL[600:1200] not in reply.body


SPELLINGS = (
    "//original.jpg", "/album/../original.jpg", "/album/%2e%2e/original.jpg", "/%6frigin%61l.jpg", "/original%2ejpg",
    "/album%2foriginal.jpg", "/album%2Foriginal.jpg", "/album%252foriginal.jpg", "/./original.jpg",
    "/original.jpg?x=.css", "/original.jpg#.css", "/original.jpg/", "/original.jpg;x=.css",
    "/original.jpg%00.css", "/original.jpg%20",
    "/ORIGINAL.JPG", "/album/\\original.jpg", "/album\\..\\original.jpg", "http://photo.example/original.jpg",
    "http://other.example/original.jpg", "/robots.txt/../original.jpg", "/robots.txt%2f..%2foriginal.jpg",
    "/.well-known/guard/../../original.jpg", "/.well-known/guard/%2e%2e/%2e%2e/original.jpg",
    "/robots.txt/original.jpg",
    "/guard-decision/../original.jpg", "/.well-known/guard/..%2f..%2foriginal.jpg",
)  # fmt: skip


@pytest.mark.parametrize("target", SPELLINGS)
def test_no_spelling_of_the_address_opens_a_picture(at: tuple[str, int], target: str):
    """The gallery behind finds it under most of them, as a person shows."""
    _, port = at

    reply = visit(port, target, agent=GPTBOT)

    assert ORIGINAL[600:1200] not in reply.body, (reply.status, target)


def test_some_of_these_spellings_do_open_it_for_a_person(at: tuple[str, int]):
    """Else the test above would show nothing."""
    _, port = at

    opened = [target for target in SPELLINGS if visit(port, target).body == ORIGINAL]

    assert {"/%6frigin%61l.jpg", "/original%2ejpg", "/original.jpg?x=.css"} <= set(opened)


@pytest.mark.parametrize("method", ["HEAD", "POST", "OPTIONS", "DELETE"])
def test_another_method_opens_nothing_either(at: tuple[str, int], method: str):
    """Some servers answer POST for a file with the file."""
    _, port = at

    assert ORIGINAL[600:1200] not in visit(port, "/original.jpg", method=method, agent=GPTBOT).body
    assert visit(port, "/original.jpg", method="HEAD").status == 200


def test_the_reservation_is_the_guards_own(at: tuple[str, int]):
    """Also where the front serves the site itself, and whoever asks."""
    _, port = at

    for path in ("/robots.txt", "/.well-known/tdmrep.json", "/.well-known/guard/terms"):
        reply = visit(port, path, agent=GPTBOT)
        assert (path, reply.status, bool(reply.body)) == (path, 200, True)
    assert b"GPTBot" in visit(port, "/robots.txt").body


def test_what_can_only_be_done_to_the_bytes_is_done_where_they_pass(at: tuple[str, int]):
    """An assistant gets a preview through the guard, and nothing where it is only asked."""
    name, port = at

    reply = visit(port, "/original.jpg", agent=CHATGPT_USER)

    if name in ASKING:
        assert reply.status == 403
    else:
        assert reply.status == 200
        assert len(reply.body) > 1000
        assert reply.body != ORIGINAL
    assert ORIGINAL[600:1200] not in reply.body


@pytest.mark.parametrize("name", ["nginx/ask.conf", "nginx/hand-over.conf", "haproxy/ask.cfg", "caddy/ask.Caddyfile"])
def test_people_are_served_while_the_guard_is_away(name: str, gallery: int, tmp_path: Path):
    """As these configurations say, until somebody takes that out."""
    nobody = Places(
        guard=free_port(),
        decisions=f"unix:{tmp_path}/nobody.sock",
        gallery=gallery,
        spoe=f"unix@{tmp_path}/nobody.sock",
    )

    with front(name, tmp_path, nobody) as port:
        reply = visit(port, "/original.jpg")

    assert (reply.status, reply.body == ORIGINAL) == (200, True)


def test_a_cache_behind_the_guard_keeps_nothing_for_the_next(gallery: int, tmp_path: Path):
    """Varnish answers from its memory, and everybody still gets what is decided for them."""
    (tmp_path / "varnish").mkdir()
    (tmp_path / "guard").mkdir()
    with front("varnish/behind.vcl", tmp_path / "varnish", Places(guard=0, decisions="", gallery=gallery)) as port:
        guard = RunningGuard(tmp_path / "guard", configuration(port, {"listen": "off"}))
        try:

            def look(agent: str) -> Reply:
                return ask(guard.port, "/original.jpg", ("X-Forwarded-For", "203.0.113.9"), agent=agent)

            person, preview, refused, again = look(""), look(CHATGPT_USER), look(GPTBOT), look("")
        finally:
            guard.stop()

    assert [one.status for one in (person, preview, refused, again)] == [200, 200, 403, 200]
    assert person.body == again.body == ORIGINAL
    assert ORIGINAL[600:1200] not in preview.body + refused.body
    assert int(again.get("Age") or "0") >= 0
    assert len(again.get("X-Varnish").split()) == 2, "this one came from the cache"


def test_every_file_of_deploy_for_a_front_is_tried_and_named():
    """What nobody tries is soon wrong."""
    folders = ("nginx", "caddy", "traefik", "haproxy", "apache", "varnish")
    there = {str(file.relative_to(DEPLOY)) for folder in folders for file in (DEPLOY / folder).iterdir()}

    assert there == {*ALL, "varnish/behind.vcl", "haproxy/ask-spoe.cfg"}
    assert all(f"`{name}`" in (DEPLOY / "README.md").read_text("utf-8") for name in there)
