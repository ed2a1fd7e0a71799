"""Each gallery program behind its profile: pictures are protected, its own clients and its login are left alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.gallery_apps import APPS, FULL, Own, picture, serving
from tests.support.http import CHATGPT_USER, CHROME, GPTBOT, Reply, ask
from tests.support.running import RunningGuard

IMG2DATASET = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:72.0) Gecko/20100101 Firefox/72.0 (compatible; img2dataset)"
PICTURES = [(name, target) for name, app in APPS.items() for target in app.public]
CLIENTS = [(name, own) for name, app in APPS.items() for own in app.own]
LOGINS = [(name, target) for name, app in APPS.items() for target in app.login]


def from_(source: str) -> tuple[str, str]:
    return "X-Forwarded-For", source


def configuration(upstream: str) -> dict[str, object]:
    return {
        "sites": [
            {"host": f"{name}.example", "upstream": upstream, "profile": app.profile or name}
            for name, app in APPS.items()
        ],
        "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.1/32"]},
        "behaviour": {"learning_days": 0},
    }


@pytest.fixture(scope="module")
def upstream() -> Iterator[str]:
    """All programs, told apart by the name of their site."""
    yield from serving()


@pytest.fixture(scope="module")
def guard(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start a guard of which the learning week is over."""
    running = RunningGuard(tmp_path_factory.mktemp("guard"), configuration(upstream))
    yield running
    assert running.stop() == 0, "".join(running.said)


@pytest.fixture(scope="module")
def severe(upstream: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """Start one that asks everybody for a cookie before any page."""
    folder: Path = tmp_path_factory.mktemp("severe")
    everybody = {"id": "everybody", "when": {"kind": ["page", "other"]}, "action": "challenge"}
    rules = [everybody, {"id": "default", "action": "allow"}]
    (folder / "severe.yaml").write_text(yaml.safe_dump({"name": "severe", "about": "Asks.", "rules": rules}))
    running = RunningGuard(folder, {**configuration(upstream), "policy": str(folder / "severe.yaml")})
    yield running
    assert running.stop() == 0, "".join(running.said)


@pytest.mark.parametrize(("name", "target"), PICTURES)
@pytest.mark.parametrize("agent", [GPTBOT, IMG2DATASET], ids=["GPTBot", "img2dataset"])
def test_no_size_of_a_picture_is_for_data_sets(guard: RunningGuard, name: str, target: str, agent: str):
    """Whatever its address looks like, shared links and downloads included."""
    reply = ask(guard.port, target, from_("198.51.100.3"), agent=agent, host=f"{name}.example")

    assert reply.status == 403
    assert picture(APPS[name].public[target])[700:1400] not in reply.body


@pytest.mark.parametrize(("name", "target"), PICTURES)
def test_a_person_gets_it_as_it_is(guard: RunningGuard, name: str, target: str):
    """Every byte, with the reservation."""
    source = f"203.0.113.{PICTURES.index((name, target))}"

    reply = ask(guard.port, target, from_(source), host=f"{name}.example")

    assert (reply.status, reply.get("tdm-reservation")) == (200, "1")
    assert reply.body == picture(APPS[name].public[target])


@pytest.mark.parametrize(("name", "own"), CLIENTS, ids=[f"{name}-{own.agent[:24]}" for name, own in CLIENTS])
def test_its_own_clients_are_never_touched(guard: RunningGuard, name: str, own: Own):
    """Two hundred requests as fast as they go, with no page among them: each answer is the program's own."""
    lines = (own.credential, from_(f"203.0.113.{100 + CLIENTS.index((name, own))}"))

    def call(method: str, target: str) -> Reply:
        return ask(guard.port, target, *lines, method=method, agent=own.agent, host=f"{name}.example")

    for number in range(200):
        method, target = own.asks[number % len(own.asks)].split(" ", 1)
        reply = call(method, target)
        assert (reply.status, reply.body) == (200, b'{"ok": true}'), (number, target)
        if own.pictures and number % 2:
            target = own.pictures[number // 2 % len(own.pictures)]
            reply = call("GET", target)
            assert (reply.status, reply.body == picture(APPS[name].owners[target])) == (200, True), (number, target)


@pytest.mark.parametrize(("name", "target"), LOGINS)
def test_who_logs_in_is_not_asked_for_anything_before(severe: RunningGuard, name: str, target: str):
    """Even where the policy asks everybody else; other pages show that it does."""
    host = f"{name}.example"

    login = ask(severe.port, target, host=host)
    page = ask(severe.port, APPS[name].page, host=host)

    assert (login.status, b"Gallery" in login.body) == (200, True)
    assert (page.status, b"<title>Gallery" in page.body) == (403, False)


@pytest.mark.parametrize(("name", "own"), CLIENTS, ids=[f"{name}-{own.agent[:24]}" for name, own in CLIENTS])
def test_its_interface_is_not_challenged(severe: RunningGuard, name: str, own: Own):
    """Programs keep no cookies."""
    for one in own.asks:
        method, target = one.split(" ", 1)
        reply = ask(severe.port, target, own.credential, method=method, agent=own.agent, host=f"{name}.example")
        assert (reply.status, reply.body) == (200, b'{"ok": true}'), one


@pytest.mark.parametrize("name", APPS)
def test_a_crawler_does_not_become_the_owner_by_a_header(guard: RunningGuard, name: str):
    """What names itself is refused, with any credential."""
    for own in APPS[name].own:
        for target in (*APPS[name].public, *APPS[name].owners):
            reply = ask(guard.port, target, own.credential, from_("198.51.100.3"), agent=GPTBOT, host=f"{name}.example")
            assert reply.status == 403, target


def test_an_icon_in_place_of_an_error_is_no_picture_to_shrink(guard: RunningGuard):
    """PhotoPrism answers what it does not find with an SVG and status 200: an assistant sees just that."""
    reply = ask(guard.port, "/api/v1/t/0000/public/tile_224", agent=CHATGPT_USER, host="photoprism.example")

    assert (reply.status, reply.get("Content-Type")) == (200, "image/svg+xml")


def test_an_assistant_gets_a_preview_of_the_backup_that_nextgen_keeps(guard: RunningGuard):
    """`name.jpg_backup` comes as application/octet-stream and is a picture all the same."""
    target = "/wp-content/gallery/harbour/rope.jpg_backup"
    reply = ask(guard.port, target, from_("198.51.100.4"), agent=CHATGPT_USER, host="nextgen.example")

    assert reply.status == 200
    assert reply.get("Content-Type") == "image/jpeg"
    assert len(reply.body) < len(picture(FULL)) / 4


@pytest.mark.parametrize(
    ("name", "target"),
    [
        ("immich", next(target for target in APPS["immich"].public if "original" in target)),
        ("nextcloud", next(target for target in APPS["nextcloud"].public if "dav" in target)),
        ("photoprism", next(target for target in APPS["photoprism"].public if "/dl/" in target)),
    ],
)
def test_a_shared_link_is_no_login(guard: RunningGuard, name: str, target: str):
    """A scraper of shared pictures that sends an app's header and name is judged by how it fetches."""
    own = APPS[name].own[0]
    lines = (own.credential, from_(f"198.51.100.{50 + len(name)}"))

    statuses = [ask(guard.port, target, *lines, agent=CHROME, host=f"{name}.example").status for _ in range(150)]

    assert statuses[-1] == 403
