import asyncio
from hashlib import sha256

import pytest
from prometheus_client import CollectorRegistry, Counter

from guard.image.pack_file import to_bytes
from guard.server.image_workers import ImageWorkers
from guard.server.made_pictures import Source
from guard.server.pack_builder import MOST_WAITING, PackBuilder
from guard.store.packs import PackFolder
from tests.support.pictures import encoded, packed, scenery

KEY = b"k" * 32


@pytest.fixture
async def builder(tmp_path):
    async with ImageWorkers() as workers:
        made = PackBuilder(KEY, PackFolder(tmp_path, 64 << 20), workers, counter())
        yield made
        await made.close()


def counter():
    return Counter("packs", "…", ("result",), registry=CollectorRegistry())


def order(builder, data):
    source = Source(rendition=sha256(data).digest(), size=len(data), body=data, made="")
    builder.order(source)
    return source


async def built(builder, ordered):
    for _ in range(300):
        if (found := await builder.find(ordered)) is not None:
            return found
        await asyncio.sleep(0.02)
    return None


async def test_a_pack_is_made_meanwhile_and_found_later(builder, tmp_path):
    """In another process, from the seed alone; a restart finds it on disk."""
    data = encoded(scenery(320, 240), "JPEG")

    ordered = order(builder, data)
    found = await built(builder, ordered)

    assert found is not None
    assert to_bytes(found.pack) == to_bytes(packed(data, KEY))
    assert found.key == KEY
    assert KEY.hex() not in repr(found)
    assert repr(KEY) not in repr(found)
    again = PackBuilder(KEY, PackFolder(tmp_path, 64 << 20), ImageWorkers(), counter())
    assert await again.find(ordered) is not None
    other = PackBuilder(b"x" * 32, PackFolder(tmp_path, 64 << 20), ImageWorkers(), counter())
    assert await other.find(ordered) is None, "a pack of another key carries another mark"


async def test_what_can_not_be_marked_is_tried_once(builder):
    """A hostile picture costs one attempt, not one a request."""
    ordered = order(builder, b"no picture")
    for _ in range(300):
        if builder.idle:
            break
        await asyncio.sleep(0.02)

    assert builder.idle
    order(builder, b"no picture")
    assert builder.idle, "it was ordered again"
    assert await builder.find(ordered) is None


async def test_the_queue_is_short(builder):
    """A flood of pictures is not kept in memory; what was left out is asked for again."""
    for number in range(MOST_WAITING * 3):
        order(builder, b"%d" % number)

    assert len(builder._waiting) <= MOST_WAITING


async def test_whatever_goes_wrong_with_one_picture_the_next_is_made(builder, monkeypatch):
    """A fault nobody thought of does not end the making of packs."""
    first, second = (encoded(scenery(320, 240, seed=seed), "JPEG") for seed in (1, 2))
    store, calls = builder._folder.store, []

    def broken(name, data):
        calls.append(name)
        if len(calls) == 1:
            raise RuntimeError("a fault nobody thought of")
        return store(name, data)

    monkeypatch.setattr(builder._folder, "store", broken)
    order(builder, first)
    ordered = order(builder, second)

    assert await built(builder, ordered) is not None
    for _ in range(100):
        if builder.idle:
            break
        await asyncio.sleep(0.02)
    assert builder.idle
    assert len(calls) == 2


async def test_another_key_makes_other_packs(builder):
    """A copy that is under way keeps its key; the picture is prepared anew for the next one."""
    data = encoded(scenery(320, 240), "JPEG")
    ordered = order(builder, data)
    under_way = await built(builder, ordered)

    builder.take_key(b"n" * 32)

    assert builder.at_hand(ordered.key) is None
    assert await builder.find(ordered) is None
    order(builder, data)
    fresh = await built(builder, ordered)
    assert (under_way.key, fresh.key) == (KEY, b"n" * 32)
    assert to_bytes(fresh.pack) == to_bytes(packed(data, b"n" * 32))


class Killed(ImageWorkers):
    """Workers of which so many are killed over their job."""

    def __init__(self, times):
        super().__init__()
        self.times, self.asked = times, 0

    async def _start(self):
        process = await super()._start()
        self.asked += 1
        if self.asked <= self.times:
            process.kill()
            await process.wait()
        return process


@pytest.mark.parametrize(("times", "tries"), [(1, 2), (9, 2)])
async def test_a_picture_over_which_a_worker_was_killed_is_tried_once_more(tmp_path, times, tries):
    """The first may have been killed for another reason; the second is the picture's fault. No third."""
    workers = Killed(times)
    builder = PackBuilder(KEY, PackFolder(tmp_path, 64 << 20), workers, counter())
    data = encoded(scenery(320, 240), "JPEG")
    found = None
    for _ in range(4):
        source = order(builder, data)
        for _ in range(300):
            if builder.idle:
                break
            await asyncio.sleep(0.02)
        found = await builder.find(source)

    assert (found is not None) == (times == 1)
    assert workers.asked == tries
    await builder.close()
