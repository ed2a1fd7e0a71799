"""How does a picture look, small?

It is fetched from the site behind the guard, at most two at a time, and made small in a process that can
be killed; what was made is kept for a few minutes. Only pictures that are in the books can be asked for.
"""

import asyncio
import time
from collections import OrderedDict
from typing import Final

import aiohttp

from guard.errors import PictureError
from guard.image.jobs import Preview
from guard.server.image_workers import ImageWorkers
from guard.server.site import Upstream
from guard.server.under_way import UnderWay
from guard.server.upstream import Timeouts, UpstreamClient
from guard.settings import Settings, Site
from guard.settings_text import ANY_HOST

SIDE: Final = 360
"""Pixels of the longer side."""
AT_ONCE: Final = 2
SECONDS: Final = 15.0
LARGEST: Final = 40 << 20
"""Bytes of the site's picture."""
KEPT: Final = 256
KEPT_SECONDS: Final = 600.0


class Thumbnails:
    """Small copies of the owner's pictures, for the owner."""

    def __init__(self) -> None:
        self._images = ImageWorkers()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._kept: OrderedDict[tuple[str, str], tuple[float, Preview]] = OrderedDict()

    async def of(self, settings: Settings, host: str, path: str) -> Preview | None:
        """Return the picture at a path of a site; None where there is none that can be shown."""
        site = next((one for one in settings.sites if one.host == host), None)
        if site is None or not path.startswith("/"):
            return None
        key = host, path
        if (kept := self._kept.get(key)) is not None and time.monotonic() - kept[0] < KEPT_SECONDS:
            return kept[1]
        async with self._room:
            try:
                async with asyncio.timeout(SECONDS):
                    made = await self._made(settings, site, path)
            except (PictureError, aiohttp.ClientError, OSError, TimeoutError, ValueError):
                return None
        if made is not None:
            self._kept[key] = time.monotonic(), made
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    async def _made(self, settings: Settings, site: Site, path: str) -> Preview | None:
        upstream = Upstream(base=site.upstream_base, unix_socket=site.upstream_socket)
        client = UpstreamClient(
            upstream, Timeouts(connect=settings.timeouts.connect, read=settings.timeouts.read), UnderWay()
        )
        headers = {"Host": site.host} if site.host != ANY_HOST else {}
        try:
            async with client.session.get(client.url(path), headers=headers, allow_redirects=False) as answer:
                if answer.status != 200:
                    return None
                pieces: list[bytes] = []
                size = 0
                async for piece in answer.content.iter_any():
                    size += len(piece)
                    if size > LARGEST:
                        return None
                    pieces.append(piece)
        finally:
            await client.close()
        return await self._images.preview(b"".join(pieces), SIDE, None)

    async def close(self) -> None:
        """End what makes them."""
        await self._images.close()
