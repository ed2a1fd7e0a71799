"""Does a worker's line to the recorder stay bounded, end its waits, and confess what was lost?"""

import asyncio
import gc

import pytest
import uvloop

from guard.errors import RecorderUnavailableError
from guard.evidence import record
from guard.server import recorder_client
from guard.server.recorder_client import RecorderClient
from guard.server.recorder_protocol import Message, Reader, done, done_many, message, parse_append
from tests.support.evidence import AT, request_leaf


class FakeRecorder:
    """Answers as told, or not at all."""

    def __init__(self, path):
        self.path = str(path)
        self.leaves = []
        self.answer = lambda index, number: done(number, index)
        self.writers = []
        self.server = None

    async def start(self):
        self.server = await asyncio.start_unix_server(self._serve, self.path)

    async def _serve(self, reader, writer):
        messages = Reader()
        self.writers.append(writer)
        while data := await reader.read(1 << 16):
            for kind, number, body in messages.feed(data):
                assert kind == Message.APPEND
                leaf, _ = parse_append(body)
                self.leaves.append(leaf)
                answer = self.answer(len(self.leaves) - 1, number)
                if answer:
                    writer.write(answer)
        writer.close()

    def drop(self):
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()

    async def stop(self):
        self.drop()
        self.server.close()
        await self.server.wait_closed()

    def gaps(self):
        found = [record.read(leaf) for leaf in self.leaves]
        return {one.fields["why"]: one.fields["count"] for one in found if one.kind.value == "gap"}


@pytest.fixture
async def fake(tmp_path):
    one = FakeRecorder(tmp_path / "s")
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def client(fake, monkeypatch):
    monkeypatch.setattr(recorder_client, "_GAP_EVERY", 0.05)
    one = RecorderClient(timeout=0.3)
    await one.connect(fake.path)
    yield one
    await one.close()


async def until(condition):
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never came true")


async def test_appends_are_answered_in_any_order(fake, client):
    """Each wait gets its own answer."""
    held = []
    fake.answer = lambda index, number: held.append(done(number, index)) or b""
    waits = [asyncio.create_task(client.append(request_leaf(at=AT + i))) for i in range(3)]
    await until(lambda: len(held) == 3)
    fake.writers[0].write(b"".join(reversed(held)))

    assert await asyncio.gather(*waits) == [0, 1, 2]


async def test_appends_are_answered_together(fake, client):
    """Each wait gets its own answer out of one message; what nobody waits for is passed over."""
    numbers = []
    fake.answer = lambda _, number: numbers.append(number) or b""
    waits = [asyncio.create_task(client.append(request_leaf(at=AT + i))) for i in range(3)]
    await until(lambda: len(numbers) == 3)
    fake.writers[0].write(done_many([99, 1, numbers[2], 12, numbers[0], 10, numbers[1], 11]))

    assert await asyncio.gather(*waits) == [10, 11, 12]
    assert client.pending == 0


async def test_an_answer_cut_short_ends_the_line(fake, client):
    """What waited is given up at once and counted; the next line is made."""
    fake.answer = lambda *_: message(Message.DONE_MANY, 0, b"123456789")
    with pytest.raises(RecorderUnavailableError, match="connection lost"):
        await client.append(request_leaf())
    fake.answer = lambda index, number: done(number, index)
    await until(lambda: client.connected)

    assert client.unrecorded == 1 or fake.gaps() == {"connection_lost": 1}


async def test_a_recorder_that_does_not_answer_ends_the_wait(fake, client):
    """After the timeout, not later; and it is no gap when the answer comes after all."""
    held = []
    fake.answer = lambda index, number: held.append(done(number, index)) or b""
    started = asyncio.get_running_loop().time()
    with pytest.raises(RecorderUnavailableError, match="in time"):
        await client.append(request_leaf())
    took = asyncio.get_running_loop().time() - started
    assert client.unrecorded == 0
    fake.writers[0].write(held[0])
    await until(lambda: "pending=0" in repr(client))

    assert 0.25 < took < 1.5
    assert client.unrecorded == 0


async def test_a_late_record_is_a_gap_when_the_recorder_goes(fake, client):
    """Then nobody knows whether it is in the log."""
    fake.answer = lambda _index, _number: b""
    with pytest.raises(RecorderUnavailableError):
        await client.append(request_leaf())
    fake.answer = lambda index, number: done(number, index)
    fake.drop()
    await until(lambda: fake.gaps() == {"connection_lost": 1})

    assert client.unrecorded == 0


async def test_a_lost_connection_ends_the_wait_and_comes_back(fake, client):
    """What was sent is not sent again; what comes later is recorded, and the gap is confessed."""
    fake.answer = lambda _index, _number: b""
    waits = [asyncio.create_task(client.append(request_leaf(at=AT + i))) for i in range(5)]
    await until(lambda: len(fake.leaves) == 5)
    fake.answer = lambda index, number: done(number, index)
    fake.drop()
    results = await asyncio.gather(*waits, return_exceptions=True)
    assert all(isinstance(one, RecorderUnavailableError) for one in results)
    await client.append(request_leaf(at=AT + 9))
    await until(lambda: fake.gaps() == {"connection_lost": 5})

    assert fake.leaves.count(request_leaf(at=AT)) == 1


async def test_a_record_waits_for_a_recorder_that_starts_again(tmp_path):
    """A short restart costs a delay, not a record."""
    fake = FakeRecorder(tmp_path / "s")
    client = RecorderClient(timeout=2)
    connecting = asyncio.create_task(client.connect(fake.path))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(client.append(request_leaf()))
    await asyncio.sleep(0.1)
    await fake.start()

    assert await waiting == 0
    await connecting
    await client.close()
    await fake.stop()


async def test_without_a_recorder_an_append_ends_in_time_and_is_counted(tmp_path):
    """The proxy is not held up, and the gap is confessed when there is a recorder."""
    fake = FakeRecorder(tmp_path / "s")
    client = RecorderClient(timeout=0.2)
    await client.connect(fake.path)
    results = await asyncio.gather(*(client.append(request_leaf()) for _ in range(7)), return_exceptions=True)
    client.note_unrecorded("paused")
    assert all(isinstance(one, RecorderUnavailableError) for one in results)
    assert client.unrecorded == 8
    await fake.start()
    await until(lambda: fake.gaps() == {"recorder_away": 7, "paused": 1})

    assert client.unrecorded == 0
    await client.close()
    await fake.stop()


async def test_the_queue_is_bounded(fake, client, monkeypatch):
    """What does not fit is refused at once and counted; nothing grows without end."""
    monkeypatch.setattr(recorder_client, "MOST_PENDING", 10)
    fake.answer = lambda _index, _number: b""
    waits = [asyncio.create_task(client.append(request_leaf())) for _ in range(15)]
    await asyncio.sleep(0.05)
    refused = [one for one in waits if one.done()]
    await asyncio.gather(*waits, return_exceptions=True)

    assert len(refused) == 5
    assert client.unrecorded == 5


async def test_a_recorder_that_is_behind_is_given_nothing_more(fake, client):
    """Else it would write all that is offered and acknowledge nothing in time; when it has caught up it goes on."""
    held = []
    fake.answer = lambda index, number: held.append(done(number, index)) or b""
    first = asyncio.create_task(client.append(request_leaf()))
    await asyncio.sleep(0.25)  # more than three quarters of the timeout
    with pytest.raises(RecorderUnavailableError, match="behind"):
        await client.append(request_leaf())
    fake.writers[0].write(held[0])
    await first
    fake.answer = lambda index, number: done(number, index)
    again = await client.append(request_leaf())
    await until(lambda: fake.gaps() == {"recorder_slow": 1})

    assert again in (1, 2), "before or after what the gap says"


async def test_the_queue_is_bounded_in_bytes(fake, client, monkeypatch):
    """A few large records count as many small ones."""
    monkeypatch.setattr(recorder_client, "MOST_PENDING_BYTES", 10_000)
    fake.answer = lambda _index, _number: b""
    waits = [asyncio.create_task(client.append(request_leaf(operator="x" * 5000))) for _ in range(3)]
    await asyncio.sleep(0.05)

    assert sum(one.done() for one in waits) == 2
    await asyncio.gather(*waits, return_exceptions=True)


async def test_a_refused_record_is_an_error_and_a_gap(fake, client):
    """Whoever sent it hears why."""
    fake.answer = lambda _index, number: message(Message.REFUSED, number, b"no such thing")
    with pytest.raises(RecorderUnavailableError, match="no such thing"):
        await client.append(request_leaf())
    fake.answer = lambda index, number: done(number, index)
    await until(lambda: fake.gaps() == {"refused": 1})


async def test_a_record_that_the_disk_did_not_take_is_counted_by_the_recorder_alone(fake, client):
    """Else it would be counted twice."""
    fake.answer = lambda _index, number: message(Message.NOT_DURABLE, number, b"disk full")
    with pytest.raises(RecorderUnavailableError, match="disk full"):
        await client.append(request_leaf())

    assert client.unrecorded == 0


async def test_a_gap_that_can_not_be_written_is_kept(fake, client):
    """It is confessed later, with what came on top."""
    fake.answer = lambda _index, number: message(Message.NOT_DURABLE, number, b"disk full")
    client.note_unrecorded("paused")
    await until(lambda: len(fake.leaves) >= 2)
    client.note_unrecorded("paused")
    fake.leaves.clear()
    fake.answer = lambda index, number: done(number, index)
    await until(lambda: fake.gaps().get("paused") == 2)

    assert client.unrecorded == 0


async def test_a_caller_that_goes_away_leaves_nothing_behind(fake, client):
    """A cancelled append is answered into the void, and no warning comes of it."""
    held = []
    fake.answer = lambda index, number: held.append(done(number, index)) or b""
    waiting = asyncio.create_task(client.append(request_leaf()))
    await until(lambda: held)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    fake.writers[0].write(held[0])
    await until(lambda: "pending=0" in repr(client))
    gc.collect()

    assert client.unrecorded == 0


async def test_a_closed_line_refuses(fake, client):
    """Nobody waits on it for ever."""
    await client.close()
    with pytest.raises(RecorderUnavailableError):
        await client.append(request_leaf())


async def test_a_recorder_that_talks_nonsense_is_left(fake, client):
    """The connection is dropped and made again."""
    fake.answer = lambda _index, _number: b"\x00\x00\x00\x00nonsense"
    with pytest.raises(RecorderUnavailableError):
        await client.append(request_leaf())
    fake.answer = lambda index, number: done(number, index)

    assert isinstance(await client.append(request_leaf()), int)


def test_the_line_works_on_uvloop_too(tmp_path):
    """Workers run on it; its transports are of no class that asyncio knows."""

    async def work():
        fake = FakeRecorder(tmp_path / "s")
        await fake.start()
        client = RecorderClient()
        await client.connect(fake.path)
        indexes = await asyncio.gather(*(client.append(request_leaf()) for _ in range(3)))
        await client.close()
        await fake.stop()
        return indexes

    assert uvloop.run(work()) == [0, 1, 2]
