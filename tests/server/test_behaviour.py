"""Who hides is found by how it asks, in every worker; people are not; claims are held against lists."""

import asyncio
import gzip
import io
import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from guard.cli.evidence import verify_directory
from guard.core.behaviour import VERSION, Past, summary
from guard.core.classification import Conduct, HardFact, Identity
from guard.core.conduct import ConductJudge
from guard.core.crawlers import Purpose
from guard.core.facts import HeaderLines, Kind
from guard.core.header_print import MASKS, Front
from guard.core.observation import Answered
from guard.reservation.documents import ReservationSet, render
from guard.reservation.statement import Statement
from guard.server import behaviour
from guard.server.behaviour import Behaviour
from guard.server.exchange import Sent
from guard.store.clients import ClientTable
from guard.store.portfolio import Portfolios, picture_number
from guard.store.robots_versions import RobotsVersions
from guard.store.rule_files import load_behaviour, load_catalogue, rules_root
from guard.store.side_store import read_rows
from tests.server.conftest import Upstreams
from tests.support.captures import FULL, START, capture, judge
from tests.support.facts import request, seen, who
from tests.support.http import CHROME, Reply, ask
from tests.support.programs import need
from tests.support.running import RunningGuard, wait_until
from tests.support.upstream import PICTURES, echoed

FRONT = {"from": "x-forwarded-for", "trusted": ["127.0.0.0/8"]}
PERSON = (
    ("Accept", "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"),
    ("Accept-Encoding", "gzip, deflate"),
    ("Accept-Language", "de-DE,de;q=0.9,en;q=0.8"),
    ("Referer", "http://photo.example/album/"),
)


JUDGE = judge()
PICTURE = next(facts for _, facts, answered in capture("person-slides").requests if answered.kind in FULL)
TAKEN = Answered(kind=Kind.IMAGE, status=200)
ELSEWHERE = replace(PICTURE.client, address=ip_address("198.51.100.77"))


def two_workers() -> tuple[ClientTable, list[Behaviour]]:
    """Make a table and two workers that share it, each through a descriptor of its own."""
    table = ClientTable.create(64, layout=VERSION)
    second = ClientTable(os.dup(table.fileno()), layout=VERSION)
    robots, portfolios = RobotsVersions(Path("/nonexistent")), Portfolios.create(("photo.example",))
    return table, [Behaviour(one, JUDGE, robots, portfolios) for one in (table, second)]


def seen_of(table: ClientTable, at: float = START) -> tuple[int, int]:
    """Return how many heads and how many answers with pictures are in the shared record of the one client."""
    told = summary(table.get(JUDGE.look(PICTURE, at).key))
    return (told.requests, told.pictures) if told else (0, 0)


@settings(max_examples=200, deadline=None)
@given(
    steps=st.lists(st.tuples(st.integers(0, 1), st.booleans(), st.integers(0, 9)), max_size=40),
    at_hand=st.sampled_from([1, 2048]),
    waits=st.booleans(),
)
def test_every_head_and_every_answer_counts_once(steps: list[tuple[int, bool, int]], at_hand: int, waits: bool):
    """Two workers have requests of one client under way, which end in any order; now and then one forgets it, or a
    moment is over."""
    table, workers = two_workers()
    open_requests: list[list[object]] = [[], []]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(behaviour, "AT_HAND", at_hand)
        if waits:
            patch.setattr(behaviour.asyncio, "_get_running_loop", lambda: SimpleNamespace(call_later=lambda *_: None))
        for number, (which, begins, other) in enumerate(steps):
            worker, mine = workers[which], open_requests[which]
            if begins or not mine:
                mine.append(worker.take(JUDGE.look(PICTURE, START + number / 10)))
            else:
                worker.note(mine.pop(other % len(mine)), TAKEN)
            if other == 0:  # somebody else asks this worker
                worker.take(JUDGE.look(replace(PICTURE, client=ELSEWHERE), START))
            if other == 1:
                worker.settle()
        for worker, mine in zip(workers, open_requests, strict=True):
            for judged in mine:
                worker.note(judged, TAKEN)
            worker.settle()

    requests = sum(begins or not mine for begins, mine in begun(steps))
    assert seen_of(table) == (requests, requests)


async def test_what_a_clean_client_does_in_a_moment_is_written_together():
    """And a moment later all workers know."""
    table, workers = two_workers()
    written = []
    update = table.update
    table.update = lambda *given, **named: written.append(given[0]) or update(*given, **named)
    for number in range(20):
        workers[0].note(workers[0].take(JUDGE.look(PICTURE, START + number / 1000)), TAKEN)
    meanwhile = seen_of(table)
    await asyncio.sleep(behaviour.MOMENT * 3)

    assert meanwhile == (0, 0)
    assert seen_of(table) == (20, 20)
    assert len(written) == 1


def begun(steps: list[tuple[int, bool, int]]) -> Iterator[tuple[bool, int]]:
    """Yield of each step whether it wants to begin a request, and how many are under way in its worker."""
    under_way = [0, 0]
    for which, begins, _ in steps:
        yield begins, under_way[which]
        under_way[which] += 1 if begins or not under_way[which] else -1


def test_a_worker_learns_at_once_whom_another_found_out():
    """A belief that changes is not held back until the answer is through."""
    table, workers = two_workers()
    facts = next(facts for _, facts, answered in capture("tool-curl").requests if answered.kind is Kind.ORIGINAL)
    for number in range(10):
        judged = workers[0].take(JUDGE.look(facts, START + number))
        if judged.conduct is not Conduct.CLEAN:
            break

    assert 0 < number < 9
    record = table.get(judged.key)
    assert record is not None
    assert Past.from_bytes(record, 0).seen == number + 1
    assert workers[1].take(JUDGE.look(facts, START + 60)).conduct is judged.conduct


def test_a_head_alone_leaves_nothing_in_the_table():
    """Whoever only opens connections takes no slot from anybody; the worker still counts what it asks."""
    table, workers = two_workers()
    for number in range(50):
        judged = workers[0].take(JUDGE.look(PICTURE, START + number))

    assert table.count() == 0
    assert judged.at_hand.known.past.seen == 50


def configuration(upstreams: Upstreams, **more: object) -> dict[str, object]:
    return {"sites": [{"host": "photo.example", "upstream": upstreams.good}], "client_ip": FRONT, **more}


@pytest.fixture
def strict_guard(upstreams: Upstreams, tmp_path: Path) -> Iterator[RunningGuard]:
    """Start a guard whose learning week is over, with two workers that share what they know."""
    running = RunningGuard(tmp_path, configuration(upstreams, workers=2, behaviour={"learning_days": 0}))
    yield running
    assert running.stop() == 0


@pytest.fixture
def new_guard(upstreams: Upstreams, tmp_path: Path) -> Iterator[RunningGuard]:
    """Start a guard that has just been installed."""
    running = RunningGuard(tmp_path, configuration(upstreams))
    yield running
    assert running.stop() == 0


def curl(guard: RunningGuard, count: int, address: str) -> list[int]:
    """Let a real curl under a browser's name take an original `count` times; return how large each copy was."""
    sides = []
    for number in range(count):
        out = guard.directory / f"{number}.jpg"
        subprocess.run(
            [
                need("curl"), "--silent", "--noproxy", "*", "-A", CHROME, "-H", "Host: photo.example",
                "-H", f"X-Forwarded-For: {address}", "-o", str(out), f"{guard.url}/original.jpg?{number}",
            ],
            check=True, timeout=20,
        )  # fmt: skip
        with Image.open(out) as picture:
            sides.append(max(picture.size))
    return sides


def test_a_bulk_downloader_under_a_browsers_name_is_refused(strict_guard: RunningGuard):
    """By its fifteenth picture it gets no original any more, by its thirtieth none at all."""
    sides = curl(strict_guard, 30, "198.51.100.7")

    assert sides[0] == 2400
    assert all(side < 2400 for side in sides[14:]), sides
    line = strict_guard.line_for("/original.jpg")
    assert line["purpose"] == "browser"
    assert line["conduct"] in ("suspect", "hostile")


def test_in_the_learning_week_it_is_at_most_marked(new_guard: RunningGuard):
    """Nobody is refused for behaviour before the owner has seen what would be."""
    curl(new_guard, 30, "198.51.100.8")

    lines = [line for line in new_guard.lines() if line["path"] == "/original.jpg"]
    assert {line["action"] for line in lines} <= {"allow", "mark"}
    assert lines[-1]["action"] == "mark"
    assert lines[-1]["rendition"] in ("preview", "marked")


def visit(guard: RunningGuard, address: str) -> list[Reply]:
    """Look through a gallery as a browser over plain http does."""
    client = ("X-Forwarded-For", address)
    page = (("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), *PERSON[1:3], client)
    replies = [ask(guard.port, "/", *page), ask(guard.port, "/style.css", *PERSON, client)]
    for number in range(12):
        replies.append(ask(guard.port, f"/thumb.jpg?{number}", *PERSON, client))
        replies.append(ask(guard.port, f"/display.jpg?{number}", *PERSON, client))
    replies.append(ask(guard.port, "/original.jpg", *PERSON, client))
    return replies


OPENED = (("Accept", "text/html,application/xhtml+xml,*/*;q=0.8"), *PERSON[1:3])
"""What a browser sends that opens an address, and a tool that copies it."""


def taken(guard: RunningGuard, address: str) -> int:
    """Ask for an original thirty times, each at another address, and return how many came whole."""
    replies = [ask(guard.port, f"/original.jpg?{n}", *OPENED, ("X-Forwarded-For", address)) for n in range(30)]
    return sum(reply.body == PICTURES["/original.jpg"] for reply in replies)


def test_of_a_small_portfolio_less_is_taken(upstreams: Upstreams, tmp_path: Path):
    """The site is known to have thirty pictures; what it had before counts after a restart."""
    whole = []
    for name, known in (("unknown", 0), ("known", 30)):
        directory = tmp_path / name
        directory.mkdir()
        counts = Portfolios.create(("photo.example",))
        begin = time.time() - 8 * 86_400
        for turn in range(600 if known else 0):
            number = picture_number(f"/{turn % known}", "", "", "")
            counts.note("photo.example", number, original=True, at=begin + turn)
        counts.save(directory / "evidence" / "guard" / "portfolio")
        counts.close()
        guard = RunningGuard(directory, configuration(upstreams, behaviour={"learning_days": 0}))
        try:
            whole.append(taken(guard, "198.51.100.40"))
        finally:
            assert guard.stop() == 0

    assert whole[1] <= 8
    assert whole[1] < whole[0]


def test_what_people_were_shown_is_counted_once(strict_guard: RunningGuard):
    """Twelve addresses of one display picture are one: the upstream's tag says so."""
    visit(strict_guard, "203.0.113.60")
    assert strict_guard.stop() == 0
    counts = Portfolios.create(("photo.example",))

    assert counts.restore(strict_guard.evidence / "guard" / "portfolio") == 1
    assert counts.served("photo.example") == 1
    counts.close()


def test_a_person_beside_it_sees_everything(strict_guard: RunningGuard):
    """Even from the same address: a client is an address together with how its browser asks."""
    curl(strict_guard, 20, "198.51.100.9")

    replies = visit(strict_guard, "198.51.100.9")

    assert {reply.status for reply in replies} == {200}
    assert replies[-1].body == PICTURES["/original.jpg"]


def stored(guard: RunningGuard) -> bytes:
    """Return all that is on the disk, and what of it can be read with the keys beside it."""
    opened = [data for _, _, data in read_rows(guard.evidence / "side" / "disclosures.db")]
    return b"".join([path.read_bytes() for path in guard.evidence.rglob("*") if path.is_file()] + opened)


def test_a_person_leaves_only_what_can_not_be_read(strict_guard: RunningGuard):
    """Commitments are in the log; address, pages and pictures are nowhere."""
    visit(strict_guard, "203.0.113.50")
    assert strict_guard.stop() == 0

    report = verify_directory(strict_guard.evidence)
    assert report.holds
    assert dict(report.kinds)["cmt"] >= 1
    assert "req" not in dict(report.kinds)
    assert b"203.0.113.50" not in stored(strict_guard)
    assert b"display.jpg" not in stored(strict_guard)


def test_the_first_pictures_of_one_who_is_found_out_are_on_record(strict_guard: RunningGuard):
    """What was committed to while it still passed for a person becomes readable, and matches."""
    curl(strict_guard, 30, "198.51.100.10")
    time.sleep(7)
    assert strict_guard.stop() == 0

    report = verify_directory(strict_guard.evidence)
    assert report.holds
    assert dict(report.kinds)["req"] >= 15
    assert b'"path":"/original.jpg"' in stored(strict_guard)
    assert b'"queries":["?0"' in stored(strict_guard)


GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
IN_GOOGLES_LIST = "66.249.66.1"


def test_a_search_engine_from_its_operators_addresses_gets_what_a_person_gets(strict_guard: RunningGuard):
    """The list ships with the rules; it may be old, and still confirms."""
    reply = ask(strict_guard.port, "/original.jpg", ("X-Forwarded-For", IN_GOOGLES_LIST), agent=GOOGLEBOT)

    assert reply.body == PICTURES["/original.jpg"]
    assert strict_guard.line_for("/original.jpg")["identity"] == "verified"


def test_an_old_list_accuses_nobody(strict_guard: RunningGuard):
    """Somebody else under that name gets the display size: the claim could not be checked."""
    reply = ask(strict_guard.port, "/original.jpg", ("X-Forwarded-For", "198.51.100.11"), agent=GOOGLEBOT)

    with Image.open(io.BytesIO(reply.body)) as picture:
        assert max(picture.size) == 1600
    assert strict_guard.line_for("/original.jpg")["identity"] == "unknown"


def test_a_fresh_list_refutes_a_false_claim(upstreams: Upstreams, tmp_path: Path):
    """GPTBot publishes addresses only; with a list of today a stranger under its name is an impostor."""
    from guard.store.rule_files import rules_root

    seed = json.loads((rules_root().path / "ranges" / "openai-gptbot.json").read_text())
    kept = tmp_path / "evidence" / "guard" / "ranges"
    kept.mkdir(parents=True)
    seed["fetchedAt"] = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    (kept / "openai-gptbot.json").write_text(json.dumps(seed))
    inside = next(one["ipv4Prefix"].partition("/")[0] for one in seed["prefixes"] if "ipv4Prefix" in one)
    guard = RunningGuard(tmp_path, configuration(upstreams))
    try:
        for address, identity in ((inside, "verified"), ("8.8.8.8", "impostor"), ("127.0.0.9", "unknown")):
            ask(guard.port, f"/{identity}", ("X-Forwarded-For", address), agent="GPTBot/1.2")
            assert guard.line_for(f"/{identity}")["identity"] == identity
    finally:
        assert guard.stop() == 0


PAGE = (("Accept", "text/html,*/*;q=0.8"), ("Accept-Encoding", "gzip"), ("Accept-Language", "de"))


def test_who_follows_links_that_no_person_sees_is_found_out(upstreams: Upstreams, tmp_path: Path):
    """They are in the page only where the owner wants that, disallowed in robots.txt, and answered by the guard."""
    behaviour = {"learning_days": 0, "decoys": True}
    guard = RunningGuard(tmp_path, configuration(upstreams, behaviour=behaviour))
    client = ("X-Forwarded-For", "198.51.100.20")
    try:
        page = ask(guard.port, "/whole.html", *PAGE, client)
        links = re.findall(rb'(?:href|src)="(/[^"]+)"', page.body)
        robots = ask(guard.port, "/robots.txt", ("X-Forwarded-For", "198.51.100.21")).body
        followed = [ask(guard.port, link.decode(), *PAGE, client) for link in links]
        after = ask(guard.port, "/original.jpg", *PAGE, client)
    finally:
        assert guard.stop() == 0

    assert page.body.endswith(b"</body></html>")
    assert len(links) >= 2
    directory = links[0].split(b"/")[1]
    assert b"Disallow: /" + directory in robots
    assert {reply.status for reply in followed} == {200}
    assert after.status == 403


def test_pages_are_not_changed_where_nobody_asked_for_it(strict_guard: RunningGuard):
    """The page is the upstream's, byte for byte, compression included."""
    page = ask(strict_guard.port, "/whole.html", *PAGE)

    assert page.get("Content-Encoding") == "gzip"
    assert b"img" in gzip.decompress(page.body)
    assert b"hidden" not in gzip.decompress(page.body)


def rendered(disallow: str) -> ReservationSet:
    statement = Statement(
        holder="Jane Doe", contact="", base_url="https://photo.example", terms_url="", train=False, ai_use=False,
        search=True, tdm=False,
    )  # fmt: skip
    return render(statement, (("GPTBot", "ai_training"),), as_of=date(2026, 11, 22), disallow=(disallow,))


class Crawling:
    """One worker's view of crawlers, without its sockets, at times that a test chooses."""

    def __init__(self, folder: Path, table: ClientTable) -> None:
        root = rules_root().path
        self.catalogue = load_catalogue(root)
        judge = ConductJudge(load_behaviour(root), MASKS[Front.DIRECT])
        self.portfolios = Portfolios.create(("photo.example",))
        self.behaviour = Behaviour(table, judge, RobotsVersions(folder), self.portfolios)

    def ask(self, path: str, agent: str, at: float, reservation: ReservationSet, **sent: object) -> frozenset[HardFact]:
        """Ask for a path and get all of it; return the hard facts that the request showed."""
        facts = replace(
            request(path, User_Agent=agent, Accept="*/*"), at=datetime.fromtimestamp(START + at, UTC)
        )  # fmt: skip
        sighting = self.catalogue.find(agent)
        judged = self.behaviour.at_request(
            facts, sighting, trusted_peer=False, reservation=reservation, decoy=False
        )  # fmt: skip
        exchange = SimpleNamespace(
            judged=judged, facts=facts, kind=Kind.OTHER, decision=None, reservation=reservation,
            rendition="reservation" if reservation.document(path) else "as_is",
            sent=Sent(**{"status": 200, "completed": True, **sent}),
        )  # fmt: skip
        self.behaviour.after_response(exchange)
        return judged.facts


@pytest.fixture
def table() -> Iterator[ClientTable]:
    """Make an empty table of clients."""
    made = ClientTable.create(1000, layout=VERSION)
    yield made
    made.close()


FOO = "FooBot/1.0 (+https://foo.example/bot)"
BROKEN = frozenset({HardFact.BROKE_ROBOTS})


def test_a_crawler_is_held_to_the_paths_of_the_robots_txt_that_it_was_served(tmp_path: Path, table: ClientTable):
    """Whatever is in force by now; another worker looks the version up at its first such request."""
    old, new = rendered("/old/"), rendered("/new/")
    one, another = Crawling(tmp_path, table), Crawling(tmp_path, table)
    assert one.ask("/old/a.jpg", FOO, 0, old) == frozenset()
    one.ask("/robots.txt", FOO, 10, old)

    assert one.ask("/old/a.jpg", FOO, 20, old) == frozenset()
    assert one.ask("/old/a.jpg", FOO, 100, new) == BROKEN
    assert one.ask("/new/a.jpg", FOO, 110, new) == frozenset()
    another.ask("/old/a.jpg", FOO, 120, new)
    assert another.ask("/old/a.jpg?size=full", FOO, 130, new) == BROKEN
    another.ask("/robots.txt", FOO, 200, new)
    assert another.ask("/old/a.jpg", FOO, 300, new) == frozenset()
    one.ask("/new/a.jpg", FOO, 310, new)
    assert one.ask("/new/a.jpg", FOO, 320, new) == BROKEN


def test_a_named_crawler_breaks_it_with_any_path_but_the_reservation(tmp_path: Path, table: ClientTable):
    """`Disallow: /` is meant for pages and pictures, not for the documents that say what is reserved."""
    rules = rendered("/old/")
    one = Crawling(tmp_path, table)
    one.ask("/robots.txt", "GPTBot/1.2", 0, rules)

    assert one.ask("/a.jpg", "GPTBot/1.2", 100, rules) == BROKEN
    for document in rules.documents:
        assert one.ask(document.path, "GPTBot/1.2", 110, rules) == frozenset()


VISITORS = {
    "a person": (who(Purpose.BROWSER, crawler=None), {}, 1),
    "a suspect": (who(Purpose.BROWSER, crawler=None, conduct=Conduct.SUSPECT), {}, 0),
    "a crawler that could be anybody": (who(identity=Identity.UNKNOWN), {}, 0),
    "a crawler that is who it says": (who(identity=Identity.VERIFIED), {}, 1),
    "the guard itself": (who(Purpose.BROWSER, crawler=None), {"own": True}, 0),
    "somebody who gets an error": (who(Purpose.BROWSER, crawler=None), {"status": 404}, 0),
    "somebody who looks at a page": (who(Purpose.BROWSER, crawler=None), {"kind": Kind.PAGE}, 0),
}


@pytest.mark.parametrize("visitor", VISITORS)
def test_pictures_are_counted_by_what_nobody_bad_was_shown(tmp_path: Path, table: ClientTable, visitor: str):
    """Who is suspect could make up addresses of pictures, and so could anybody under a crawler's name."""
    believed, more, count = VISITORS[visitor]
    one = Crawling(tmp_path, table)
    exchange = SimpleNamespace(facts=request("/a.jpg"), who=believed, own=more.get("own", False), kept=None)
    answered = SimpleNamespace(status=more.get("status", 200), headers=HeaderLines(()))
    one.behaviour.served(exchange, seen(more.get("kind", Kind.ORIGINAL)), answered)

    assert one.portfolios.served("photo.example") == count


def test_a_picture_that_is_still_the_same_is_the_picture_that_was_counted(tmp_path: Path, table: ClientTable):
    """A 304 may say less of it than the answer that it came with."""
    one = Crawling(tmp_path, table)
    lines = HeaderLines((("ETag", '"a"'), ("Content-Length", "7")))
    facts, person = request("/a.jpg"), who(Purpose.BROWSER, crawler=None)
    for status, kept, headers in ((200, None, lines), (304, SimpleNamespace(headers=lines), HeaderLines(()))):
        exchange = SimpleNamespace(facts=facts, who=person, own=False, kept=kept)
        one.behaviour.served(exchange, seen(Kind.ORIGINAL), SimpleNamespace(status=status, headers=headers))

    assert one.portfolios.served("photo.example") == 1


@pytest.mark.parametrize("sent", [{"completed": False}, {"status": 499}])
def test_who_did_not_get_all_of_it_was_told_nothing(tmp_path: Path, table: ClientTable, sent: dict[str, object]):
    """A part of a file says something else than the whole."""
    rules = rendered("/old/")
    one = Crawling(tmp_path, table)
    one.ask("/robots.txt", FOO, 0, rules, **sent)

    assert one.ask("/old/a.jpg", FOO, 100, rules) == frozenset()


def test_a_copy_that_is_still_right_is_a_version_that_was_served(tmp_path: Path, table: ClientTable):
    """304 is sent to those only who have exactly these bytes."""
    rules = rendered("/old/")
    one = Crawling(tmp_path, table)
    one.ask("/robots.txt", FOO, 0, rules, status=304)

    assert one.ask("/old/a.jpg", FOO, 100, rules) == BROKEN


def test_every_robots_txt_that_was_served_is_kept(strict_guard: RunningGuard):
    """By the digest of the bytes on the wire, so that it can still be read when another one is in force."""
    body = ask(strict_guard.port, "/robots.txt", ("X-Forwarded-For", "198.51.100.30"), agent=FOO).body

    kept = strict_guard.evidence / "guard" / "robots" / f"{sha256(body).hexdigest()}.txt"
    assert wait_until(lambda: kept.read_bytes() if kept.is_file() else None, 30) == body


HINTS = {"ja4": "x-ja4", "tls": "x-tls-version", "http": "x-http-version"}
"""As a front server passes them that is set up so."""


@pytest.mark.parametrize("trusted", ["127.0.0.0/8", "192.0.2.1"])
def test_hints_of_the_front_server_go_no_further(upstreams: Upstreams, tmp_path: Path, trusted: str):
    """Neither from a trusted peer nor from anybody else do they reach the upstream; other lines do."""
    behaviour = {"learning_days": 0, "hints": HINTS}
    front = {"from": "x-forwarded-for", "trusted": [trusted]}
    guard = RunningGuard(tmp_path, configuration(upstreams, behaviour=behaviour, client_ip=front))
    lines = (("X-JA4", "t12d1516h1_8daaf6152771_b186095e22b6"), ("X-TLS-Version", "TLSv1.2"), ("X-Other", "kept"))
    try:
        seen = {name.lower() for name, _ in echoed(ask(guard.port, "/echo", *lines).body)["headers"]}
    finally:
        assert guard.stop() == 0

    assert "x-other" in seen
    assert not {"x-ja4", "x-tls-version"} & seen


@pytest.mark.parametrize("trusted", ["127.0.0.0/8", "192.0.2.1"])
def test_a_connection_that_no_browser_makes_is_in_evidence(upstreams: Upstreams, tmp_path: Path, trusted: str):
    """A downloader with the lines of a browser over TLS 1.0: one reason more, if somebody says so who is believed."""
    behaviour = {"learning_days": 0, "hints": HINTS}
    front = {"from": "x-forwarded-for", "trusted": [trusted]}
    guard = RunningGuard(tmp_path, configuration(upstreams, behaviour=behaviour, client_ip=front))
    client = ("X-Forwarded-For", "198.51.100.50")
    try:
        for number in range(30):
            ask(guard.port, f"/original.jpg?{number}", *OPENED, client, ("X-TLS-Version", "TLSv1"))
    finally:
        assert guard.stop() == 0

    assert b"no-referer" in stored(guard)
    assert (b"connection-contradicts" in stored(guard)) is (trusted == "127.0.0.0/8")


def test_the_file_of_autonomous_systems_is_shared_by_all_workers(upstreams: Upstreams, tmp_path: Path):
    """Bad lines are said at the start; what serves does so with the others."""
    (tmp_path / "systems.tsv").write_text("127.0.0.0\t127.255.255.255\t64500\tXX\tlocal\nrubbish\n")
    behaviour = {"learning_days": 0, "networks": "systems.tsv"}
    guard = RunningGuard(tmp_path, configuration(upstreams, workers=2, behaviour=behaviour))
    try:
        replies = [ask(guard.port, "/original.jpg") for _ in range(6)]
    finally:
        assert guard.stop() == 0

    assert {reply.status for reply in replies} == {200}
    assert any("systems.tsv:2: 'rubbish' is no address" in line for line in guard.said)
