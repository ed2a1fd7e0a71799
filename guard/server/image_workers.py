"""How does the proxy get a picture made without touching its bytes itself?

A pool of child processes (`image_worker`), each with one job at a time. A job that takes
too long costs its worker its life, and one that crashes it costs only that job: the next
one gets a new process, after a pause that grows while crashes repeat. What does not fit
into the queue is refused at once, because a caller that can not have the picture now has
something else to send.

This module never imports Pillow.
"""

import asyncio
import contextlib
import os
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from guard.errors import PictureError, PictureLostError, PicturesBusyError
from guard.image import jobs
from guard.image.jobs import CardJob, Language, PackJob, Preview, PreviewJob
from guard.image.visible_mark import VisibleMark

QUEUE = 32
"""Jobs that may wait. At 50 ms a preview the last one waits under two seconds."""
MAX_WAITING_BYTES = 128 * 1024 * 1024
"""Pictures held in memory while they wait."""
TIMEOUT = 10.0
"""Seconds a job may wait, and again may take. A 100-megapixel JPEG takes about two."""
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
"""Seconds before a new process after the second crash in a row; doubled with every further one."""
READ_LIMIT = 1024 * 1024

# One thread for each library, and few arenas: both reserve address space by the core, which is limited.
QUIET = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2", "PYTHONDONTWRITEBYTECODE": "1"}


Answer = tuple[bytes, bytes]
"""Head and body of the worker's message."""


@dataclass(slots=True, kw_only=True)
class _Order:
    """A job on its way through the pool."""

    message: bytes
    done: asyncio.Future[Answer]
    since: float = field(default_factory=time.monotonic)


class ImageWorkers:
    """A pool of image workers. They are started by the first job, and ended by `close`."""

    def __init__(
        self, count: int = 1, *, queue: int = QUEUE, timeout: float = TIMEOUT, command: tuple[str, ...] = ()
    ) -> None:
        self._count = count
        self._limit = queue
        self._timeout = timeout
        self._command = command or (sys.executable, "-m", "guard.server.image_worker")
        self._waiting: deque[_Order] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Semaphore(0)
        self._lanes: list[asyncio.Task[None]] = []
        self._closed = False

    def __repr__(self) -> str:
        return f"ImageWorkers(count={self._count}, running={len(self._lanes)}, waiting={len(self._waiting)})"

    async def preview(self, data: bytes, longest_side: int, visible_mark: VisibleMark | None) -> Preview:
        """Return a small copy of the picture `data`; see `guard.image.preview.preview`.

        Raises:
            PictureError: The picture can not be read or is over a limit, the pool is busy or
                closed, or the job took too long.
        """
        job = PreviewJob(longest_side=longest_side, visible_mark=visible_mark)
        return jobs.unpack_answer(*await self.submit(jobs.pack_job(job, data)))

    async def card(
        self, *, holder: str, contact: str, reference: str, media_type: str, language: Language, terms: str = ""
    ) -> bytes:
        """Return a licence card; see `guard.image.card.licence_card`.

        Raises:
            PictureError: As with `preview`.
        """
        job = CardJob(
            holder=holder, contact=contact, reference=reference, media_type=media_type, language=language, terms=terms
        )
        return jobs.unpack_answer(*await self.submit(jobs.pack_job(job, b""))).body

    async def pack(
        self, data: bytes, *, rendition: bytes, size: int, seed: bytes, visible_mark: VisibleMark | None = None
    ) -> bytes:
        """Return the file of a picture's pack; see `guard.image.pack.build`.

        Raises:
            PictureError: As with `preview`.
        """
        job = PackJob(rendition=rendition, size=size, seed=seed, visible_mark=visible_mark)
        return jobs.unpack_answer(*await self.submit(jobs.pack_job(job, data))).body

    async def close(self) -> None:
        """End the workers; jobs that are not done fail. Nothing can be asked afterwards."""
        self._closed = True
        lanes, self._lanes = self._lanes, []
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)
        while self._waiting:
            _fail(self._waiting.popleft(), PicturesBusyError("the image workers are closed"))
        self._waiting_bytes = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def submit(self, message: bytes) -> Answer:
        """Send a message to a worker and return the one that comes back.

        Raises:
            PictureError: As with `preview`, but for what the answer says.
        """
        if self._closed:
            raise PicturesBusyError("the image workers are closed")
        if len(self._waiting) >= self._limit or self._waiting_bytes + len(message) > MAX_WAITING_BYTES:
            raise PicturesBusyError("too many pictures are waiting")
        order = _Order(message=message, done=asyncio.get_running_loop().create_future())
        self._waiting.append(order)
        self._waiting_bytes += len(message)
        self._wake.release()
        self._lanes = [lane for lane in self._lanes if not lane.done()]
        while len(self._lanes) < self._count:
            self._lanes.append(asyncio.create_task(self._lane()))
        return await order.done

    async def _lane(self) -> None:
        """Take jobs from the queue, one after the other, to one process."""
        process: asyncio.subprocess.Process | None = None
        crashes = 0
        order: _Order | None = None
        try:
            while True:
                order = None
                await self._wake.acquire()
                order = self._waiting.popleft()
                self._waiting_bytes -= len(order.message)
                if time.monotonic() - order.since > self._timeout:
                    _fail(order, PicturesBusyError("the picture waited too long"))
                if order.done.done():
                    # Too old, or whoever asked has gone.
                    continue
                if process is None or process.returncode is not None:
                    await asyncio.sleep(_pause(crashes))
                try:
                    if process is None or process.returncode is not None:
                        process = await self._start()
                    # Not wait_for: in Python 3.11 it swallows a cancellation that meets the end of what it waits for.
                    async with asyncio.timeout(self._timeout):
                        answer = await _exchange(process, order.message)
                except TimeoutError:
                    _fail(order, PictureLostError(f"making the picture took more than {self._timeout:g} seconds"))
                except (OSError, EOFError, PictureError):
                    _fail(order, PictureLostError("the image worker ended while it made the picture"))
                else:
                    crashes = 0
                    _finish(order, answer)
                    continue
                crashes += 1
                await _end(process)
                process = None
        finally:
            if order is not None:
                _fail(order, PicturesBusyError("the image workers are closed"))
            await _end(process)

    async def _start(self) -> asyncio.subprocess.Process:
        # The configuration's secrets can be in the environment; a decoder has no use for them.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GUARD_")}
        return await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment | QUIET,
            limit=READ_LIMIT,
        )


async def _exchange(process: asyncio.subprocess.Process, message: bytes) -> Answer:
    """Send one message and read one; raise EOFError or OSError if the process ends in between."""
    if process.stdin is None or process.stdout is None:
        raise EOFError
    process.stdin.write(message)
    await process.stdin.drain()
    head, body = jobs.lengths(await process.stdout.readexactly(jobs.PREFIX.size))
    return await process.stdout.readexactly(head), await process.stdout.readexactly(body)


async def _end(process: asyncio.subprocess.Process | None) -> None:
    if process is None:
        return
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()


def _pause(crashes: int) -> float:
    """Return the seconds to wait after this many crashes in a row; a first one is no pattern yet."""
    return 0.0 if crashes < 2 else min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(crashes - 2, 10))


def _finish(order: _Order, answer: Answer) -> None:
    if not order.done.done():
        order.done.set_result(answer)


def _fail(order: _Order, error: PictureError) -> None:
    if not order.done.done():
        order.done.set_exception(error)
