"""How does the proxy get rights written into a picture without its loop being held up?

A pool like that of the image workers, but of its own: a visitor's picture must not wait for the
previews of crawlers.
"""

import asyncio
import contextlib
import sys
from pathlib import Path

from guard.errors import PictureError
from guard.image import rights_jobs
from guard.image.rights import Rewritten
from guard.image.rights_jobs import RightsJob
from guard.server.image_workers import ImageWorkers

QUEUE = 64
"""Jobs that may wait; each takes about a millisecond."""
TIMEOUT = 5.0
"""Seconds a job may wait, and again may take."""


class RightsWorkers(ImageWorkers):
    """A pool of rights workers. They are started by the first job, and ended by `close`."""

    def __init__(self, certificate: Path | None = None, *, timeout: float = TIMEOUT) -> None:
        """Take the folder of the certificate, if pictures are signed."""
        folder = (str(certificate),) if certificate else ()
        command = (sys.executable, "-m", "guard.server.rights_worker", *folder)
        super().__init__(queue=QUEUE, timeout=timeout, command=command)
        self._warming: asyncio.Task[None] | None = None

    def warm(self) -> None:
        """Start a worker before its first picture comes. Call it where a loop runs."""
        self._warming = asyncio.create_task(self._warm())

    async def _warm(self) -> None:
        with contextlib.suppress(PictureError):
            await self.rewrite(b"", RightsJob(rights=None, strip=False))

    async def close(self) -> None:
        """End the workers; jobs that are not done fail."""
        await super().close()
        if self._warming is not None:
            await asyncio.gather(self._warming, return_exceptions=True)

    async def rewrite(self, picture: bytes, job: RightsJob) -> Rewritten:
        """Return the picture as `guard.image.rights.rewrite` makes it.

        Raises:
            PictureError: The pool is busy or closed, or the job took too long or failed.
        """
        head, body = await self.submit(rights_jobs.pack_job(job, picture))
        return rights_jobs.unpack_answer(head, body, picture)
