"""A live guard merges the site's own robots.txt, and no fault of the site weakens what crawlers are told."""

import urllib.request
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from protego import Protego

from guard.evidence import record
from guard.evidence.record import RecordKind
from guard.store.log_files import open_folder
from guard.store.record_finder import leaves
from guard.store.reservation_history import History
from tests.support.http import CHROME, GPTBOT, ask
from tests.support.plain_site import PlainSite, plain_site
from tests.support.running import RunningGuard, wait_until

OWN = "User-agent: *\nDisallow: /cart/\n\nSitemap: https://photo.example/sitemap.xml\n"


@pytest.fixture
def site() -> Iterator[PlainSite]:
    """A site with a robots.txt of its own."""
    with plain_site() as site:
        site.put("/robots.txt", OWN)
        yield site


def started(folder: Path, site: PlainSite, **more: object) -> RunningGuard:
    settings = {
        "sites": [{"host": "photo.example", "upstream": site.url}],
        "upstream_robots": {"every": 0.2},
        "timeouts": {"connect": 2, "read": 2, "drain": 1},
        **more,
    }
    return RunningGuard(folder, settings)


@pytest.fixture
def guard(site: PlainSite, tmp_path: Path) -> Iterator[RunningGuard]:
    """A guard that looks five times a second."""
    running = started(tmp_path, site)
    yield running
    assert running.stop() == 0, "".join(running.said)


def robots(guard: RunningGuard, host: str = "photo.example") -> str:
    reply = ask(guard.port, "/robots.txt", host=host, agent=CHROME)
    assert reply.status == 200
    return reply.body.decode()


def look(guard: RunningGuard, host: str = "photo.example") -> str:
    with urllib.request.urlopen(f"{guard.admin}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    found = [line for line in lines if line.startswith("guard_upstream_robots{") and f'"{host}"' in line]
    return next((line.partition('look="')[2].partition('"')[0] for line in found if line.endswith(" 1.0")), "")


def until(guard: RunningGuard, wanted: str, host: str = "photo.example") -> None:
    wait_until(lambda: look(guard, host) == wanted or None, 10, lambda: f"{look(guard, host)} {guard.said}")


def test_the_first_answer_is_merged_already(guard: RunningGuard, site: PlainSite):
    """Nobody is told that the cart is open while the guard has not looked yet; the site sees who asks, and for whom."""
    parser = Protego.parse(robots(guard))

    assert not parser.can_fetch("https://photo.example/cart/", "Googlebot")
    assert not parser.can_fetch("https://photo.example/", "GPTBot")
    assert list(parser.sitemaps) == ["https://photo.example/sitemap.xml"]
    method, _, fields = next(one for one in site.asked if one[1] == "/robots.txt")
    assert (method, fields["host"], fields["x-forwarded-proto"]) == ("GET", "photo.example", "https")
    assert fields["user-agent"].startswith("crawler-guard/")


def test_a_change_of_the_site_is_a_new_version_in_evidence(guard: RunningGuard, site: PlainSite):
    """Request records name the exact bytes in force, and the archive has both versions."""
    ask(guard.port, "/a.jpg", host="photo.example", agent=GPTBOT)
    before = robots(guard)
    site.put("/robots.txt", OWN + "\nUser-agent: *\nDisallow: /new/\n")
    after = wait_until(lambda: text if "/new/" in (text := robots(guard)) else None, 10)
    ask(guard.port, "/a.jpg", host="photo.example", agent=GPTBOT)
    guard.line_for("/a.jpg")

    def named() -> list[str] | None:
        records = [record.read(leaf) for _, leaf in leaves(open_folder(guard.evidence))]
        sets = {one.fields["digest"]: one.fields["set"] for one in records if one.kind is RecordKind.RESERVATION}
        found = [
            next(doc["sha256"] for doc in sets[one.fields["rsv"]]["documents"] if doc["path"] == "/robots.txt")
            for one in records
            if one.kind is RecordKind.REQUEST and one.fields["rsv"] and one.fields["crawler"] == "openai-gptbot"
        ]
        return found if len(found) > 1 else None

    digests = wait_until(named, 10)
    assert digests == [sha256(before.encode()).hexdigest(), sha256(after.encode()).hexdigest()]
    assert (guard.evidence / "log" / "blobs" / digests[0]).read_text() == before


BAD = {
    "an HTML page": ({"body": "<!doctype html><title>Gallery</title>", "media_type": "text/html"}, "HTML page"),
    "500": ({"body": "User-agent: *\nDisallow:\n", "status": 500}, "status 500"),
    "403": ({"body": "no", "status": 403}, "status 403"),
    "a loop": ({"body": "", "status": 301, "Location": "/robots.txt"}, "redirects too often"),
    "another site": ({"body": "", "status": 302, "Location": "https://elsewhere.example/robots.txt"}, "another site"),
    "UTF-16": ({"body": "User-agent: *\n".encode("utf-16")}, "not text"),
    "compressed": ({"body": b"\x1f\x8b", "Content_Encoding": "gzip"}, "compressed"),
}


def test_a_broken_answer_leaves_in_force_what_the_site_last_said(site: PlainSite, tmp_path: Path):
    """Whatever comes, the last good merge stays, the alarm is up, and it is said once; also after a restart."""
    running = started(tmp_path, site)
    good = robots(running)
    for answer, why in BAD.values():
        site.put("/robots.txt", **answer)  # type: ignore[arg-type]
        wait_until(lambda why=why: any(why in line for line in running.said) or None, 10, lambda: str(running.said))
        until(running, "kept")
        assert robots(running) == good
    assert running.stop() == 0

    again = started(tmp_path, site)
    try:
        assert robots(again) == good
        until(again, "kept")
        site.put("/robots.txt", OWN)
        until(again, "merged")
        assert sum("can be used again" in line for line in again.said) == 1
    finally:
        assert again.stop() == 0
    assert [sum(why in line for line in running.said) for _, why in BAD.values()] == [1] * len(BAD)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGuard]:
    """One guard before sites that have no file, a broken one, one elsewhere, and a very long one."""
    with plain_site() as site:
        site.put("broken.example/robots.txt", "", status=500)
        site.put("moved.example/robots.txt", "", status=301, Location="https://moved.example/r1")
        site.put("/r1", "", status=302, Location=f"{site.url}/r2")
        site.put("/r2", "", status=307, Location="r3?x=1")
        site.put("/r3", OWN)
        site.put("long.example/robots.txt", OWN + "User-agent: *\n" + "Disallow: /x\n" * 800_000)
        hosts = ("none.example", "broken.example", "moved.example", "long.example")
        sites = [{"host": host, "upstream": site.url} for host in hosts]
        running = started(tmp_path_factory.mktemp("several"), site, sites=sites)
        yield running
        assert running.stop() == 0


def test_a_site_that_never_had_a_good_one_has_ours_and_an_alarm(several: RunningGuard):
    """And ours is whole: AI crawlers are out, and it is answered 200."""
    until(several, "alone", "broken.example")

    assert not Protego.parse(robots(several, "broken.example")).can_fetch("https://broken.example/", "GPTBot")
    assert sum("ours stands alone" in line for line in several.said) == 1


def test_a_site_without_one_has_nothing_to_merge(several: RunningGuard):
    """404 is an answer: ours stands alone, and no alarm."""
    until(several, "absent", "none.example")

    assert not any("none.example" in line for line in several.said)


def test_a_redirect_within_the_site_is_followed(several: RunningGuard):
    """By its public name, by the upstream's, or by a path."""
    assert "Disallow: /cart/" in robots(several, "moved.example")


def test_ten_megabytes_are_read_to_half_of_one(several: RunningGuard):
    """What is served stays under 500 KiB, and the start is not delayed."""
    until(several, "merged", "long.example")

    assert "Disallow: /cart/\nDisallow: /x\n" in robots(several, "long.example")
    assert len(robots(several, "long.example")) < 512_000
    assert any("what is behind the first 512,000" in line for line in several.said)


def test_all_workers_serve_the_same_merge_and_one_asks(site: PlainSite, tmp_path: Path):
    """The others see the file change."""
    running = started(tmp_path, site, workers=3)
    try:
        assert {robots(running) for _ in range(12)} == {robots(running)}
        site.put("/robots.txt", OWN.replace("cart", "basket"))

        def all_changed() -> bool | None:
            return all("basket" in robots(running) for _ in range(12)) or None

        wait_until(all_changed, 15)
    finally:
        assert running.stop() == 0


def test_each_name_of_a_wildcard_site_has_the_file_of_that_name(site: PlainSite, tmp_path: Path):
    """The upstream decides by the Host field; until it was asked for a new name, the site's common file is merged."""
    site.put("b.example/robots.txt", "User-agent: *\nDisallow: /of-b/\n")
    running = started(tmp_path, site, sites=[{"host": "*", "upstream": site.url}])
    try:
        assert "Disallow: /cart/" in robots(running, "a.example")
        assert "Disallow: /cart/" in robots(running, "b.example")
        wait_until(lambda: True if "Disallow: /of-b/" in robots(running, "b.example") else None, 10)
        assert "/of-b/" not in robots(running, "a.example")
        ask(running.port, "/", host="b.example", agent=GPTBOT)
    finally:
        assert running.stop() == 0

    sites = {one.site: one for one in History(running.evidence).versions}
    assert {"*", "a.example", "b.example"} <= sites.keys()
    file = sites["b.example"].document("robots.txt")
    assert file is not None
    assert b"/of-b/" in History(running.evidence).body(file)


def test_never_looking_is_possible(site: PlainSite, tmp_path: Path):
    """`every: 0` leaves the site's own file aside."""
    running = started(tmp_path, site, upstream_robots={"every": 0})
    try:
        assert "/cart/" not in robots(running)
        assert site.asked == []
    finally:
        assert running.stop() == 0
