"""nginx may keep what it was told about a person; everybody else is asked about each time, and the log says so."""

from collections.abc import Iterator

import pytest

from tests.support.evidence import of_kind
from tests.support.fronts import adapted, free_port, nginx, running, visit
from tests.support.http import CHROME, GPTBOT
from tests.support.pictures import encoded, scenery
from tests.support.plain_site import plain_site
from tests.support.running import PATIENT, RunningGuard, wait_until

PICTURE = encoded(scenery(900, 600), "JPEG", quality=80)
SECONDS = 30
OTHER = CHROME.replace("Chrome/", "Chrome/1")


@pytest.fixture(scope="module")
def guard_and_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningGuard, int]]:
    """Start nginx as `deploy/nginx/hand-over.conf` says for those who want answers kept."""
    folder, port = tmp_path_factory.mktemp("guard"), free_port()
    with plain_site() as site:
        for path in ("/a.jpg", "/b.jpg", "/c.jpg"):
            site.put(path, PICTURE, "image/jpeg", ETag='"a"')
        guard = RunningGuard(
            folder,
            {
                "sites": [{"host": "photo.example", "upstream": site.url}],
                "rights": {"holder": "Jane Doe"},
                "client_ip": {"from": "x-forwarded-for", "trusted": ["127.0.0.1/32"]},
                "decisions": {"listen": f"unix:{folder}/decisions.sock", "cache_seconds": SECONDS},
                "rules": PATIENT,
                "workers": 1,
            },
        )
        text = adapted(
            "nginx/hand-over.conf",
            {
                "#kept ": "",
                "        proxy_cache off;  # not with the two lines above\n": "",
                "/var/cache/nginx/guard": f"{folder}/kept",
                "listen 80;": f"listen 127.0.0.1:{port};",
                "127.0.0.1:8700": f"127.0.0.1:{guard.port}",
                "unix:/run/guard/decisions.sock": f"unix:{folder}/decisions.sock",
                "127.0.0.1:8080": site.url.removeprefix("http://"),
            },
        )
        (folder / "front").mkdir()
        with running(nginx(folder / "front", text), folder / "front", port):
            yield guard, port
            assert guard.stop() == 0, "".join(guard.said)
        counted = of_kind(guard.evidence, "agg")
        assert {one.fields["sampled"] for one in counted} == {SECONDS}


def asked(guard: RunningGuard, path: str, times: int) -> int:
    """Return how often the guard was asked about a path, once it was so often."""
    wait_until(lambda: sum(one["path"] == path for one in guard.lines()) >= times or None, 20)
    return sum(one["path"] == path for one in guard.lines())


def test_a_person_is_asked_about_once(guard_and_port: tuple[RunningGuard, int]):
    """And gets the picture with its reservation each time."""
    guard, port = guard_and_port
    replies = [visit(port, "/a.jpg", agent=CHROME) for _ in range(5)]
    again = visit(port, "/a.jpg", agent=OTHER)

    for reply in (*replies, again):
        assert (reply.status, reply.body == PICTURE) == (200, True)
        assert reply.all("tdm-reservation") == ["1"]
    assert asked(guard, "/a.jpg", 2) == 2


def test_another_picture_or_another_address_is_another_question(guard_and_port: tuple[RunningGuard, int]):
    """Who takes one picture after the other is asked about each time."""
    guard, port = guard_and_port
    for path in ("/b.jpg", "/b.jpg?1", "/b.jpg?2"):
        assert visit(port, path, agent=CHROME).status == 200
    assert visit(port, "/b.jpg", agent=CHROME, source="127.0.0.9").status == 200

    assert asked(guard, "/b.jpg", 4) == 4


def test_a_crawler_is_asked_about_each_time_and_each_is_on_record(guard_and_port: tuple[RunningGuard, int]):
    """Though people have had the same picture."""
    guard, port = guard_and_port
    assert visit(port, "/c.jpg", agent=CHROME).status == 200
    assert [visit(port, "/c.jpg", agent=GPTBOT).status for _ in range(3)] == [403] * 3

    assert asked(guard, "/c.jpg", 4) >= 4
    assert len([one for one in of_kind(guard.evidence, "req") if one.fields["crawler"] == "openai-gptbot"]) == 3
