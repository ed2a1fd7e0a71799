import asyncio

import pytest

from guard.errors import PictureError, PicturesBusyError
from guard.image.left_alone import Why
from guard.image.rights import rewrite
from guard.image.rights_jobs import RightsJob
from guard.server.rights_workers import RightsWorkers
from tests.image.test_rights import RIGHTS
from tests.support.pictures import photograph

JOB = RightsJob(rights=RIGHTS, strip=True)


async def test_a_worker_makes_what_the_function_makes():
    """The same bytes, the same words; and what stays as it is does not travel back."""
    async with RightsWorkers() as workers:
        workers.warm()
        made = await workers.rewrite(photograph(), JOB)
        torn = await workers.rewrite(photograph()[:-50], JOB)
        done = await workers.rewrite(made.body, JOB)

    assert made == rewrite(photograph(), RIGHTS, strip=True)
    assert (torn.body, torn.why) == (photograph()[:-50], Why.DAMAGED)
    assert (done.body, done.why, done.added) == (made.body, None, ())


async def test_more_than_the_queue_holds_is_refused_at_once():
    """Whoever asks has something else to send."""
    async with RightsWorkers() as workers:
        asked = await asyncio.gather(
            *(workers.rewrite(photograph(), JOB) for _ in range(80)), return_exceptions=True
        )  # fmt: skip

    assert sum(isinstance(one, PicturesBusyError) for one in asked) >= 10
    assert not [one for one in asked if isinstance(one, BaseException) and not isinstance(one, PicturesBusyError)]


async def test_a_closed_pool_says_so():
    """Also one that was never warm."""
    workers = RightsWorkers()
    await workers.close()

    with pytest.raises(PictureError, match="closed"):
        await workers.rewrite(photograph(), JOB)
