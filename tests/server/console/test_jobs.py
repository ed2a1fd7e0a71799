"""One piece of work of each sort at a time, and its end is told."""

import asyncio

from guard.server.console.commands import CommandError
from guard.server.console.jobs import Jobs


def test_a_second_one_of_a_sort_waits_for_the_first():
    """And is told that it did not begin."""

    async def run() -> None:
        jobs, goes_on = Jobs(), asyncio.Event()

        async def work() -> int:
            await goes_on.wait()
            return 7

        assert jobs.begin("verify", work)
        assert not jobs.begin("verify", work)
        assert jobs.begin("export", work)
        goes_on.set()
        await asyncio.sleep(0.05)
        job = jobs.get("verify")
        assert job is not None
        assert (job.running, job.value, job.complaint) == (False, 7, "")
        assert jobs.begin("verify", work)
        await jobs.close()

    asyncio.run(run())


def test_what_went_wrong_is_kept():
    """For whoever looks later."""

    async def run() -> None:
        jobs = Jobs()

        async def work() -> None:
            raise CommandError("no such log")

        jobs.begin("verify", work)
        await asyncio.sleep(0.05)
        job = jobs.get("verify")
        assert job is not None
        assert job.complaint == "no such log"
        assert jobs.get("other") is None

    asyncio.run(run())
