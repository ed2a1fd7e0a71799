"""Galleries that can not be installed here, as small applications with the addresses of the real ones.

Each shape is from the program's own source or manual, named beside it. What decides anything is real: pictures in their
sizes, the type and the caching lines that the program sends with them, who must have logged in.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from aiohttp import web

from tests.support.pictures import encoded, noise

UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
FULL, LARGE, SMALL = (2400, 1500), (1200, 750), (250, 156)

PRIVATE = {"Cache-Control": "private, max-age=86400, no-transform"}
ATTACHED = {"Content-Disposition": 'attachment; filename="rope.jpg"'}


@dataclass(frozen=True, kw_only=True)
class Own:
    """One of the program's own clients, or one that its owner uses."""

    agent: str
    credential: tuple[str, str]
    asks: tuple[str, ...]
    """Method and address, as `GET /api/albums`."""
    pictures: tuple[str, ...] = ()
    """Addresses of pictures that it fetches."""


@dataclass(frozen=True, kw_only=True)
class App:
    """One program."""

    source: str
    public: Mapping[str, tuple[int, int]]
    """Pictures that everybody may see, with their sizes."""
    page: str
    login: tuple[str, ...] = ()
    own: tuple[Own, ...] = ()
    profile: str = ""
    """Where it is not its name."""
    owners: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Pictures that need a credential."""
    lines: Mapping[str, str] = field(default_factory=dict)
    """Sent with each public picture."""
    owners_lines: Mapping[str, str] = field(default_factory=dict)
    icon_errors: bool = False
    """An unknown picture is an icon with status 200."""


BEARER = ("Authorization", "Bearer c2VjcmV0")
BASIC = ("Authorization", "Basic amFuZTpzZWNyZXQ=")

_PIWIGO = "/_data/i/upload/2026/11/20/20261120101010-1a2b3c4d-"

APPS: dict[str, App] = {
    "nextgen": App(
        source="general knowledge of NextGEN's folders: <album>/name.jpg, thumbs/thumbs_name.jpg, name.jpg_backup",
        public={
            "/wp-content/gallery/harbour/rope.jpg": LARGE,
            "/wp-content/gallery/harbour/rope.jpg_backup": FULL,
            "/wp-content/gallery/harbour/thumbs/thumbs_rope.jpg": SMALL,
        },
        page="/harbour/",
        login=("/wp-login.php", "/wp-admin/admin.php?page=nggallery-manage-gallery"),
        own=(
            Own(
                agent="wp-android/2.6.4 (Android 4.3; en_US; samsung GT-I9505/jfltezh)",  # its own source's example
                credential=BASIC,
                asks=("POST /xmlrpc.php", "GET /wp-json/wp/v2/media", "POST /wp-admin/admin-ajax.php"),
            ),
            Own(agent="WordPress/6.1.9; http://nextgen.example", credential=BASIC, asks=("POST /wp-cron.php",)),
        ),
    ),
    "lychee": App(
        source="LycheeOrg/Lychee, app/Enum/SizeVariantType.php, config/filesystems.php",
        public={
            **{
                f"/uploads/{name}/a1/b2/c3d4e5.jpg": size
                for name, size in {
                    "original": FULL, "medium2x": (2160, 1350), "medium": (1080, 675), "small2x": (720, 450),
                    "small": (360, 225), "thumb2x": (400, 400), "thumb": (200, 200),
                }.items()
            },
            "/sym/8d1f0a2b.jpg": FULL,
        },
        page="/gallery",
        login=("/login", "/api/v2/Auth::login"),
        own=(Own(agent="curl/8.5.0", credential=BEARER, asks=("GET /api/v2/Albums", "POST /api/v2/Photo")),),
    ),
    "piwigo": App(
        source="Piwigo/Piwigo, include/derivative_std_params.inc.php, i.php, ws.php; whiteribbon.blog",
        public={
            "/upload/2026/11/20/20261120101010-1a2b3c4d.jpg": FULL,
            **{
                f"{_PIWIGO}{name}.jpg": size
                for name, size in {
                    "sq": (120, 120), "th": (144, 90), "2s": (240, 150), "xs": (432, 270), "sm": (576, 360),
                    "me": (792, 495), "la": (1008, 630), "xl": (1224, 765), "xx": (1656, 1035),
                }.items()
            },
            "/i.php?/upload/2026/11/20/20261120101010-1a2b3c4d-cu_s250x9999.jpg": (250, 156),
        },
        page="/index.php?/category/1",
        login=("/identification.php", "/admin.php?page=photos_add"),
        own=(
            Own(
                agent="python-requests/2.32.3",
                credential=("Cookie", "pwg_id=6f1ed002ab5595859014ebf0951522d9"),
                asks=("POST /ws.php?format=json", "GET /ws.php?format=json&method=pwg.categories.getList"),
            ),
        ),
    ),
    "immich": App(
        source="immich-app/immich, server/src/controllers/asset-media.controller.ts, server/src/utils/file.ts;"
        " the agents from its Android app (USER_AGENT) and from its server's tests of clients' versions",
        public={
            f"/api/assets/{UUID}/thumbnail?size=thumbnail&key=c2hhcmVk": SMALL,
            f"/api/assets/{UUID}/thumbnail?size=preview&key=c2hhcmVk": LARGE,
            f"/api/assets/{UUID}/original?key=c2hhcmVk": FULL,
        },
        owners={
            f"/api/assets/{UUID}/thumbnail?size=thumbnail": SMALL,
            f"/api/assets/{UUID}/thumbnail?size=preview": LARGE,
            f"/api/assets/{UUID}/original": FULL,
        },
        lines=PRIVATE,
        owners_lines=PRIVATE,
        page="/share/c2hhcmVk",
        login=("/auth/login", "/api/auth/login"),
        own=tuple(
            Own(
                agent=agent,
                credential=("x-api-key", "c2VjcmV0"),
                asks=("GET /api/server/ping", "POST /api/assets", "GET /api/timeline/buckets"),
                pictures=(f"/api/assets/{UUID}/thumbnail?size=thumbnail", f"/api/assets/{UUID}/original"),
            )
            for agent in ("Immich_Android_1.123.4", "immich-ios/2.1.0")
        ),
    ),
    "photoprism": App(
        source="photoprism/photoprism, internal/api/thumbs.go, internal/server/routes_webdav.go",
        public={
            "/api/v1/t/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567/public/tile_224": SMALL,
            "/api/v1/t/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567/public/fit_1920": LARGE,
            "/api/v1/albums/ar9k2f3b1c4d5e6f/t/public/tile_500": (500, 500),
            "/api/v1/dl/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567?t=public": FULL,
        },
        owners={"/originals/2026/11/rope.jpg": FULL},
        icon_errors=True,
        page="/s/1jxf3jfn2k/harbour",
        login=("/library/login", "/api/v1/session"),
        own=(
            Own(
                agent="curl/8.5.0",
                credential=BASIC,
                asks=("GET /api/v1/photos?count=60", "PROPFIND /originals/", "PUT /import/rope.jpg"),
            ),
        ),
    ),
    "nextcloud": App(
        source="paths from richdocuments issue 4331; agents as in Nextcloud's own tests of client versions",
        public={
            "/s/9aBcDeFgHiJkLmN/preview": LARGE,
            "/public.php/dav/files/9aBcDeFgHiJkLmN/rope.jpg": FULL,
        },
        lines={"Cache-Control": "private, max-age=86400, immutable"},
        owners={
            "/remote.php/dav/files/jane/Photos/rope.jpg": FULL,
            "/index.php/core/preview?fileId=42&x=1024&y=1024": LARGE,
            "/apps/memories/api/image/preview/42": LARGE,
        },
        owners_lines=ATTACHED,
        page="/s/9aBcDeFgHiJkLmN",
        login=("/index.php/login", "/login/v2"),
        own=tuple(
            Own(
                agent=agent,
                credential=BASIC,
                asks=(
                    "GET /status.php", "PROPFIND /remote.php/dav/files/jane/", "PUT /remote.php/dav/files/jane/a.jpg",
                    "GET /ocs/v2.php/apps/notifications/api/v2/notifications",
                ),
                pictures=(
                    "/remote.php/dav/files/jane/Photos/rope.jpg",
                    "/index.php/core/preview?fileId=42&x=1024&y=1024",
                ),
            )
            for agent in (
                "Mozilla/5.0 (Linux) mirall/3.7.4", "Mozilla/5.0 (Android) Nextcloud-android/3.24.1",
                "Mozilla/5.0 (iOS) Nextcloud-iOS/4.3.0",
            )
        ),
    ),
    "thumbsup": App(
        source="thumbsup/thumbsup, src/model/structure.js",
        public={
            "/media/thumbs/harbour/rope.jpg": (120, 120),
            "/media/small/harbour/rope.jpg": (480, 300),
            "/media/large/harbour/rope.jpg": (1600, 1000),
            "/media/original/harbour/rope.jpg": FULL,
        },
        page="/harbour.html",
        profile="static",
    ),
    "hugo": App(
        source="gohugoio/hugo: pictures beside the page, and its image processing's names for their sizes",
        public={
            "/harbour/rope.jpg": FULL,
            "/harbour/rope_hu3b2c5d7e9f10a1b2c3d4e5f60718293a_214930_600x0_resize_q75_box.jpg": (600, 375),
        },
        page="/harbour/",
        profile="static",
    ),
}  # fmt: skip


@cache
def picture(size: tuple[int, int]) -> bytes:
    """Return a JPEG of this size."""
    return encoded(noise(*size), "JPEG", quality=85)


async def _answer(request: web.Request) -> web.Response:
    app = APPS[request.host.partition(".")[0]]
    known = any(request.headers.get(name) == value for name, value in {one.credential for one in app.own})
    target = request.raw_path
    if target in app.public or (known and target in app.owners):
        size, lines = (
            (app.public[target], app.lines) if target in app.public else (app.owners[target], app.owners_lines)
        )
        kind = "application/octet-stream" if target.endswith("_backup") else "image/jpeg"
        return web.Response(body=picture(size), content_type=kind, headers=lines)
    if target in app.owners:
        return web.json_response({"message": "Authentication required"}, status=401)
    if app.icon_errors and target.startswith("/api/v1/t/"):
        return web.Response(body=b'<svg xmlns="http://www.w3.org/2000/svg"/>', content_type="image/svg+xml")
    if f"{request.method} {target}" in {ask for one in app.own for ask in one.asks}:
        return web.json_response({"ok": known}, status=200 if known else 401)
    if target == app.page or target in app.login:
        return web.Response(text="<!DOCTYPE html><title>Gallery</title>", content_type="text/html")
    raise web.HTTPNotFound


def serving() -> Iterator[str]:
    """Serve all of them, by host name; yield where, and stop when asked for more."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def start() -> tuple[web.AppRunner, int]:
        application = web.Application(client_max_size=1 << 26)
        application.router.add_route("*", "/{path:.*}", _answer)
        runner = web.AppRunner(application)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner, runner.addresses[0][1]

    runner, port = asyncio.run_coroutine_threadsafe(start(), loop).result(30)
    yield f"http://127.0.0.1:{port}"
    asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result(30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(30)
    loop.close()
