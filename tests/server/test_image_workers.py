import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

from guard.errors import PictureError, PicturesBusyError
from guard.image.card import HEIGHT, WIDTH
from guard.image.pack_file import from_bytes
from guard.image.visible_mark import VisibleMark
from guard.server import image_workers
from guard.server.image_workers import ImageWorkers
from tests.support.pictures import bomb, decoded, encoded, noise, photograph
from tests.support.upstream import jpeg

CARD = {"holder": "Ada", "contact": "a@b.example", "reference": "X", "media_type": "image/png", "language": "en"}

STUBBORN = """
import os, sys, time
from guard.image import jobs
read = sys.stdin.buffer.read
while prefix := read(8):
    head, body = jobs.lengths(prefix)
    head, body = read(head), read(body)
    if body == b"crash":
        os.kill(os.getpid(), 11)
    if body == b"hang":
        time.sleep(60)
    if body == b"garbage":
        os.write(1, b"\\xff" * 100)
    answer = jobs.Preview(body=str(os.getpid()).encode(), media_type="text/plain", width=1, height=1)
    os.write(1, jobs.pack_preview(answer))
"""


def stubborn(**options):
    """Return a pool of workers that do what the picture says, and otherwise tell their process id."""
    return ImageWorkers(command=(sys.executable, "-c", STUBBORN), **options)


async def pid(workers):
    return int((await workers.preview(b"", 1, None)).body)


def alive(process_id):
    with contextlib.suppress(ProcessLookupError):
        os.kill(process_id, 0)
        # A zombie has ended too.
        with open(f"/proc/{process_id}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


async def gone(process_id):
    for _ in range(200):
        if not alive(process_id):
            return True
        await asyncio.sleep(0.02)
    return False


async def test_previews_and_cards_are_made_in_another_process():
    """Real pictures come back through a real worker, several at once."""
    async with ImageWorkers(count=2) as workers:
        made = await asyncio.gather(
            workers.preview(photograph(), 60, VisibleMark(text="© Ada")),
            workers.preview(encoded(noise(), "PNG"), 30, None),
            workers.card(**CARD),
        )

    assert decoded(made[0].body).size == (made[0].width, made[0].height) == (60, 40)
    assert decoded(made[1].body).format == "PNG"
    assert decoded(made[2]).size == (WIDTH, HEIGHT)


async def test_a_picture_that_can_not_be_read_says_why_and_harms_nobody():
    """Hostile pictures fail with a reason, and the same worker makes the next one."""
    async with ImageWorkers() as workers:
        for data in (b"", b"nonsense", bomb()):
            with pytest.raises(PictureError, match=r"known format|limit"):
                await workers.preview(data, 60, None)

        assert (await workers.preview(photograph(), 60, None)).width == 60


async def test_the_worker_is_confined():
    """Memory, processor time, files and core dumps of the real worker are limited, and no secret reaches it."""
    os.environ["GUARD_TEST_SECRET"] = "geheim"
    try:
        async with ImageWorkers() as workers:
            await workers.card(**CARD)
            process_id = next(iter(children()))
            limits, environment = (content(f"/proc/{process_id}/{name}") for name in ("limits", "environ"))
    finally:
        del os.environ["GUARD_TEST_SECRET"]

    for name in ("Max address space", "Max cpu time", "Max core file size", "Max file size", "Max open files"):
        line = next(line for line in limits.splitlines() if line.startswith(name))
        assert line.split(name)[1].split()[0] != "unlimited"
    assert "geheim" not in environment


async def test_a_picture_of_the_largest_cameras_gets_its_pack_within_the_memory_of_a_worker():
    """Both encodings of 45 megapixels, in the process that has only so much."""
    data = jpeg(8192, 5504)
    async with ImageWorkers(timeout=60) as workers:
        pack = await workers.pack(data, rendition=b"r" * 32, size=len(data), seed=b"s" * 32)

    assert from_bytes(pack).grid.width == 8192


def content(path):
    with open(path) as file:
        return file.read()


def children():
    """Return the process ids of our image workers."""
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{name}/stat") as stat, open(f"/proc/{name}/cmdline") as line:
            parent = int(stat.read().rpartition(")")[2].split()[1])
            if parent == os.getpid() and "image_worker" in line.read():
                yield int(name)


async def test_workers_are_started_by_the_first_job_and_end_with_the_pool():
    """A pool that is never asked costs nothing, and a closed one leaves nothing behind."""
    workers = stubborn()
    assert repr(workers) == "ImageWorkers(count=1, running=0, waiting=0)"

    process_id = await pid(workers)
    assert alive(process_id)
    await workers.close()

    assert await gone(process_id)
    with pytest.raises(PictureError, match="closed"):
        await workers.preview(b"", 1, None)


@pytest.mark.parametrize("deed", [b"crash", b"garbage"])
async def test_a_worker_that_breaks_costs_only_its_job(deed):
    """The next picture is made by a new process."""
    async with stubborn() as workers:
        first = await pid(workers)
        with pytest.raises(PictureError, match="ended"):
            await workers.preview(deed, 1, None)

        assert await pid(workers) != first
        assert await gone(first)


async def test_a_worker_that_was_killed_while_idle_costs_no_job():
    """Its end is noticed before the next job is sent."""
    async with stubborn() as workers:
        first = await pid(workers)
        os.kill(first, signal.SIGKILL)
        assert await gone(first)
        await asyncio.sleep(0.1)

        assert await pid(workers) != first


async def test_a_job_that_takes_too_long_is_ended_with_its_worker():
    """The caller hears of it in time, and the process is gone."""
    async with stubborn(timeout=0.8) as workers:
        first = await pid(workers)
        begin = time.monotonic()
        with pytest.raises(PictureError, match=r"0\.8 seconds"):
            await workers.preview(b"hang", 1, None)

        assert time.monotonic() - begin < 3
        assert await gone(first)
        assert await pid(workers) != first


async def test_what_does_not_fit_into_the_queue_is_refused_at_once():
    """A full pool answers "busy" instead of collecting pictures; so it does with too many bytes."""
    async with stubborn(queue=2, timeout=3) as workers:
        await pid(workers)
        running = asyncio.create_task(workers.preview(b"hang", 1, None))
        await asyncio.sleep(0.05)
        waiting = [asyncio.create_task(workers.preview(b"", 1, None)) for _ in range(2)]
        await asyncio.sleep(0.05)

        with pytest.raises(PicturesBusyError):
            await workers.preview(b"", 1, None)
        for task in (running, *waiting):
            task.cancel()
        await asyncio.gather(running, *waiting, return_exceptions=True)


async def test_waiting_pictures_are_limited_in_bytes(monkeypatch):
    """Few but large pictures do not fill the memory either."""
    monkeypatch.setattr(image_workers, "MAX_WAITING_BYTES", 5000)
    async with stubborn() as workers:
        with pytest.raises(PicturesBusyError):
            await workers.preview(b"x" * 5000, 1, None)
        assert await pid(workers)


async def test_a_caller_that_went_away_leaves_the_pool_usable():
    """A cancelled request's job is skipped or thrown away."""
    async with stubborn() as workers:
        task = asyncio.create_task(workers.preview(b"", 1, None))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await pid(workers)


async def test_closing_fails_the_jobs_that_wait():
    """Nobody waits for ever for a pool that is gone."""
    workers = stubborn()
    jobs = [asyncio.create_task(workers.preview(b"hang", 1, None)) for _ in range(3)]
    await asyncio.sleep(0.3)

    await workers.close()

    results = await asyncio.gather(*jobs, return_exceptions=True)
    assert all(isinstance(result, PictureError) for result in results)


def test_crashes_in_a_row_slow_the_restarts_down():
    """The first crash costs no pause, later ones more and more, up to a limit."""
    pauses = [image_workers._pause(crashes) for crashes in range(12)]

    assert pauses[:4] == [0, 0, 0.2, 0.4]
    assert max(pauses) == image_workers.LONGEST_PAUSE


async def test_a_program_that_does_not_start_is_a_picture_error():
    """A broken installation costs the picture, not the request."""
    async with ImageWorkers(command=("/nonexistent/program",)) as workers:
        with pytest.raises(PictureError):
            await workers.card(**CARD)


ENDLESS = """
from guard.server import image_worker
image_worker.answer = lambda head, body: [None for _ in iter(int, 1)]
image_worker.main()
"""


def test_a_worker_dies_with_its_parent_in_the_middle_of_a_job():
    """A parent that is killed leaves no process behind, even one that will not look at its input for long."""
    script = textwrap.dedent(f"""
        import asyncio, os, signal, sys
        from guard.server.image_workers import ImageWorkers
        async def main():
            workers = ImageWorkers(command=(sys.executable, "-c", {ENDLESS!r}))
            asyncio.create_task(workers.preview(b"", 1, None))
            for _ in range(200):
                await asyncio.sleep(0.05)
                for name in filter(str.isdigit, os.listdir("/proc")):
                    try:
                        stat = open(f"/proc/{{name}}/stat").read().rpartition(")")[2].split()
                    except OSError:
                        continue
                    # A second of processor time: it has long begun with the job.
                    if int(stat[1]) == os.getpid() and int(stat[11]) >= os.sysconf("SC_CLK_TCK"):
                        print(name, flush=True)
                        os.kill(os.getpid(), signal.SIGKILL)
        asyncio.run(main())
    """)
    parent = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False)

    worker = int(parent.stdout)
    for _ in range(100):
        if not alive(worker):
            break
        time.sleep(0.02)
    assert not alive(worker)


def test_the_proxys_process_never_loads_a_decoder():
    """Importing the pool, the stock of cards and the sniffer brings neither Pillow nor numpy."""
    script = (
        "import sys, guard.server.image_workers, guard.server.cards, guard.image.sniff;"
        "print([name for name in ('PIL', 'numpy') if name in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=True)

    assert loaded.stdout.strip() == "[]"


async def test_closing_ends_a_worker_whose_answer_comes_at_that_moment(monkeypatch):
    """A lane that is told to end while its answer arrives must not go on waiting for ever."""

    class Process:
        returncode = None

        def kill(self):
            """Be dead."""

        async def wait(self):
            return 0

    async def start(_workers):
        return Process()

    gate = asyncio.get_running_loop().create_future()

    async def exchange(_process, _message):
        return await gate

    monkeypatch.setattr(image_workers.ImageWorkers, "_start", start)
    monkeypatch.setattr(image_workers, "_exchange", exchange)
    workers = image_workers.ImageWorkers()
    asked = asyncio.ensure_future(workers.preview(b"", 10, None))
    await asyncio.sleep(0.05)

    gate.set_result((b"", b""))
    await asyncio.sleep(0)
    async with asyncio.timeout(2):
        await workers.close()

    with pytest.raises(PictureError):
        await asked
