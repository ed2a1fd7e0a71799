"""Are a scraper's first pictures on record, while a person leaves nothing that can be read?"""

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.errors import RecorderUnavailableError
from guard.evidence import disclosure, record, segment
from guard.evidence.disclosure import Disclosure
from guard.evidence.merkle import leaf_hash
from guard.server import unclassified
from guard.server.recorder_client import RecorderClient
from guard.server.recorder_protocol import ProtocolError, disclose_body, parse_disclose
from guard.server.ring import OVERHEAD
from guard.server.unclassified import Unclassified
from guard.store.batch import Entry
from guard.store.log_files import verify_directory
from guard.store.side_store import read_rows
from tests.support import facts as make
from tests.support.evidence import AT, end_all, open_log, start_recorder, stop

ADDRESS = "198.51.100.23"
PERSON, SCRAPER = b"p" * 16, b"s" * 16
BROWSER = {
    "User_Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "image/avif,image/webp,*/*",
    "Accept_Language": "de,en;q=0.5",
    "Cookie": "session=0123456789",
    "Referer": "https://photo.example/album/hochzeit",
}


def picture(number=1, *, after=0.0, address=ADDRESS, port=40_000, **headers):
    one = make.request(f"/album/hochzeit/{number}.jpg?size=l&token=geheim", address=address, **(headers or BROWSER))
    client = replace(one.client, port=port)
    return replace(one, at=one.at + timedelta(seconds=after), client=client)


class FakeRecorder:
    """Takes all, or nothing."""

    def __init__(self):
        self.leaves, self.kept, self.unrecorded, self.away = [], {}, [], False

    async def append(self, leaf, disclosures=()):
        assert disclosures == ()
        await asyncio.sleep(0)
        if self.away:
            raise RecorderUnavailableError("away")
        self.leaves.append(leaf)
        return len(self.leaves) - 1

    async def disclose(self, index, leaf, disclosures):
        await asyncio.sleep(0)
        if self.away:
            raise RecorderUnavailableError("away")
        assert self.leaves[index] == leaf
        commitments = orjson.loads(leaf)["sd"]
        assert all(disclosure.sha256(one.data).hexdigest() in commitments for one in disclosures)
        self.kept[index] = {one.group: disclosure.read(one.data)[1] for one in disclosures}

    def note_unrecorded(self, why):
        self.unrecorded.append(why)

    def records(self):
        return [record.read(leaf) for leaf in self.leaves]


class Timer:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def recorder():
    return FakeRecorder()


@pytest.fixture
def timer():
    return Timer()


@pytest.fixture
def crawlers():
    return set()


@pytest.fixture
def records(recorder, timer, crawlers):
    return Unclassified(recorder, is_crawler=crawlers.__contains__, clock=lambda: AT, timer=timer)


async def test_a_page_view_with_thirty_pictures_is_one_commitment(records, recorder, timer):
    """Six connections, one window: one small record, that names site, number and a coarse time."""
    for number in range(30):
        records.note(PERSON, picture(number, after=0.1 * number, port=40_000 + number % 6))
    await records.tick()
    assert recorder.leaves == []
    timer.now += 5
    await records.tick()
    (one,) = recorder.records()

    assert one.kind.value == "cmt"
    assert (one.fields["site"], one.fields["count"], len(one.fields["sd"])) == ("photo.example", 30, 5)
    assert (one.fields["to"] - one.fields["from"]) == 3_000_000
    assert one.fields["from"] % 1_000_000 == 0
    assert len(recorder.leaves[0]) < 600
    assert records.ring.size < 2000
    assert (records.committed, len(records.ring)) == (1, 1)


async def test_promoted_values_say_who_asked_for_what(records, recorder, timer):
    """Address and ports, the tool's headers, and each target with its time, secrets left out."""
    for number in range(3):
        headers = BROWSER if number < 2 else {**BROWSER, "Referer": "https://photo.example/album/2"}
        records.note(SCRAPER, picture(number, after=number, port=40_000 + number % 2, **headers))
    records.note(PERSON, picture(9))
    timer.now += 5
    await records.tick()
    records.promote(SCRAPER)
    await records.tick()
    (index,) = recorder.kept
    kept = recorder.kept[index]
    at = round(picture().at.timestamp()) * 1_000_000

    assert record.read(recorder.leaves[index]).fields["count"] == 3
    assert kept["person"]["ports"] == [40_000, 40_001, 40_000]
    assert [(one["address"], "port" in one) for one in kept["person"]["seen"]] == [(ADDRESS, False)]
    assert ["User-Agent", BROWSER["User_Agent"]] in kept["tool"]["seen"][0]["headers"]
    assert len(kept["tool"]["seen"]) == 1
    assert kept["target"]["requests"] == [
        [at + number * 1_000_000, number // 2, f"/album/hochzeit/{number}.jpg"] for number in range(3)
    ]
    assert kept["request"]["queries"] == ["?size=l&token=(not-recorded)"] * 3
    assert [(one["network"], one["tool"]) for one in kept["target"]["seen"]] == [(0, 0), (0, 0)]
    assert [one["person"] for one in kept["request"]["seen"]] == [0, 0]
    assert [dict(one["headers"])["Referer"][-2:] for one in kept["request"]["seen"]] == ["it", "/2"]
    assert b"0123456789" not in orjson.dumps(kept)
    assert (records.promoted, len(records.ring)) == (1, 1)
    records.promote(SCRAPER)
    await records.tick()
    assert records.promoted == 1


async def test_an_open_window_is_promoted_too(records, recorder):
    """What was asked for just now is written and kept at once."""
    records.note(SCRAPER, picture())
    records.promote(SCRAPER)
    await records.tick()

    assert len(recorder.leaves) == len(recorder.kept) == 1


async def test_values_are_forgotten_after_an_hour(records, recorder, timer):
    """Then even a promotion finds nothing."""
    records.note(PERSON, picture())
    timer.now += 5
    await records.tick()
    timer.now += 3599
    await records.tick()
    assert len(records.ring) == 1
    timer.now += 2
    await records.tick()
    assert (len(records.ring), records.ring.size) == (0, 0)
    records.promote(PERSON)
    await records.tick()

    assert recorder.kept == {}


async def test_who_is_known_as_a_crawler_elsewhere_is_kept_and_not_forgotten(records, recorder, timer, crawlers):
    """Another worker may have found out; it is asked for before values go, at their time and at the end."""
    records.note(SCRAPER, picture())
    records.note(PERSON, picture())
    timer.now += 5
    await records.tick()
    crawlers.add(SCRAPER)
    timer.now += 3601
    records.note(SCRAPER, picture(2))
    await records.tick()
    assert len(recorder.kept) == 1
    await records.stop()

    assert len(recorder.leaves) == 3
    assert sorted(recorder.kept) == [0, 2]
    assert len(records.ring) == 0


async def test_a_promotion_waits_for_a_recorder_that_is_away(records, recorder, timer):
    """It is tried again; what was to be committed to meanwhile is dropped, as without a record it proves nothing."""
    records.note(SCRAPER, picture())
    timer.now += 5
    await records.tick()
    recorder.away = True
    records.promote(SCRAPER)
    records.note(PERSON, picture())
    timer.now += 5
    await records.tick()
    assert (recorder.kept, len(records.ring)) == ({}, 1)
    recorder.away = False
    await records.tick()

    assert sorted(recorder.kept) == [0]
    assert records.lost == 0


async def test_values_that_can_not_be_kept_in_time_are_counted(records, recorder, timer, crawlers):
    """Nothing is kept longer than said, not even for a recorder that is away."""
    records.note(SCRAPER, picture())
    timer.now += 5
    await records.tick()
    crawlers.add(SCRAPER)
    recorder.away = True
    timer.now += 3601
    await records.tick()

    assert (records.lost, len(records.ring), records.ring.size) == (1, 0, 0)


async def test_a_recorder_that_is_away_is_asked_once_a_turn(records, recorder, timer, crawlers):
    """Each attempt takes seconds; the others are not waited for."""
    asked = []
    keys = [b"%16d" % number for number in range(50)]
    for key in keys:
        records.note(key, picture())
    timer.now += 5
    await records.tick()
    recorder.disclose = lambda *given: asked.append(given) or refuse()
    for key in keys:
        records.promote(key)
    await records.tick()
    assert (len(asked), len(records.ring)) == (1, 50)
    await records.stop()

    assert len(asked) == 2
    assert records.lost == 50


async def refuse():
    raise RecorderUnavailableError("away")


async def test_a_stop_in_the_middle_of_writing_loses_nothing(recorder, monkeypatch):
    """What is being written is waited for, and what is open is written."""
    monkeypatch.setattr(unclassified, "_EVERY_SECONDS", 0.01)
    asked = asyncio.Event()
    append = recorder.append

    async def slow(leaf, disclosures=()):
        asked.set()
        await asyncio.sleep(0.05)
        return await append(leaf, disclosures)

    recorder.append = slow
    records = Unclassified(recorder, window_seconds=0)
    records.start()
    for number in range(200):
        records.note(b"%16d" % number, picture())
    await asked.wait()
    records.note(PERSON, picture())
    await records.stop()

    assert len(recorder.leaves) == records.committed == 201


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.binary(max_size=30), st.binary(max_size=30)), max_size=5), st.binary(max_size=60))
async def test_hostile_bytes_are_recorded_or_counted(lines, target):
    """No other exception comes out, which would end all writing."""
    recorder = FakeRecorder()
    records = Unclassified(recorder)
    headers = tuple(tuple(part.decode("utf-8", "surrogateescape") for part in line) for line in lines)
    records.note(PERSON, replace(picture(), headers=headers, target=target.decode("utf-8", "surrogateescape")))
    records.promote(PERSON)
    await records.tick()

    assert len(recorder.kept) + len(recorder.unrecorded) == 1


async def test_values_too_large_to_be_kept_are_counted(records, recorder):
    """A header line that grows past the bound when it is escaped costs its own record and no other."""
    records.note(SCRAPER, picture(X_Long="\udcff" * 200_000))
    records.note(PERSON, picture())
    await records.tick(closing=True)

    assert recorder.unrecorded == ["not_recordable"]
    assert len(recorder.leaves) == 1


async def test_a_window_is_bounded(records, recorder, timer):
    """Many requests, many header sets or long targets begin the next record; none is lost, and each fits in."""
    for number in range(600):
        records.note(PERSON, picture(number))
    for number in range(100):
        records.note(SCRAPER, picture(number, X_Number=str(number)))
    long = replace(picture(), target="/" + "x" * 15_000)
    for _ in range(20):
        records.note(b"l" * 16, long)
    timer.now += 5
    await records.tick()
    counts = [one.fields["count"] for one in recorder.records()]

    assert sorted(counts) == [4, 5, 5, 5, 5, 32, 32, 32, 88, 256, 256]
    assert max(sum(len(one.data) for one in held.values()[1]) for held in records.ring.of(PERSON)) < 256 * 1024


async def test_open_windows_are_bounded_together(records, recorder, timer):
    """Two thousand clients that each ask for as long an address as there can be; what is over it is counted."""
    long = replace(picture(), target="/" + "x" * 15_000)
    for number in range(2000):
        records.note(b"%16d" % number, long)
    open_ = len(records._open)
    timer.now += 5
    await records.tick()
    records.note(PERSON, picture())

    assert 1000 < open_ < 1200
    assert len(recorder.leaves) == open_
    assert recorder.unrecorded == ["too_many_clients"] * (2000 - open_)
    assert len(records._open) == 1


async def test_two_sites_are_two_records(records, recorder, timer):
    """One record is about one site."""
    records.note(PERSON, picture())
    records.note(PERSON, replace(picture(), site="other.example"))
    timer.now += 5
    await records.tick()

    assert {one.fields["site"] for one in recorder.records()} == {"photo.example", "other.example"}


async def test_a_flood_is_bounded_and_admitted(records, recorder, timer, monkeypatch):
    """A million requests: the ring stays below its bound, and what could not be committed to is counted."""
    records.ring.most = 2_000_000
    monkeypatch.setattr(unclassified, "_BREATH", 100)
    one = picture()
    highest = 0
    for turn in range(10):
        for number in range(100_000):
            records.note(b"%16d" % (turn * 1_000_000 + number % 10_000), one)
        assert len(records._open) == unclassified.MOST_OPEN
        timer.now += 5
        await records.tick()
        highest = max(highest, records.ring.size)
        kept = [held for key in records.ring.keys for held in records.ring.of(key)]
        assert records.ring.size == sum(len(held.packed) + OVERHEAD for held in kept)

    assert 1_900_000 < highest <= 2_000_000
    assert len(recorder.leaves) == records.committed == 10 * unclassified.MOST_OPEN
    assert set(recorder.unrecorded) == {"too_many_clients"}
    committed = sum(one.fields["count"] for one in recorder.records())
    assert committed + len(recorder.unrecorded) == 1_000_000


@given(st.binary(max_size=40), st.integers(0, 2**64 - 1), st.binary(max_size=200))
def test_values_handed_in_later_are_read_back(leaf, index, hostile):
    """Index, leaf and values arrive as they were sent; other bytes give an error and no other exception."""
    groups = (Disclosure("person", b"[1]", ""), Disclosure("tool", b"", ""))

    assert parse_disclose(disclose_body(index, leaf, groups)) == (index, leaf, groups)
    with contextlib.suppress(ProtocolError):
        parse_disclose(hostile)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "run").mkdir(mode=0o700)
    yield tmp_path / "e", tmp_path / "run" / "s"
    end_all()


def bytes_below(root):
    return b"".join(path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file())


async def test_a_person_leaves_nothing_readable_and_a_scraper_its_first_pictures(place):
    """Through a real recorder: the evidence directory holds no address and no path until a client is promoted."""
    root, path = place
    process = start_recorder(root, path)
    client = RecorderClient()
    await client.connect(str(path))
    records = Unclassified(client)
    for number in range(5):
        records.note(PERSON, picture(number))
        records.note(SCRAPER, picture(100 + number, address="203.0.113.99", User_Agent="Wget/1.21"))
    await records.tick(closing=True)
    for secret in (ADDRESS, "203.0.113.99", "hochzeit", "Firefox", "Wget", "geheim", "0123456789"):
        assert secret.encode() not in bytes_below(root), secret
    records.promote(SCRAPER)
    await records.tick()
    await records.stop()
    stats = await client.stats()
    await client.close()
    stop(process)
    everything = bytes_below(root)

    for secret in (ADDRESS, "Firefox", "hochzeit/4.jpg", "geheim", "0123456789"):
        assert secret.encode() not in everything, secret
    kept = b"".join(data for _, _, data in read_rows(root / "side" / "disclosures.db"))
    for shown in (b"203.0.113.99", b"hochzeit/104.jpg", b"Wget/1.21"):
        assert shown in kept
        assert shown not in everything  # sealed, so that it can be erased
    assert stats["gaps"] == 0
    report = verify_directory(root)
    assert report.holds, report.faults
    assert dict(report.kinds)["cmt"] == 2
    assert (report.disclosed, report.undisclosed) == (5, 5)


@pytest.fixture
def log(tmp_path):
    one = open_log(tmp_path / "e")
    yield one
    one.close()


def commitment(number=1):
    window = unclassified._Window(0.0, AT, AT)
    window.facts.append(picture(number))
    window.requests.append((AT, 0, "/a.jpg", 40_000))
    groups = unclassified._commitments(window)
    leaf = record.commitment(
        at=AT, site="photo.example", since=1, until=2, count=1, sd=[one.commitment for one in groups]
    )
    return leaf, groups


def test_values_are_kept_for_records_in_every_tile(log, tmp_path):
    """Of a tile that is written, that waits to be written, and that is not full; twice is no error."""
    given = {}
    for number in range(600):
        leaf, groups = commitment()
        (index,) = log.append([unclassified_entry(leaf)])
        given[index] = leaf, groups
        if number == 300:
            log.checkpoint()
    for index in (2, 255, 256, 400, 511, 512, 601):
        assert log.disclose(index, *given[index]) is None
        assert log.disclose(index, *given[index]) is None
    rows = {index for index, _, _ in read_rows(tmp_path / "e" / "side" / "disclosures.db")}

    assert rows == {2, 255, 256, 400, 511, 512, 601}
    log.checkpoint()
    report = verify_directory(tmp_path / "e")
    assert report.holds, report.faults
    assert report.disclosed == 35


def unclassified_entry(leaf):
    return Entry(leaf)


def test_values_of_another_record_are_refused(log, tmp_path):
    """Another index, one that is not there, another leaf, values that were not committed to: nothing is kept."""
    leaf, groups = commitment(1)
    other, other_groups = commitment(2)
    first, second = log.append([unclassified_entry(leaf), unclassified_entry(other)])

    for index, claimed, values in (
        (second, leaf, groups),
        (second + 1, leaf, groups),
        (1 << 40, leaf, groups),
        (first, leaf, other_groups),
        (first, other, other_groups),
        (first, leaf, (groups[0], groups[0])),
        (first, b"{}", groups),
    ):
        assert log.disclose(index, claimed, values) is not None
    assert list(read_rows(tmp_path / "e" / "side" / "disclosures.db")) == []
    assert leaf_hash(leaf) != leaf_hash(other)


async def test_a_recorder_says_why_it_keeps_no_values(place):
    """The worker hears it, the connection stays, and it is no gap."""
    root, path = place
    process = start_recorder(root, path)
    client = RecorderClient()
    await client.connect(str(path))
    leaf, groups = commitment()
    index = await client.append(leaf)
    with pytest.raises(RecorderUnavailableError, match="another"):
        await client.disclose(index - 1, leaf, groups)
    await client.disclose(index, leaf, groups)
    unrecorded = client.unrecorded
    await client.close()
    stop(process)

    assert unrecorded == 0
    assert {index for index, _, _ in read_rows(root / "side" / "disclosures.db")} == {index}
    leaves = [one.leaf for one in segment.scan((root / "log/seg/000000.seg").read_bytes())]
    assert leaves[index] == leaf
