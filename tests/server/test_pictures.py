"""A smaller copy is made once, however many ask for it, and a failure is told to all of them."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from guard.core.policy import PreviewSize
from guard.errors import PictureError, PicturesBusyError
from guard.image.jobs import Preview
from guard.server.pictures import Pictures, Sizes

SIZES = Sizes(thumbnail=400, display=1600, preview=512)


class Workers:
    """Takes a moment, and one order at a time."""

    def __init__(self, error: Exception | None = None) -> None:
        self.orders = 0
        self.error = error
        self._busy = False

    async def preview(self, body: bytes, *, longest_side: int, **_more: object) -> Preview:
        self.orders += 1
        if self._busy:
            raise PicturesBusyError("too many pictures are waiting")
        self._busy = True
        await asyncio.sleep(0.05)
        self._busy = False
        if self.error is not None:
            raise self.error
        return Preview(body=body[:1], media_type="image/jpeg", width=longest_side, height=1)


def upstream(body: bytes) -> Any:
    async def read(_limit: int) -> bytes:
        return body

    return SimpleNamespace(read=read)


async def test_many_who_ask_at_the_same_time_get_one_copy():
    """And whoever goes meanwhile takes nothing from the others."""
    workers = Workers()
    pictures = Pictures(workers, SIZES)  # type: ignore[arg-type]
    asking = [asyncio.create_task(pictures.shrink(upstream(b"abc"), PreviewSize.PREVIEW, None)) for _ in range(50)]
    await asyncio.sleep(0.01)
    asking[0].cancel()
    made = await asyncio.gather(*asking, return_exceptions=True)

    assert isinstance(made[0], asyncio.CancelledError)
    assert {id(one) for one in made[1:]} == {id(made[1])}
    assert (await pictures.shrink(upstream(b"abc"), PreviewSize.PREVIEW, None)) is made[1]
    assert workers.orders == 1


async def test_what_failed_is_tried_again_by_who_asks_next():
    """Everybody who waited is told."""
    workers = Workers(PictureError("it can not be read"))
    pictures = Pictures(workers, SIZES)  # type: ignore[arg-type]
    asking = [pictures.shrink(upstream(b"abc"), PreviewSize.PREVIEW, None) for _ in range(3)]
    told = await asyncio.gather(*asking, return_exceptions=True)
    with pytest.raises(PictureError):
        await pictures.shrink(upstream(b"abc"), PreviewSize.PREVIEW, None)

    assert [str(one) for one in told] == ["it can not be read"] * 3
    assert workers.orders == 2
